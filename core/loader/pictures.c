/* pictures.c - decodes and collates samples, with caches that grow up to their limits and never evict. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/sha256.h"
#include "image/budget.h"
#include "image/image_file.h"
#include "image/mask_file.h"
#include "loader/pictures.h"
#include "plan/run_config.h"

enum state { UNKNOWN, CACHED, BAD };

struct entry {
    enum state state;
    il_picture picture; /* CACHED: immutable */
    char *why;          /* BAD */
    int code;
};

struct il_pictures {
    const il_source *src;
    il_sizing fit;
    int side;             /* 0: pictures keep their size */
    il_disk_cache *disk;  /* NULL: none */
    pthread_mutex_t lock; /* guards the members below */
    struct entry *entries;
    size_t room, used; /* bytes */
    size_t bad;
};

enum { MASKS = 2 }; /* raised when masks are read or resized in another way */

/* The key of the disk cache: everything that the pixels depend on, the files' contents and the fit. */
static int open_disk(il_pictures *p, il_source *src, const il_disk_cache_opts *disk, il_err *e)
{
    il_digest digest;
    char name[40], what[96];
    int rc = il_source_digest(&digest, src, NULL, e);
    if (rc)
        return rc;
    snprintf(name, sizeof name, "%.16s-%s%d", digest.hex, p->fit == IL_SIZING_RESIZE ? "r" : "", p->side);
    snprintf(what, sizeof what, "%s %d %d %d %d", digest.hex, p->side, (int)p->fit, MASKS, IL_ENGINE_REVISION);
    digest = il_sha256(what, strlen(what));
    return il_disk_cache_open(&p->disk, name, &digest, il_source_count(src), *disk, e);
}

int il_pictures_new(il_pictures **out, il_source *src, il_pictures_opts o, il_err *e)
{
    il_pictures *p = calloc(1, sizeof *p);
    if (!p)
        return il_fail_oom(e);
    p->src = src;
    p->fit = o.fit;
    p->side = o.fit == IL_SIZING_NATIVE ? 0 : o.side;
    p->room = o.cache_bytes;
    p->entries = calloc(il_source_count(src), sizeof *p->entries);
    if (!p->entries || pthread_mutex_init(&p->lock, NULL)) {
        free(p->entries);
        free(p);
        return il_fail_oom(e);
    }
    size_t most = (3 + 1) * (size_t)o.side * (size_t)o.side; /* image and mask; of native ones, a guess */
    bool fits = il_source_count(src) <= o.cache_bytes / most;
    int rc = o.disk.folder && !fits && il_source_is_files(src) ? open_disk(p, src, &o.disk, e) : IL_OK;
    if (rc)
        il_pictures_free(p);
    else
        *out = p;
    return rc;
}

static void drop(il_picture *picture)
{
    il_image_free(&picture->image);
    il_image_free(&picture->mask);
}

void il_pictures_free(il_pictures *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < il_source_count(p->src); i++) {
        drop(&p->entries[i].picture);
        free(p->entries[i].why);
    }
    pthread_mutex_destroy(&p->lock);
    free(p->entries);
    il_disk_cache_free(p->disk);
    free(p);
}

/* ---- decoding ---- */

typedef int resizer(il_image *out, const il_image *in, int width, int height, il_err *e);

/* Replaces *image. */
static int fit(il_image *image, const il_pictures *p, resizer *resize, il_err *e)
{
    il_image fitted = { 0 };
    int side = p->side;
    bool larger = image->width > side || image->height > side, other = image->width != side || image->height != side;
    if (p->fit == IL_SIZING_NATIVE || !(p->fit == IL_SIZING_PAD ? larger : other))
        return IL_OK;
    int rc = resize(&fitted, image, side, side, e);
    if (rc)
        return rc;
    il_image_free(image);
    *image = fitted;
    return IL_OK;
}

/* Keeps the first channel. */
static int make_grey(il_image *mask, il_err *e)
{
    il_image grey = { 0 };
    if (mask->channels == 1)
        return IL_OK;
    int rc = il_image_new(&grey, mask->width, mask->height, 1, e);
    if (rc)
        return rc;
    size_t n = (size_t)mask->width * (size_t)mask->height;
    for (size_t i = 0; i < n; i++)
        grey.pixels[i] = mask->pixels[3 * i];
    il_image_free(mask);
    *mask = grey;
    return IL_OK;
}

