/* mixture_list.c - reads `train: {on: [inpainted, {images: reconstructed, truth: nothing}]}`. */
#include <stdlib.h>
#include <string.h>
#include "base/suggest.h"
#include "plan/mixture.h"
#include "plan/mixture_list.h"

/* Where a list is written. */
struct place {
    const il_yaml *from;
    bool placed;
};

static int fail(const struct place *p, const il_node *at, il_err *e, const char *what)
{
    return il_yaml_fail(p->from, p->placed ? at : NULL, e, IL_EPARAM, "train.on: %s", what);
}

static int set(il_params *to, const struct place *p, const il_node *key, const il_node *value, il_err *e)
{
    static const char *const names[] = { "images", "truth", "share", NULL };
    il_err why = { 0 };
    bool known = false;
    for (size_t i = 0; names[i]; i++)
        known = known || strcmp(names[i], key->text) == 0;
    if (!known)
        return fail(p, key, e, il_suggest_key(key->text, names).text);
    if (value->kind != IL_NODE_SCALAR || (value->quoted && strcmp(key->text, "share") == 0))
        return fail(p, value, e, "images and truth must be words, share a number");
    if (strcmp(key->text, "images") == 0 && (!*value->text || strpbrk(value->text, "+:")))
        return fail(p, value, e, "images must be one image kind");
    int rc = il_params_set(to, key->text, value->text, &why);
    return rc == IL_ENOMEM ? il_fail_oom(e) : rc ? fail(p, value, e, why.message) : IL_OK;
}

static int add_map(il_text *out, const struct place *p, const il_node *map, il_err *e)
{
    il_params *settings = NULL;
    il_ingredient one = { 0 };
    int rc = il_params_new(&settings, il_mixture_keys, e);
    for (size_t i = 0; !rc && i < map->count; i++)
        rc = set(settings, p, map->keys[i], map->items[i], e);
    if (!rc && !il_yaml_get(map, "images"))
        rc = fail(p, map, e, "'images' is missing");
    if (!rc)
        rc = il_mixture_take(&one, settings, e);
    if (!rc)
        il_mixture_write(out, &one);
    free(one.images);
    il_params_free(settings);
    return rc;
}

int il_mixture_join(il_text *out, const il_yaml *from, const il_node *list, bool placed, il_err *e)
{
    const struct place p = { from, placed };
    int rc = list->count ? IL_OK : fail(&p, list, e, "the list of image kinds is empty");
    for (size_t i = 0; !rc && i < list->count; i++) {
        const il_node *item = list->items[i];
        if (item->kind == IL_NODE_MAP)
            rc = add_map(out, &p, item, e);
        else if (item->kind == IL_NODE_SCALAR && *item->text)
            il_text_add(out, "%s%s", out->size ? "+" : "", item->text);
        else
            rc = fail(&p, item, e, "expected an image kind, or a mapping of images, truth and share");
    }
    return !rc && out->failed ? il_fail_oom(e) : rc;
}
