/* recipe.c - a recipe file -> photos, splits, maskers, generators, checked. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/dependencies.h"
#include "base/suggest.h"
#include "base/text.h"
#include "base/utf8.h"
#include "dataset/recipe.h"
#include "dataset/recipe_plugins.h"
#include "plugin/descriptor.h"
#include "plugin/instance.h"

#define EXACT 9007199254740992.0 /* 2^53 */

const il_param_spec il_recipe_photo_keys[] = {
    { "root", IL_PARAM_PATH, NULL, 0, 0, NULL, "folder of photos (JPEG, PNG, WebP), searched with all its folders" },
    { "captions", IL_PARAM_PATH, "", 0, 0, NULL,
      "COCO captions file; empty: PHOTO.json or PHOTO.txt beside each photo, if any" },
    { "size", IL_PARAM_INT, "512", 64, 4096, NULL, "side of the samples in pixels" },
    { "fit", IL_PARAM_TEXT, "resize", 0, 0, "resize|crop|tiles",
      "resize: resize both sides to size; crop: resize the largest centred square; tiles: cut into all whole "
      "squares of that size" },
    { "order", IL_PARAM_TEXT, "shuffled", 0, 0, "shuffled|name",
      "order in which photos fill train, validation and test" },
    { "unusable", IL_PARAM_TEXT, "refuse", 0, 0, "refuse|skip",
      "photos that cannot be read or are too small for a tile: "
      "refuse the recipe, or skip them" },
    { "limit", IL_PARAM_INT, "0", 0, EXACT, NULL, "use only the first photos by name; 0: all" },
    { 0 },
};

const il_param_spec il_recipe_plain_keys[] = {
    { "seed", IL_PARAM_INT, "1", 0, EXACT, NULL, "seed of order, masks and noise" },
    { "batch", IL_PARAM_INT, "1", 1, 256, NULL,
      "samples that a generator processes at once; may change the lowest bits" },
    { "blur", IL_PARAM_REAL, "3", 0, 100, NULL, "radius of the mask's Gaussian blur" },
    { "format", IL_PARAM_TEXT, "webp", 0, 0, "webp|png", "format of the images, lossless" },
    { 0 },
};

static const char *const keys[] = { "recipe",     "title",    "photos", "splits", "maskers", "inpaint", "reconstruct",
                                    "generators", "pictures", "seed",   "batch",  "blur",    "format",  NULL };

void il_recipe_free(il_recipe *r)
{
    if (!r)
        return;
    il_recipe_plugins_free(&r->maskers);
    il_recipe_plugins_free(&r->inpainters);
    il_recipe_plugins_free(&r->reconstructors);
    for (size_t i = 0; i < r->nprompts; i++) {
        free(r->prompts[i].path);
        free(r->prompts[i].text);
    }
    free(r->prompts);
    il_params_free(r->photos);
    il_params_free(r->plain);
    il_registry_free(r->registry);
    pthread_mutex_destroy(&r->lock);
    free(r->name);
    free(r->title);
    free(r->path);
    free(r->source);
    free(r);
}

/* ---- reading ---- */

static int check_keys(const il_yaml *y, il_err *e)
{
    const il_node *root = il_yaml_root(y);
    if (root->kind != IL_NODE_MAP)
        return il_yaml_fail(y, root, e, IL_EPARAM, "expected a mapping with the keys 'recipe', 'photos' and 'splits'");
    for (size_t i = 0; i < root->count; i++) {
        bool known = false;
        for (size_t k = 0; keys[k]; k++)
            known = known || strcmp(keys[k], root->keys[i]->text) == 0;
        if (!known)
            return il_yaml_fail(y, root->keys[i], e, IL_EPARAM, "%s", il_suggest_key(root->keys[i]->text, keys).text);
    }
    return IL_OK;
}

/* A required mapping. */
static int need_map(const il_node **out, const il_yaml *y, const char *key, il_err *e)
{
    const il_node *n = il_yaml_get(il_yaml_root(y), key);
    if (!n)
        return il_yaml_fail(y, il_yaml_root(y), e, IL_EPARAM, "'%s' is missing", key);
    if (n->kind != IL_NODE_MAP)
        return il_yaml_fail(y, n, e, IL_EPARAM, "'%s' must be a mapping", key);
    *out = n;
    return IL_OK;
}

