/* source.c - one split of one image kind: scanned once, sorted by id, with the hash of all that it holds. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "items.h"
#include "source.h"
#include "uses.h"

struct il_source {
    il_source *plain; /* NULL, or the source whose samples these are; all pointers below are then lent by it */
    il_degradation degradation; /* of what is read */
    const il_choice *dataset;
    void *self; /* the plugin's instance */
    il_missing missing;
    il_items *items;
    il_uses uses; /* files that all samples depend on */
    bool hashed, loaded;
    il_digest digest;
};

void il_source_free(il_source *src)
{
    if (!src)
        return;
    if (src->plain) {
        free(src);
        return;
    }
    if (src->dataset->plugin->close)
        src->dataset->plugin->close(src->self);
    il_items_free(src->items);
    il_uses_clear(&src->uses);
    free(src);
}

static int check_left(const il_source *src, const char *split, const char *images, il_err *e)
{
    const il_items *items = src->items;
    size_t gone = items->rejected_count;
    if (gone && src->missing == IL_MISSING_REFUSE)
        return il_fail(e, IL_EDATA, "%s: %s: %zu of %zu samples (%s of %s) cannot be used",
                       items->rejected[0].id, items->rejected[0].why, gone, gone + items->count, images, split);
    if (items->count == 0 && gone)
        return il_fail(e, IL_EDATA, "%s: %s: all %zu samples (%s of %s) cannot be used", items->rejected[0].id,
                       items->rejected[0].why, gone, images, split);
    if (items->count == 0)
        return il_fail(e, IL_EDATA, "there is no sample of %s in %s", images, split);
    return IL_OK;
}

int il_source_open(il_source **out, const il_choice *dataset, const char *split, const char *images,
                   il_missing missing, il_err *e)
{
    const il_plugin *plugin = dataset->plugin;
    il_scan what = { .split = split, .images = images };
    il_source *src = calloc(1, sizeof *src);
    if (!src)
        return il_fail_oom(e);
    src->dataset = dataset;
    src->missing = missing;
    int rc = plugin->open ? plugin->open(&src->self, dataset->params, e) : IL_OK;
    if (rc) {
        free(src);
        return rc;
    }
    rc = il_items_new(&src->items, e);
    if (!rc)
        rc = plugin->dataset->scan(src->self, what, src->items, e);
    if (!rc && plugin->uses)
        rc = plugin->uses(src->self, &src->uses, e);
    if (!rc)
        rc = il_items_sort(src->items, e);
    if (!rc)
        rc = check_left(src, split, images, e);
    if (rc) {
        il_source_free(src);
        if (rc != IL_ENOMEM && dataset->label)
            il_fail_in(e, "data set '%s'", dataset->label);
        return rc;
    }
    *out = src;
    return IL_OK;
}

int il_source_degrade(il_source **out, il_source *plain, il_degradation d, il_err *e)
{
    il_source *src = malloc(sizeof *src);
    if (!src)
        return il_fail_oom(e);
    *src = *plain;
    src->plain = plain;
    src->degradation = d;
    src->hashed = false;
    *out = src;
    return IL_OK;
}

size_t il_source_count(const il_source *src)
{
    return src->items->count;
}

il_item il_source_at(const il_source *src, size_t i)
{
    return src->items->list[i];
}

size_t il_source_left_out_count(const il_source *src)
{
    return src->items->rejected_count;
}

il_source_left_out il_source_left_out_at(const il_source *src, size_t i)
{
    const il_rejected *r = &src->items->rejected[i];
    return (il_source_left_out){ .id = r->id, .why = r->why };
}

int il_source_read(const il_source *src, size_t i, uint64_t seed, il_image *image, il_image *mask, il_err *e)
{
    il_item item = src->items->list[i];
    il_image picture = { 0 }, grey = { 0 };
    int rc;
    if (src->dataset->plugin->dataset->read) {
        rc = src->dataset->plugin->dataset->read(src->self, item, seed, &picture, &grey, e);
    } else {
        rc = il_image_read(&picture, item.image, e);
        if (!rc && item.mask)
            rc = il_image_read(&grey, item.mask, e);
    }
    if (!rc && grey.pixels && (grey.width != picture.width || grey.height != picture.height))
        rc = il_fail(e, IL_EDATA, "%s: the mask is %dx%d pixels, its picture %s %dx%d; expected equal sizes",
                     item.mask ? item.mask : item.id, grey.width, grey.height, item.image, picture.width,
                     picture.height);
    if (!rc && src->degradation.kind != IL_DEGRADE_NONE)
        rc = il_degrade_apply(&picture, &grey, &src->degradation, item.id, e);
    if (rc) {
        il_image_free(&picture);
        il_image_free(&grey);
        return rc;
    }
    *image = picture;
    *mask = grey;
    return IL_OK;
}

