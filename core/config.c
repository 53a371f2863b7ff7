/* config.c - a run's configuration as JSON. */
#include <jansson.h>
#include <stdlib.h>
#include "config.h"

/* Sets a member; *bad when there was no memory. */
static void put(json_t *object, const char *key, json_t *value, bool *bad)
{
    if (json_object_set_new(object, key, value) != 0)
        *bad = true;
}

/* Paths are left out: their contents count. */
static json_t *json_of_params(const il_params *p, bool *bad)
{
    json_t *all = json_object();
    for (const il_param_spec *s = il_params_specs(p); s->name; s++) {
        if (s->type == IL_BOOL)
            put(all, s->name, json_boolean(il_params_bool(p, s->name)), bad);
        else if (s->type == IL_INT)
            put(all, s->name, json_integer(il_params_int(p, s->name)), bad);
        else if (s->type != IL_PATH)
            put(all, s->name, json_string(il_params_canonical(p, s->name)), bad);
    }
    return all;
}

static json_t *json_of_choice(const il_choice *c, bool *bad)
{
    json_t *choice = json_object();
    put(choice, "name", json_string(c->plugin->name), bad);
    put(choice, "revision", json_integer(c->plugin->revision), bad);
    put(choice, "params", json_of_params(c->params, bad), bad);
    return choice;
}

static json_t *json_of_training(const il_params *p, const il_training *t, bool *bad)
{
    json_t *train = json_of_params(p, bad), *skip = json_array();
    for (char **s = t->skip; s && *s; s++) {
        if (json_array_append_new(skip, json_string(*s)) != 0)
            *bad = true;
    }
    put(train, "skip", skip, bad);
    put(train, "weights", json_boolean(t->weights != NULL), bad);
    return train;
}

int il_config_write(char **out, const il_run *run, const il_params *train, il_err *e)
{
    bool bad = false;
    json_t *all = json_object();
    put(all, "dataset", json_of_choice(&run->dataset, &bad), &bad);
    put(all, "loss", json_of_choice(&run->loss, &bad), &bad);
    put(all, "mask_policy", json_of_choice(&run->mask_policy, &bad), &bad);
    put(all, "missing", json_string(run->missing == IL_MISSING_SKIP ? "skip" : "refuse"), &bad);
    put(all, "model", json_of_choice(&run->model, &bad), &bad);
    put(all, "seed", json_integer((json_int_t)run->seed), &bad);
    put(all, "train", json_of_training(train, &run->training, &bad), &bad);
    char *text = bad ? NULL : json_dumps(all, JSON_SORT_KEYS | JSON_COMPACT);
    json_decref(all);
    if (!text)
        return il_fail_oom(e);
    *out = text;
    return IL_OK;
}