static int read_name(il_recipe *r, const il_yaml *y, il_err *e)
{
    const il_node *root = il_yaml_root(y), *n = il_yaml_get(root, "recipe"), *title = il_yaml_get(root, "title");
    if (!n)
        return il_yaml_fail(y, root, e, IL_EPARAM, "'recipe' is missing");
    if (n->kind != IL_NODE_SCALAR || !*n->text || strlen(n->text) > 64 ||
        n->text[strspn(n->text, "abcdefghijklmnopqrstuvwxyz0123456789-_")])
        return il_yaml_fail(y, n, e, IL_EPARAM,
                            "'recipe' must be an identifier of up to 64 lower-case letters, digits, '-' and '_'");
    if (title && (title->kind != IL_NODE_SCALAR || !il_utf8_is_line(title->text)))
        return il_yaml_fail(y, title, e, IL_EPARAM, "'title' must be one line of text");
    r->name = il_text_copy(n->text);
    r->title = il_text_copy(title ? title->text : n->text);
    r->path = il_text_copy(il_yaml_name(y));
    r->source = il_text_copy(il_yaml_text(y));
    return r->name && r->title && r->path && r->source ? IL_OK : il_fail_oom(e);
}

static int read_photos(il_recipe *r, const il_yaml *y, il_err *e)
{
    const il_node *map = NULL;
    int rc = need_map(&map, y, "photos", e);
    if (!rc)
        rc = il_recipe_plugins_table(&r->photos, il_recipe_photo_keys, y, map, NULL, e);
    if (rc)
        return rc;
    const char *fit = il_params_text(r->photos, "fit");
    r->fit = strcmp(fit, "tiles") == 0 ? IL_FIT_TILES : strcmp(fit, "crop") == 0 ? IL_FIT_CROP : IL_FIT_RESIZE;
    r->size = (int)il_params_int(r->photos, "size");
    return IL_OK;
}

/* All whole numbers, or all shares that sum to at most 1. */
static int check_splits(const il_recipe *r, const il_yaml *y, const il_node *map, il_err *e)
{
    double sum = 0, most = 0;
    bool whole = true;
    for (int i = 0; i < IL_SPLITS; i++) {
        sum += r->splits[i];
        most = fmax(most, r->splits[i]);
        whole = whole && r->splits[i] == floor(r->splits[i]);
    }
    if (most == 0)
        return il_yaml_fail(y, map, e, IL_EPARAM, "'splits': all are 0; expected at least one above 0");
    if (most <= 1 && sum > 1 + 1e-9 && !whole)
        return il_yaml_fail(y, map, e, IL_EPARAM, "'splits': the shares sum to %g; expected at most 1", sum);
    if (most > 1 && !whole)
        return il_yaml_fail(y, map, e, IL_EPARAM,
                            "'splits': expected whole numbers of photos, or shares of at most 1 each");
    return IL_OK;
}

static int read_splits(il_recipe *r, const il_yaml *y, il_err *e)
{
    static const il_param_spec specs[] = {
        { "train", IL_PARAM_REAL, "0", 0, EXACT, NULL, "number of photos, or their share" },
        { "validation", IL_PARAM_REAL, "0", 0, EXACT, NULL, "number of photos, or their share" },
        { "test", IL_PARAM_REAL, "0", 0, EXACT, NULL, "number of photos, or their share" },
        { 0 },
    };
    const il_node *map = NULL;
    il_params *p = NULL;
    int rc = need_map(&map, y, "splits", e);
    if (!rc)
        rc = il_recipe_plugins_table(&p, specs, y, map, NULL, e);
    for (int i = 0; !rc && i < IL_SPLITS; i++)
        r->splits[i] = il_params_real(p, il_split_names[i]);
    il_params_free(p);
    return rc ? rc : check_splits(r, y, map, e);
}

static int read_plain(il_recipe *r, const il_yaml *y, il_err *e)
{
    static const char *const others[] = { "recipe",  "title",       "photos",     "splits",   "maskers",
                                          "inpaint", "reconstruct", "generators", "pictures", NULL };
    return il_recipe_plugins_table(&r->plain, il_recipe_plain_keys, y, il_yaml_root(y), others, e);
}