bool il_source_varies(const il_source *src)
{
    return src->dataset->plugin->dataset->read && src->dataset->plugin->dataset->varies;
}

int il_source_load(il_source *src, il_device device, il_err *e)
{
    if (src->plain)
        return il_source_load(src->plain, device, e);
    if (src->loaded || !src->dataset->plugin->load)
        return IL_OK;
    int rc = src->dataset->plugin->load(src->self, device, e);
    if (rc)
        return il_fail_in(e, "data set '%s'", src->dataset->label ? src->dataset->label : src->dataset->plugin->name);
    src->loaded = true;
    return IL_OK;
}

/* ---- digest ---- */

static int hash_file(il_digest *out, const char *path, const il_hash_cache *cache, il_err *e)
{
    struct stat st;
    char real[PATH_MAX];
    if (!cache || stat(path, &st) || !realpath(path, real))
        return il_words_sha256_file(out, path, e);
    int64_t mtime = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    if (cache->get && cache->get(cache->context, real, st.st_size, mtime, out->hex) == 1)
        return IL_OK;
    int rc = il_words_sha256_file(out, path, e);
    if (!rc && cache->put)
        cache->put(cache->context, real, st.st_size, mtime, out->hex);
    return rc;
}

/* Appends the hash of a file: "-" when there is none, "?" when it cannot be read and may be left out. */
static int add_hash(il_text *to, const il_source *src, const char *path, const il_hash_cache *cache, il_err *e)
{
    il_digest d = { "-" };
    int rc = path ? hash_file(&d, path, cache, e) : IL_OK;
    if (rc && (rc == IL_ENOMEM || src->missing == IL_MISSING_REFUSE))
        return rc;
    il_words_add(to, " %s", rc ? "?" : d.hex);
    return IL_OK;
}

/* Of the samples as they are, and of what is done to them. */
static int digest_degraded(il_digest *out, il_source *src, const il_hash_cache *cache, il_err *e)
{
    il_digest plain;
    il_text lines = { 0 };
    int rc = il_source_digest(&plain, src->plain, cache, e);
    if (rc)
        return rc;
    il_words_add(&lines, "%s\n%s\n", plain.hex, il_degrade_identity(&src->degradation).text);
    if (lines.failed)
        rc = il_fail_oom(e);
    else
        *out = il_words_sha256(lines.data, lines.size);
    il_words_free(&lines);
    return rc;
}

int il_source_digest(il_digest *out, il_source *src, const il_hash_cache *cache, il_err *e)
{
    il_text lines = { 0 };
    int rc = IL_OK;
    if (src->plain)
        return digest_degraded(out, src, cache, e);
    for (size_t i = 0; i < src->uses.count && !src->hashed && !rc; i++) {
        il_words_add(&lines, "uses");
        rc = add_hash(&lines, src, src->uses.paths[i], cache, e);
        il_words_add(&lines, "\n");
    }
    for (size_t i = 0; i < src->items->count && !src->hashed && !rc; i++) {
        il_item item = src->items->list[i];
        il_words_add(&lines, "%zu:%s", strlen(item.id), item.id); /* the length keeps odd ids apart */
        rc = add_hash(&lines, src, item.image, cache, e);
        if (!rc)
            rc = add_hash(&lines, src, item.mask, cache, e);
        il_words_add(&lines, "\n");
    }
    if (!rc && lines.failed)
        rc = il_fail_oom(e);
    if (!rc && !src->hashed) {
        src->digest = il_words_sha256(lines.data, lines.size);
        src->hashed = true;
    }
    il_words_free(&lines);
    if (!rc)
        *out = src->digest;
    return rc;
}
