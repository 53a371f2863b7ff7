/* on_the_fly.c - samples made while a detector trains: the functions of inpaintlab/recipe.h for data sets. */
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/random.h>
#include "base/array.h"
#include "dataset/make_sample.h"
#include "dataset/photo_info.h"
#include "dataset/photo_info_cache.h"
#include "dataset/photos.h"
#include "dataset/recipe_plugins.h"
#include "dataset/splits.h"

/* ---- which photos ---- */

/* Examines the photos that are not known yet. facts has room for all. */
static int look_at(il_photo_info *facts, const bool *known, const il_recipe *r, const il_photos *photos, il_err *e)
{
    il_thread_pool *pool = NULL;
    il_photo_info *seen = NULL;
    il_photos some = { .list = calloc(photos->count, sizeof *some.list) }; /* whose texts are lent */
    int rc = some.list ? il_thread_pool_open(&pool, 0, e) : il_fail_oom(e);
    for (size_t i = 0; i < photos->count && some.list; i++)
        if (!known[i])
            some.list[some.count++] = photos->list[i];
    if (!rc)
        rc = il_photo_info_read(&seen, r, &some, pool, &(il_observer){ 0 }, e);
    for (size_t i = 0, k = 0; !rc && i < photos->count; i++)
        if (!known[i])
            facts[i] = seen[k++];
    free(seen);
    il_thread_pool_close(pool);
    free(some.list);
    return rc;
}

/* Facts about the photos, as for a build; those cached by an earlier run are not measured again. */
static int know_photos(il_photo_info **out, const il_recipe *r, const char *root, const il_photos *photos, il_err *e)
{
    il_photo_info_cache *looks = NULL;
    il_photo_info *facts = calloc(photos->count, sizeof *facts);
    bool *known = calloc(photos->count, sizeof *known);
    size_t new = 0;
    int rc = facts && known ? il_photo_info_cache_open(&looks, root, e) : il_fail_oom(e);
    for (size_t i = 0; !rc && i < photos->count; i++) {
        known[i] = il_photo_info_cache_find(&facts[i], looks, &photos->list[i]);
        new += !known[i];
        if (known[i])
            rc = il_photo_info_fit(&facts[i], r, photos->list[i].path, e);
    }
    if (!rc && new)
        rc = look_at(facts, known, r, photos, e);
    if (!rc && new)
        il_photo_info_cache_keep(root, photos, facts);
    if (!rc)
        rc = il_photo_info_check(r, facts, photos->count, e);
    il_photo_info_cache_free(looks);
    free(known);
    if (rc)
        il_photo_info_free(facts, photos->count);
    else
        *out = facts;
    return rc;
}

static int by_path(const void *a, const void *b)
{
    const il_prompt *x = a, *y = b;
    return strcmp(x->path, y->path);
}

/* Captions are prompts, as in a build. */
static int keep_prompt(il_recipe *r, const il_photo *photo, il_err *e)
{
    il_prompt *list = il_array_grow(r->prompts, r->nprompts, sizeof *list);
    if (!list)
        return il_fail_oom(e);
    r->prompts = list;
    il_prompt p = { il_text_copy(photo->path), il_text_copy(photo->caption) };
    if (!p.path || !p.text) {
        free(p.path);
        free(p.text);
        return il_fail_oom(e);
    }
    list[r->nprompts++] = p;
    return IL_OK;
}

static const char *prompt_of(const il_recipe *r, const char *path)
{
    il_prompt key = { .path = (char *)path };
    const il_prompt *found = r->nprompts ? bsearch(&key, r->prompts, r->nprompts, sizeof key, by_path) : NULL;
    return found ? found->text : NULL;
}

