/* run_config.c - a run's configuration as JSON. */
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/params.h"
#include "base/params_json.h"
#include "image/mask_file.h"
#include "plan/run_config.h"

static const char *const ignored[] = { "recompute", "cuda_graph", "keep" };

bool il_run_config_ignores(const char *setting)
{
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) {
        if (strcmp(ignored[i], setting) == 0)
            return true;
    }
    return false;
}

/* Settings of plugins that did not exist when earlier runs were made: left out at their defaults. */
static const struct {
    const char *plugin, *setting, *fallback;
} later[] = {
    { "torchscript", "output", "" },           { "torchscript", "channel", "-1" }, { "torchscript", "resize", "false" },
    { "torchscript", "probability", "false" }, { "torchscript", "mean", "" },      { "torchscript", "std", "" },
};

/* Plugins whose results changed, but for two values of a setting: runs with these keep their identity. */
static const struct {
    il_kind kind;
    const char *plugin, *setting, *same[2];
    int revision; /* with any other value */
} revised[] = {
    { IL_KIND_LOSS, "focal", "gamma", { "0", "2" }, 2 }, /* powers have the same bits on all devices */
};

static int revision_of(const il_choice *c)
{
    int revision = c->plugin->revision;
    for (size_t i = 0; i < sizeof revised / sizeof *revised; i++) {
        if (c->plugin->kind != revised[i].kind || strcmp(c->plugin->name, revised[i].plugin) != 0 ||
            !il_params_find(il_params_specs(c->params), revised[i].setting))
            continue;
        const char *value = il_params_canonical(c->params, revised[i].setting);
        bool same = strcmp(value, revised[i].same[0]) == 0 || strcmp(value, revised[i].same[1]) == 0;
        if (!same && revision < revised[i].revision)
            revision = revised[i].revision;
    }
    return revision;
}

static json_t *json_of_params(const il_choice *c, bool *bad)
{
    json_t *params = il_params_json(c->params, bad);
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        if (c->plugin->kind == IL_KIND_MODEL && strcmp(c->plugin->name, later[i].plugin) == 0 &&
            strcmp(il_params_canonical(c->params, later[i].setting), later[i].fallback) == 0)
            json_object_del(params, later[i].setting);
    return params;
}

static json_t *json_of_choice(const il_choice *c, bool *bad)
{
    json_t *choice = json_object();
    il_params_json_put(choice, "name", json_string(c->plugin->name), bad);
    il_params_json_put(choice, "revision", json_integer(revision_of(c)), bad);
    il_params_json_put(choice, "params", json_of_params(c, bad), bad);
    return choice;
}

/* Without the default of a setting that did not exist when earlier runs were made. */
static json_t *json_of_dataset(const il_choice *c, bool *bad)
{
    json_t *choice = json_of_choice(c, bad), *params = json_object_get(choice, "params");
    const char *channel = json_string_value(json_object_get(params, IL_MASK_CHANNEL));
    if (channel && il_mask_channel_of(channel) == IL_MASK_AUTO)
        json_object_del(params, IL_MASK_CHANNEL);
    return choice;
}

static json_t *json_of_validation(const il_set *set, bool *bad)
{
    json_t *o = json_object();
    il_params_json_put(o, "dataset", json_of_dataset(&set->dataset, bad), bad);
    il_params_json_put(o, "images", json_string(set->images), bad);
    il_params_json_put(o, "split", json_string(set->split), bad);
    return o;
}

static json_t *json_of_list(char *const *list, bool *bad)
{
    json_t *all = json_array();
    for (; list && *list; list++)
        if (json_array_append_new(all, json_string(*list)) != 0)
            *bad = true;
    return all;
}

/* A list, since the order matters and an object's is not kept. */
static json_t *json_of_factors(const il_training *t, bool *bad)
{
    json_t *all = json_array();
    for (size_t i = 0; i < t->nlr_of; i++)
        if (json_array_append_new(
                all, json_pack("[s, s]", t->lr_of[i].pattern, il_params_real_text(t->lr_of[i].factor).text)) != 0)
            *bad = true;
    return all;
}

static json_t *json_of_training(const il_params *p, const il_training *t, bool *bad)
{
    json_t *train = il_params_json(p, bad);
    /* settings without effect on results, and defaults of settings that did not exist when earlier runs were made */
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        json_object_del(train, ignored[i]);
    if (t->precision == IL_PRECISION_FP32)
        json_object_del(train, "precision");
    if (t->accumulate == 1)
        json_object_del(train, "accumulate");
    if (t->schedule == IL_SCHEDULE_CONSTANT)
        json_object_del(train, "schedule");
    if (t->warmup == 0)
        json_object_del(train, "warmup");
    if (!t->decoupled)
        json_object_del(train, "optimizer");
    if (t->monitor == IL_MONITOR_LOSS)
        json_object_del(train, "monitor");
    if (t->clip == 0)
        json_object_del(train, "clip");
    if (t->freeze)
        il_params_json_put(train, "freeze", json_of_list(t->freeze, bad), bad);
    if (t->nlr_of)
        il_params_json_put(train, "lr_of", json_of_factors(t, bad), bad);
    il_params_json_put(train, "skip", json_of_list(t->skip, bad), bad);
    il_params_json_put(train, "weights", json_boolean(t->weights != NULL), bad);
    return train;
}

/* What is trained on what, by which loss. */
static void add_training(json_t *all, const il_run *run, const il_params *train, bool *bad)
{
    il_params_json_put(all, "dataset", json_of_dataset(&run->dataset, bad), bad);
    il_params_json_put(all, "loss", json_of_choice(&run->loss, bad), bad);
    il_params_json_put(all, "seed", json_integer((json_int_t)run->seed), bad);
    il_params_json_put(all, "train", json_of_training(train, &run->training, bad), bad);
    if (run->validation_share > 0)
        il_params_json_put(all, "validation", json_real(run->validation_share), bad);
    else if (run->validation.dataset.plugin)
        il_params_json_put(all, "validation", json_of_validation(&run->validation, bad), bad);
}

int il_run_config_write(char **out, const il_run *run, const il_params *train, int engine, il_err *e)
{
    bool bad = false;
    json_t *all = json_object();
    if (engine != 1)
        il_params_json_put(all, "engine", json_integer(engine), &bad);
    il_params_json_put(all, "mask_policy", json_of_choice(&run->mask_policy, &bad), &bad);
    il_params_json_put(all, "missing", json_string(run->missing == IL_MISSING_SKIP ? "skip" : "refuse"), &bad);
    il_params_json_put(all, "model", json_of_choice(&run->model, &bad), &bad);
    if (run->test_only)
        il_params_json_put(all, "train", json_string("none"), &bad);
    else
        add_training(all, run, train, &bad);
    char *text = bad ? NULL : il_json_text(all, JSON_SORT_KEYS | JSON_COMPACT);
    json_decref(all);
    if (!text)
        return il_fail_oom(e);
    *out = text;
    return IL_OK;
}
