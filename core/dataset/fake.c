/* fake.c - samples made while a detector trains: what inpaintlab/recipe.h offers to data sets. */
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/random.h>
#include "dataset/maker.h"
#include "dataset/parts.h"
#include "dataset/photos.h"
#include "dataset/splits.h"

static int split_of(const char *name, il_err *e)
{
    for (int i = 0; i < IL_SPLITS; i++)
        if (strcmp(name, il_recipe_splits[i]) == 0)
            return i;
    return il_fail(e, IL_EPARAM, "split '%s' is unknown; expected train, validation or test", name);
}

int il_recipe_scan(const il_recipe *r, const char *root, const char *split, il_items *out, il_err *e)
{
    il_photos photos = { 0 };
    il_splits splits = { 0 };
    int wanted = split_of(split, e);
    il_photos_opts o = { .root = root && *root ? root : il_params_text(r->photos, "root"), .no_captions = true,
                         .limit = il_params_int(r->photos, "limit") };
    int rc = wanted < 0 ? wanted : il_photos_list(&photos, o, e);
    if (!rc)
        rc = il_splits_assign(&splits, r, &photos, NULL, e);
    for (size_t i = 0; !rc && i < splits.used; i++) {
        const il_photo *photo = &photos.list[splits.order[i]];
        if (splits.of[splits.order[i]] == wanted)
            rc = il_items_add(out, photo->id, photo->path, NULL, e);
    }
    il_splits_free(&splits);
    il_photos_free(&photos);
    return rc;
}

/* The kind called so that the recipe can make; IL_PICTURE_KINDS: none. */
static int kind_of(const char *images, const il_recipe *r)
{
    for (int k = 0; k < IL_PICTURE_KINDS; k++)
        if (k != IL_MASK && strcmp(images, il_manifest_kinds[k]) == 0 && (k == IL_ORIGINAL || r->pictures[k]))
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
    int tiles = rc ? 0 : il_maker_tiles(r, photo.width, photo.height);
    if (!rc && !tiles)
        rc = il_fail(e, IL_EDATA, "%s: %dx%d pixels hold no tile of %d", path, photo.width, photo.height, r->size);
    if (!rc)
        rc = il_maker_fit(out, r, &photo, (int)(il_random_seed(seed, "tile") % (uint64_t)tiles), e);
    il_image_free(&photo);
    return rc;
}

static size_t draw(const il_parts *parts, uint64_t seed, const char *what)
{
    uint64_t state = il_random_seed(seed, what);
    return il_parts_at(parts, il_random_unit(&state));
}

/* Only what `kind` takes. The recipe's lock is held. */
static int paint(il_making *m, il_recipe *r, int kind, il_err *e)
{
    bool wanted[IL_PICTURE_KINDS];
    memcpy(wanted, r->pictures, sizeof wanted);
    for (int k = IL_INPAINTED; k < IL_PICTURE_KINDS; k++)
        r->pictures[k] = k == kind;
    il_making *list[] = { m };
    int rc = il_maker_paint(list, 1, r, r->device, e);
    memcpy(r->pictures, wanted, sizeof wanted);
    return rc;
}

int il_recipe_fake(il_recipe *r, const char *images, const char *photo, uint64_t seed, il_image *picture, il_image *mask,
                   il_err *e)
{
    il_making m = { .seed = seed };
    int kind = kind_of(images, r);
    int rc = kind == IL_PICTURE_KINDS ? il_fail(e, IL_EDATA, "%s: makes no '%s' pictures", r->path, images)
                                      : fit_any(&m.pictures[IL_ORIGINAL], r, photo, seed, e);
    if (!rc && kind != IL_ORIGINAL) {
        m.masker = draw(&r->maskers, seed, "masker");
        m.inpainter = draw(&r->inpainters, seed, "inpaint");
        m.reconstructor = draw(&r->reconstructors, seed, "reconstruct");
        pthread_mutex_lock(&r->lock);
        rc = il_maker_mask(&m, r, e);
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
    il_making_clear(&m);
    return rc;
}