int il_recipe_scan(il_recipe *r, const char *root, const char *split, il_items *out, il_err *e)
{
    il_photos photos = { 0 };
    il_splits splits = { 0 };
    il_photo_info *facts = NULL;
    il_split wanted = il_split_find(split);
    bool own = !root || !*root; /* else its captions file is for other photos */
    il_photos_opts o = { .root = own ? il_params_text(r->photos, "root") : root,
                         .captions = own ? il_params_text(r->photos, "captions") : NULL,
                         .limit = il_params_int(r->photos, "limit") };
    int rc = wanted != IL_SPLITS
                 ? il_photos_list(&photos, o, e)
                 : il_fail(e, IL_EPARAM, "unknown split '%s'; expected train, validation or test", split);
    if (!rc)
        rc = know_photos(&facts, r, o.root, &photos, e);
    if (!rc)
        rc = il_splits_assign(&splits, r, &photos, facts, e);
    for (size_t i = 0; !rc && i < splits.used; i++) {
        const il_photo *photo = &photos.list[splits.order[i]];
        if (splits.of[splits.order[i]] != (int)wanted)
            continue;
        rc = il_items_add(out, photo->id, photo->path, NULL, e);
        if (!rc && *photo->caption)
            rc = keep_prompt(r, photo, e);
    }
    if (r->nprompts)
        qsort(r->prompts, r->nprompts, sizeof *r->prompts, by_path);
    il_splits_free(&splits);
    il_photo_info_free(facts, photos.count);
    il_photos_free(&photos);
    return rc;
}

/* ---- one sample ---- */

/* The kind of that name, if the recipe makes it; else IL_PICTURE_KINDS. */
static int kind_of(const char *images, const il_recipe *r)
{
    for (int k = 0; k < IL_PICTURE_KINDS; k++)
        if (k != IL_MASK && strcmp(images, il_picture_kinds[k]) == 0 && r->makes[k])
            return k;
    return IL_PICTURE_KINDS;
}

bool il_recipe_makes(const il_recipe *r, const char *images)
{
    return kind_of(images, r) != IL_PICTURE_KINDS;
}

static int fit_any(il_image *out, const il_recipe *r, const char *path, uint64_t seed, il_err *e)
{
    il_image photo = { 0 };
    int rc = il_image_read(&photo, path, e);
    int tiles = rc ? 0 : il_make_sample_tiles(r, photo.width, photo.height);
    if (!rc && !tiles)
        rc = il_fail(e, IL_EDATA, "%s: %dx%d pixels are too small for a tile of %d", path, photo.width, photo.height,
                     r->size);
    if (!rc)
        rc = il_make_sample_fit(out, r, &photo, (int)(il_random_seed(seed, "tile") % (uint64_t)tiles), e);
    il_image_free(&photo);
    return rc;
}

static size_t draw(const il_recipe_plugins *parts, uint64_t seed, const char *what)
{
    uint64_t state = il_random_seed(seed, what);
    return il_recipe_plugins_at(parts, il_random_unit(&state));
}

/* Makes only what `kind` needs. The recipe's lock is held. */
static int paint(il_made_sample *m, const il_recipe *r, int kind, il_err *e)
{
    bool wanted[IL_PICTURE_KINDS] = { false };
    wanted[kind] = true;
    il_made_sample *list[] = { m };
    return il_make_sample_paint(list, 1, r, wanted, r->device, e);
}

int il_recipe_fake(il_recipe *r, const char *images, const char *photo, uint64_t seed, il_image *picture,
                   il_image *mask, il_err *e)
{
    il_made_sample m = { .seed = seed, .prompt = prompt_of(r, photo) };
    int kind = kind_of(images, r);
    int rc = kind == IL_PICTURE_KINDS ? il_fail(e, IL_EDATA, "%s: does not make '%s' images", r->path, images)
                                      : fit_any(&m.pictures[IL_ORIGINAL], r, photo, seed, e);
    if (!rc && kind != IL_ORIGINAL) {
        m.masker = draw(&r->maskers, seed, "masker");
        m.inpainter = draw(&r->inpainters, seed, "inpaint");
        m.reconstructor = il_recipe_has_one_generator(r) ? m.inpainter : draw(&r->reconstructors, seed, "reconstruct");
        pthread_mutex_lock(&r->lock);
        rc = il_picture_kind_masked((il_picture_kind)kind) ? il_make_sample_mask(&m, r, e) : IL_OK;
        if (!rc)
            rc = paint(&m, r, kind, e);
        pthread_mutex_unlock(&r->lock);
        if (rc)
            il_fail_in(e, "%s", photo);
    }
    if (!rc) {
        *picture = m.pictures[kind];
        *mask = m.blurred;
        m.pictures[kind] = m.blurred = (il_image){ 0 };
    }
    il_made_sample_clear(&m);
    return rc;
}