static int decode_one(il_picture *out, const il_pictures *p, size_t i, uint64_t seed, il_err *e)
{
    il_picture picture = { 0 };
    int rc = il_source_read(p->src, i, seed, &picture.image, &picture.mask, e);
    if (rc)
        return rc;
    rc = fit(&picture.image, p, il_image_resize, e);
    if (!rc)
        rc = il_image_file_make_rgb(&picture.image, e);
    if (!rc && picture.mask.pixels) {
        rc = make_grey(&picture.mask, e);
        if (!rc)
            rc = fit(&picture.mask, p, il_mask_resize, e);
    }
    picture.height = picture.image.height;
    if (rc)
        drop(&picture);
    else
        *out = picture;
    return rc;
}

/* A data set that computes its pictures has locks of its own, and may read photos: the budget is not held meanwhile. */
static int decode(il_picture *out, const il_pictures *p, size_t i, uint64_t seed, il_err *e)
{
    if (!il_source_is_files(p->src))
        return decode_one(out, p, i, seed, e);
    il_budget_enter();
    int rc = decode_one(out, p, i, seed, e);
    il_budget_leave();
    return rc;
}

/* ---- cache ---- */

static size_t bytes_of(const il_image *image)
{
    return (size_t)image->width * (size_t)image->height * (size_t)image->channels;
}

/* Keeps a newly decoded image if there is room and no other thread was faster; it is then borrowed from the cache. */
static void keep(il_pictures *p, size_t i, il_picture *picture)
{
    size_t bytes = bytes_of(&picture->image) + bytes_of(&picture->mask);
    pthread_mutex_lock(&p->lock);
    struct entry *entry = &p->entries[i];
    if (entry->state == UNKNOWN && bytes <= p->room - p->used) {
        picture->lent = true;
        entry->picture = *picture;
        entry->state = CACHED;
        p->used += bytes;
    }
    pthread_mutex_unlock(&p->lock);
}

/* Reads the image from the disk cache, or decodes it and adds it there. */
static int fetch(il_picture *out, il_pictures *p, size_t i, uint64_t seed, il_band_wanted wanted, il_err *e)
{
    bool found = false;
    il_cached cached = { 0 };
    int rc = p->disk ? il_disk_cache_get(&found, &cached, p->disk, i, wanted, e) : IL_OK;
    if (found)
        *out = (il_picture){
            .image = cached.image, .mask = cached.mask, .first = cached.first, .height = cached.height
        };
    if (!rc && !found)
        rc = decode(out, p, i, seed, e);
    if (!rc && !found && p->disk)
        il_disk_cache_put(p->disk, i, &out->image, &out->mask);
    return rc;
}

static void note_bad(il_pictures *p, size_t i, int code, const il_err *e)
{
    pthread_mutex_lock(&p->lock);
    struct entry *entry = &p->entries[i];
    if (entry->state == UNKNOWN) {
        entry->state = BAD;
        entry->code = code;
        entry->why = il_text_copy(e->message);
        p->bad++;
    }
    pthread_mutex_unlock(&p->lock);
}

int il_pictures_get(il_picture *out, il_pictures *p, size_t i, uint64_t seed, il_band_wanted wanted, il_err *e)
{
    pthread_mutex_lock(&p->lock);
    struct entry seen = p->entries[i]; /* its texts and pixels are valid as long as p */
    pthread_mutex_unlock(&p->lock);
    if (seen.state == BAD)
        return il_fail(e, seen.code, "%s", seen.why ? seen.why : "unreadable");
    if (seen.state == CACHED) {
        *out = seen.picture;
        return IL_OK;
    }
    il_picture picture = { 0 };
    il_err why = { 0 };
    int rc = fetch(&picture, p, i, seed, wanted, &why);
    if (rc) {
        if (rc != IL_ENOMEM) /* which says nothing about the file */
            note_bad(p, i, rc, &why);
        return il_fail(e, rc, "%s", why.message);
    }
    if (picture.image.height == picture.height)
        keep(p, i, &picture);
    *out = picture;
    return IL_OK;
}

void il_pictures_put(il_picture *picture)
{
    if (!picture->lent)
        drop(picture);
}

bool il_pictures_stopped(il_pictures *p, il_err *why)
{
    return p->disk && il_disk_cache_stopped(p->disk, why);
}

size_t il_pictures_bad(il_pictures *p)
{
    pthread_mutex_lock(&p->lock);
    size_t bad = p->bad;
    pthread_mutex_unlock(&p->lock);
    return bad;
}

void il_pictures_mark_bad(il_pictures *p, bool *bad)
{
    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < il_source_count(p->src); i++)
        if (p->entries[i].state == BAD)
            bad[i] = true;
    pthread_mutex_unlock(&p->lock);
}