static int read_pictures(il_recipe *r, const il_yaml *y, il_err *e)
{
    const il_node *list = il_yaml_get(il_yaml_root(y), "pictures");
    for (int k = 0; k < IL_PICTURE_KINDS; k++)
        r->pictures[k] = !list;
    if (!list)
        return IL_OK;
    if (list->kind != IL_NODE_LIST || !list->count)
        return il_yaml_fail(y, list, e, IL_EPARAM, "'pictures' must be a list of image kinds");
    for (size_t i = 0; i < list->count; i++) {
        const il_node *n = list->items[i];
        int kind = 0;
        while (kind < IL_PICTURE_KINDS && (n->kind != IL_NODE_SCALAR || strcmp(n->text, il_picture_kinds[kind]) != 0))
            kind++;
        if (kind == IL_PICTURE_KINDS)
            return il_yaml_fail(y, n, e, IL_EPARAM,
                                "'pictures': expected original, mask, inpainted, realfake or fakefake");
        r->pictures[kind] = true;
    }
    return IL_OK;
}

/* ---- dependencies ---- */

static int check_part(const il_recipe *r, const il_recipe_plugin *p, bool paints, const il_yaml *y, const il_node *at,
                      il_err *e)
{
    const il_generator_ops *ops = p->plugin->generator;
    if (paints ? !ops->inpaint : !ops->reconstruct)
        return il_yaml_fail(y, at, e, IL_EPARAM, "generator '%s' cannot %s", p->plugin->name,
                            paints ? "inpaint" : "reconstruct");
    if (r->size % ops->multiple)
        return il_yaml_fail(y, at, e, IL_EPARAM,
                            "generator '%s' needs sides that are multiples of %d; 'photos.size' "
                            "is %d",
                            p->plugin->name, ops->multiple, r->size);
    return IL_OK;
}

/* Where each of the two lists stands: `generators` are both, or only reconstruct when not all of them can paint. NULL: nowhere. */
struct places {
    const il_node *inpaint, *reconstruct;
};

static int check_parts(il_recipe *r, const il_yaml *y, struct places at, il_err *e)
{
    bool paints = r->pictures[IL_INPAINTED] || r->pictures[IL_REALFAKE];
    bool given = il_yaml_get(il_yaml_root(y), "pictures");
    int rc = IL_OK;
    if (!given && !at.inpaint)
        r->pictures[IL_INPAINTED] = r->pictures[IL_REALFAKE] = paints = false;
    if (!at.inpaint && !at.reconstruct)
        return il_yaml_fail(y, il_yaml_root(y), e, IL_EPARAM,
                            "'inpaint', 'reconstruct' or 'generators' must name a generator");
    if (paints && !at.inpaint)
        return il_yaml_fail(
            y, il_yaml_root(y), e, IL_EPARAM,
            "'pictures' includes inpainted or realfake, but 'inpaint' is missing, and not all 'generators' can "
            "inpaint");
    for (size_t i = 0; !rc && i < r->inpainters.count; i++)
        rc = check_part(r, &r->inpainters.list[i], true, y, at.inpaint, e);
    for (size_t i = 0; !rc && r->pictures[IL_FAKEFAKE] && i < r->reconstructors.count; i++)
        rc = check_part(r, &r->reconstructors.list[i], false, y, at.reconstruct ? at.reconstruct : at.inpaint, e);
    return rc;
}

static int read_generators(il_recipe *r, struct places *at, const il_yaml *y, const il_node *list, il_err *e)
{
    il_recipe_plugins all = { 0 };
    bool paint = true;
    if (at->inpaint || at->reconstruct)
        return il_yaml_fail(y, list, e, IL_EPARAM,
                            "'generators' stands for 'inpaint' and 'reconstruct', which are given too");
    int rc = il_recipe_plugins_read(&all, r->registry, IL_KIND_GENERATOR, y, list, e);
    for (size_t i = 0; i < all.count; i++)
        paint = paint && all.list[i].plugin->generator->inpaint;
    *(paint ? &r->inpainters : &r->reconstructors) = all;
    *(paint ? &at->inpaint : &at->reconstruct) = list;
    return rc;
}

