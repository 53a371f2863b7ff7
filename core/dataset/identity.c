/* identity.c - what a recipe's pictures depend on besides the contents of files, as canonical JSON. */
#include <jansson.h>
#include <stdlib.h>
#include "dataset/recipe.h"

/* Sets a member; *bad when there was no memory. */
static void put(json_t *object, const char *key, json_t *value, bool *bad)
{
    if (json_object_set_new(object, key, value) != 0)
        *bad = true;
}

/* Paths are left out: their contents count. Real numbers are texts, so that no way of printing them matters. */
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

static json_t *json_of_parts(const il_parts *parts, bool *bad)
{
    json_t *list = json_array();
    for (size_t i = 0; i < parts->count; i++) {
        const il_part *part = &parts->list[i];
        json_t *one = json_object();
        char share[40];
        snprintf(share, sizeof share, "%.17g", part->share);
        put(one, "name", json_string(part->plugin->name), bad);
        put(one, "revision", json_integer(part->plugin->revision), bad);
        put(one, "share", json_string(share), bad);
        put(one, "params", json_of_params(part->params, bad), bad);
        if (json_array_append_new(list, one) != 0)
            *bad = true;
    }
    return list;
}

static char *dump(json_t *all, bool bad)
{
    char *text = bad ? NULL : json_dumps(all, JSON_SORT_KEYS | JSON_COMPACT);
    json_decref(all);
    return text;
}

char *il_recipe_config(const il_recipe *r)
{
    bool bad = false;
    json_t *all = json_object(), *splits = json_object(), *pictures = json_array();
    for (int i = 0; i < IL_SPLITS; i++) {
        char text[40];
        snprintf(text, sizeof text, "%.17g", r->splits[i]);
        put(splits, il_recipe_splits[i], json_string(text), &bad);
    }
    for (int k = 0; k < IL_PICTURE_KINDS; k++)
        if (r->pictures[k] && json_array_append_new(pictures, json_string(il_manifest_kinds[k])) != 0)
            bad = true;
    put(all, "splits", splits, &bad);
    put(all, "pictures", pictures, &bad);
    put(all, "photos", json_of_params(r->photos, &bad), &bad);
    put(all, "plain", json_of_params(r->plain, &bad), &bad);
    put(all, "maskers", json_of_parts(&r->maskers, &bad), &bad);
    put(all, "inpaint", json_of_parts(&r->inpainters, &bad), &bad);
    put(all, "reconstruct", json_of_parts(&r->reconstructors, &bad), &bad);
    return dump(all, bad);
}

char *il_recipe_made_by(const il_recipe *r, size_t inpainter, size_t reconstructor)
{
    bool bad = false;
    json_t *all = json_object();
    if (r->pictures[IL_INPAINTED] || r->pictures[IL_REALFAKE])
        put(all, "inpaint", json_of_params(r->inpainters.list[inpainter].params, &bad), &bad);
    if (r->pictures[IL_FAKEFAKE])
        put(all, "reconstruct", json_of_params(r->reconstructors.list[reconstructor].params, &bad), &bad);
    return dump(all, bad);
}
