/* recipe_json.c - what a recipe's images depend on besides the contents of files, as canonical JSON. */
#include <stdlib.h>
#include "base/json.h"
#include "base/params_json.h"
#include "dataset/recipe.h"

static json_t *json_of_parts(const il_recipe_plugins *parts, bool *bad)
{
    json_t *list = json_array();
    for (size_t i = 0; i < parts->count; i++) {
        const il_recipe_plugin *part = &parts->list[i];
        json_t *one = json_object();
        char share[40];
        snprintf(share, sizeof share, "%.17g", part->share);
        il_params_json_put(one, "name", json_string(part->plugin->name), bad);
        if (part->as)
            il_params_json_put(one, "as", json_string(part->as), bad);
        il_params_json_put(one, "revision", json_integer(part->plugin->revision), bad);
        il_params_json_put(one, "share", json_string(share), bad);
        il_params_json_put(one, "params", il_params_json(part->params, bad), bad);
        if (json_array_append_new(list, one) != 0)
            *bad = true;
    }
    return list;
}

static char *dump(json_t *all, bool bad)
{
    char *text = bad ? NULL : il_json_text(all, JSON_SORT_KEYS | JSON_COMPACT);
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
        il_params_json_put(splits, il_split_names[i], json_string(text), &bad);
    }
    for (int k = 0; k < IL_PICTURE_KINDS; k++)
        if (r->pictures[k] && json_array_append_new(pictures, json_string(il_picture_kinds[k])) != 0)
            bad = true;
    il_params_json_put(all, "splits", splits, &bad);
    il_params_json_put(all, "pictures", pictures, &bad);
    il_params_json_put(all, "photos", il_params_json(r->photos, &bad), &bad);
    il_params_json_put(all, "plain", il_params_json(r->plain, &bad), &bad);
    il_params_json_put(all, "maskers", json_of_parts(&r->maskers, &bad), &bad);
    il_params_json_put(all, "inpaint", json_of_parts(&r->inpainters, &bad), &bad);
    il_params_json_put(all, "reconstruct", json_of_parts(&r->reconstructors, &bad), &bad);
    if (il_recipe_has_one_generator(r) && r->inpainters.count > 1) /* before, each role drew its own */
        il_params_json_put(all, "one_generator", json_true(), &bad);
    return dump(all, bad);
}

char *il_recipe_made_by(const il_recipe *r, size_t inpainter, size_t reconstructor)
{
    bool bad = false;
    json_t *all = json_object();
    if (il_recipe_paints(r->pictures))
        il_params_json_put(all, "inpaint", il_params_json(r->inpainters.list[inpainter].params, &bad), &bad);
    if (il_recipe_reconstructs(r->pictures))
        il_params_json_put(all, "reconstruct", il_params_json(r->reconstructors.list[reconstructor].params, &bad),
                           &bad);
    return dump(all, bad);
}