static int read_parts(il_recipe *r, const il_yaml *y, il_err *e)
{
    const il_node *root = il_yaml_root(y), *maskers = il_yaml_get(root, "maskers"),
                  *all = il_yaml_get(root, "generators");
    struct places at = { il_yaml_get(root, "inpaint"), il_yaml_get(root, "reconstruct") };
    il_err why = { 0 };
    if (!maskers)
        return il_yaml_fail(y, root, e, IL_EPARAM, "'maskers' is missing");
    int rc = il_registry_open(&r->registry, &why);
    if (rc)
        return il_fail(e, rc, "%s", why.message);
    rc = il_recipe_plugins_read(&r->maskers, r->registry, IL_KIND_MASKER, y, maskers, e);
    if (!rc && all)
        rc = read_generators(r, &at, y, all, e);
    else if (!rc)
        rc = il_recipe_plugins_read(&r->inpainters, r->registry, IL_KIND_GENERATOR, y, at.inpaint, e);
    if (!rc && at.reconstruct && !all)
        rc = il_recipe_plugins_read(&r->reconstructors, r->registry, IL_KIND_GENERATOR, y, at.reconstruct, e);
    else if (!rc && !at.reconstruct) /* the inpainting pipeline's own autoencoder */
        rc = il_recipe_plugins_lend(&r->reconstructors, &r->inpainters, e);
    return rc ? rc : check_parts(r, y, at, e);
}

int il_recipe_open(il_recipe **out, const char *path, il_err *e)
{
    il_yaml *y = NULL;
    il_recipe *r = calloc(1, sizeof *r);
    if (!r)
        return il_fail_oom(e);
    pthread_mutex_init(&r->lock, NULL); /* cannot fail with default attributes */
    int rc = il_yaml_read(&y, path, e);
    if (rc || (rc = check_keys(y, e)) || (rc = read_name(r, y, e)) || (rc = read_photos(r, y, e)) ||
        (rc = read_splits(r, y, e)) || (rc = read_plain(r, y, e)) || (rc = read_pictures(r, y, e)) ||
        (rc = read_parts(r, y, e)))
        goto done;
    *out = r;
    r = NULL;

done:
    il_yaml_free(y);
    il_recipe_free(r);
    return rc;
}

/* ---- files and weights ---- */

static int add_uses(il_uses *out, const il_recipe_plugins *parts, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; !rc && i < parts->count; i++) {
        if (parts->list[i].lent)
            continue;
        il_uses u = { 0 };
        rc = il_uses_of(&u, parts->list[i].plugin, parts->list[i].self, parts->list[i].params, e);
        for (size_t k = 0; !rc && k < u.count; k++)
            rc = il_uses_add(out, u.paths[k], e);
        if (!rc && u.notes.size)
            rc = il_uses_note(out, u.notes.data, e);
        il_uses_clear(&u);
    }
    return rc;
}

int il_recipe_uses(const il_recipe *r, il_uses *out, il_err *e)
{
    char *config = il_recipe_config(r); /* revisions of the plugins */
    int rc = config ? il_uses_note(out, config, e) : il_fail_oom(e);
    free(config);
    if (!rc)
        rc = il_uses_add(out, r->path, e);
    for (size_t i = 0; i < r->nprompts && !rc; i++)
        rc = il_uses_note(out, r->prompts[i].text, e);
    if (!rc)
        rc = add_uses(out, &r->maskers, e);
    if (!rc)
        rc = add_uses(out, &r->inpainters, e);
    if (!rc)
        rc = add_uses(out, &r->reconstructors, e);
    return rc;
}

static int load_parts(il_recipe_plugins *parts, il_device device, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; !rc && i < parts->count; i++) {
        const il_plugin *plugin = parts->list[i].plugin;
        if (plugin->load && (rc = plugin->load(parts->list[i].self, device, e)) != IL_OK)
            il_fail_in(e, "%s '%s'", il_descriptor_kind(plugin->kind), plugin->name);
    }
    return rc;
}

int il_recipe_load(il_recipe *r, il_device device, il_err *e)
{
    bool paints = r->pictures[IL_INPAINTED] || r->pictures[IL_REALFAKE];
    bool lent = r->reconstructors.count && r->reconstructors.list[0].lent;
    r->device = device;
    int rc = load_parts(&r->maskers, device, e);
    if (!rc && paints)
        rc = load_parts(&r->inpainters, device, e);
    if (!rc && r->pictures[IL_FAKEFAKE] && !(paints && lent))
        rc = load_parts(&r->reconstructors, device, e);
    return rc;
}
