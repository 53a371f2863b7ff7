/* photo_info.c - size, hash and perceptual hash of each photo. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/sha256.h"
#include "dataset/make_sample.h"
#include "dataset/photo_info.h"
#include "image/budget.h"
#include "image/perceptual_hash.h"

enum { AT_ONCE = 64 };

struct look {
    const il_recipe *r;
    const char *path;
    il_photo_info *facts;
    int code; /* not the photo's fault */
    il_err why;
};

void il_photo_info_free(il_photo_info *facts, size_t count)
{
    for (size_t i = 0; facts && i < count; i++)
        free(facts[i].why);
    free(facts);
}

int il_photo_info_fit(il_photo_info *f, const il_recipe *r, const char *path, il_err *e)
{
    il_text why = { 0 };
    if (il_make_sample_tiles(r, f->width, f->height))
        return IL_OK;
    il_text_add(&why, "%s: %dx%d pixels are too small for a tile of %d", path, f->width, f->height, r->size);
    f->why = why.data;
    return why.failed ? il_fail_oom(e) : IL_OK;
}

int il_photo_info_check(const il_recipe *r, const il_photo_info *facts, size_t count, il_err *e)
{
    bool refuse = strcmp(il_params_text(r->photos, "unusable"), "refuse") == 0;
    size_t bad = 0;
    const char *why = NULL;
    for (size_t i = 0; i < count; i++) {
        why = facts[i].why && !bad ? facts[i].why : why;
        bad += facts[i].why != NULL;
    }
    if (!bad || !refuse)
        return IL_OK;
    return il_fail(e, IL_EDATA, "%s (%zu of %zu photos cannot be used; 'photos.unusable: skip' leaves them out)", why,
                   bad, count);
}

static void look_at(void *context)
{
    struct look *l = context;
    il_photo_info *f = l->facts;
    il_image image = { 0 };
    il_err e = { 0 };
    il_budget_enter();
    int rc = il_sha256_file(&f->sha256, l->path, &e);
    if (!rc)
        rc = il_image_read(&image, l->path, &e);
    if (!rc) {
        f->width = image.width;
        f->height = image.height;
        rc = il_perceptual_hash_of(&f->look, &image, &e);
    }
    il_image_free(&image);
    il_budget_leave();
    if (!rc)
        rc = il_photo_info_fit(f, l->r, l->path, &e);
    else if (rc != IL_ENOMEM)
        rc = (f->why = il_text_copy(e.message)) ? IL_OK : il_fail_oom(&e);
    l->code = rc;
    l->why = e;
}

int il_photo_info_read(il_photo_info **out, const il_recipe *r, const il_photos *photos, il_thread_pool *pool,
                       const il_observer *observer, il_err *e)
{
    il_photo_info *facts = calloc(photos->count, sizeof *facts);
    int rc = facts ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; !rc && i < photos->count; i += AT_ONCE) {
        struct look looks[AT_ONCE] = { 0 };
        il_thread_pool_group group = { 0 };
        size_t n = photos->count - i < AT_ONCE ? photos->count - i : AT_ONCE;
        for (size_t k = 0; !rc && k < n; k++) {
            looks[k] = (struct look){ r, photos->list[i + k].path, &facts[i + k], IL_OK, { 0 } };
            rc = il_thread_pool_add(pool, &group, look_at, &looks[k], e);
        }
        il_thread_pool_wait(pool, &group);
        for (size_t k = 0; !rc && k < n; k++)
            rc = looks[k].code ? il_fail(e, looks[k].code, "%s", looks[k].why.message) : IL_OK;
        if (!rc && il_observer_stopped(observer))
            rc = il_fail(e, IL_ECANCEL, "stopped while examining photo %zu of %zu", i + n, photos->count);
        if (!rc)
            il_observer_count(observer, r->name, "photos", i + n, photos->count, NAN);
    }
    if (rc)
        il_photo_info_free(facts, photos->count);
    else
        *out = facts;
    return rc;
}
