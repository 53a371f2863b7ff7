/* source.c - one split of one or more image kinds: scanned once, sorted by id, with a hash of its contents. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/array.h"
#include "base/dependencies.h"
#include "base/json.h"
#include "base/params_json.h"
#include "base/sha256.h"
#include "image/degrade.h"
#include "image/image_file.h"
#include "loader/source.h"
#include "plugin/items.h"

/* One image kind of a source. */
struct part {
    char *images;
    void *self; /* the plugin's instance, which may keep state from its scan */
    bool open;
    il_items *items;
};

struct sample {
    il_item item;          /* its id is owned; all else is borrowed from the part */
    const il_item *listed; /* as listed by the plugin */
    const struct part *part;
};

struct il_source {
    il_source *plain;           /* NULL, or the undegraded source; all pointers below are then borrowed from it */
    il_degradation degradation; /* applied when a sample is read */
    const il_choice *dataset;
    il_missing missing;
    struct part *parts;
    size_t nparts;
    struct sample *samples;
    size_t count;
    il_uses uses; /* dependencies common to all samples */
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
    for (size_t i = 0; i < src->count; i++)
        free((char *)src->samples[i].item.id);
    for (size_t i = 0; i < src->nparts; i++) {
        if (src->parts[i].open && src->dataset->plugin->close)
            src->dataset->plugin->close(src->parts[i].self);
        il_items_free(src->parts[i].items);
        free(src->parts[i].images);
    }
    free(src->samples);
    free(src->parts);
    il_uses_clear(&src->uses);
    free(src);
}

/* ---- parts ---- */

/* "realfake+original" -> two parts. */
static int split_kinds(il_source *src, const char *images, il_err *e)
{
    for (const char *from = images;; from++) {
        size_t size = strcspn(from, "+");
        if (!size)
            return il_fail(e, IL_EPARAM, "image kinds '%s': expected kinds joined by '+', such as realfake+original",
                           images);
        struct part *list = il_array_grow(src->parts, src->nparts, sizeof *list);
        char *kind = list ? strndup(from, size) : NULL;
        if (list)
            src->parts = list;
        if (!kind)
            return il_fail_oom(e);
        list[src->nparts++] = (struct part){ .images = kind };
        for (size_t i = 0; i + 1 < src->nparts; i++)
            if (strcmp(list[i].images, kind) == 0)
                return il_fail(e, IL_EPARAM, "image kinds '%s': '%s' is named twice", images, kind);
        from += size;
        if (!*from)
            return IL_OK;
    }
}

static int scan(struct part *p, const il_choice *dataset, const char *split, il_uses *uses, il_err *e)
{
    const il_plugin *plugin = dataset->plugin;
    int rc = plugin->open ? plugin->open(&p->self, dataset->params, e) : IL_OK;
    p->open = !rc;
    if (!rc)
        rc = il_items_new(&p->items, e);
    if (!rc)
        rc = plugin->dataset->scan(p->self, (il_scan){ .split = split, .images = p->images }, p->items, e);
    if (!rc && plugin->uses)
        rc = plugin->uses(p->self, uses, e);
    return rc ? rc : il_items_sort(p->items, e);
}

/* ---- samples ---- */

static int by_id(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    return strcmp(x->item.id, y->item.id);
}

/* With several kinds, the id includes the kind. */
static int add_samples(il_source *src, const struct part *p, il_err *e)
{
    for (size_t i = 0; i < p->items->count; i++) {
        const il_item *listed = &p->items->list[i];
        il_text id = { 0 };
        il_text_add(&id, "%s%s%s", listed->id, src->nparts > 1 ? "." : "", src->nparts > 1 ? p->images : "");
        if (id.failed) {
            il_text_free(&id);
            return il_fail_oom(e);
        }
        src->samples[src->count++] = (struct sample){ { id.data, listed->image, listed->mask }, listed, p };
    }
    return IL_OK;
}

static int merge(il_source *src, il_err *e)
{
    size_t all = 0;
    int rc = IL_OK;
    for (size_t i = 0; i < src->nparts; i++)
        all += src->parts[i].items->count;
    src->samples = malloc((all ? all : 1) * sizeof *src->samples);
    if (!src->samples)
        return il_fail_oom(e);
    for (size_t i = 0; i < src->nparts && !rc; i++)
        rc = add_samples(src, &src->parts[i], e);
    if (!rc && src->nparts > 1)
        qsort(src->samples, src->count, sizeof *src->samples, by_id);
    return rc;
}

static int check_left(const il_source *src, const char *split, const char *images, il_err *e)
{
    size_t gone = il_source_left_out_count(src);
    il_source_left_out first = gone ? il_source_left_out_at(src, 0) : (il_source_left_out){ 0 };
    if (gone && src->missing == IL_MISSING_REFUSE)
        return il_fail(e, IL_EDATA, "%s: %s: %zu of %zu samples (%s of %s) cannot be used", first.id, first.why, gone,
                       gone + src->count, images, split);
    if (src->count == 0 && gone)
        return il_fail(e, IL_EDATA, "%s: %s: all %zu samples (%s of %s) cannot be used", first.id, first.why, gone,
                       images, split);
    for (size_t i = 0; i < src->nparts; i++)
        if (src->parts[i].items->count == 0)
            return il_fail(e, IL_EDATA, "no samples of %s in %s", src->parts[i].images, split);
    return IL_OK;
}

int il_source_open(il_source **out, const il_choice *dataset, const char *split, const char *images, il_missing missing,
                   il_err *e)
{
    il_source *src = calloc(1, sizeof *src);
    if (!src)
        return il_fail_oom(e);
    src->dataset = dataset;
    src->missing = missing;
    int rc = split_kinds(src, images, e);
    for (size_t i = 0; i < src->nparts && !rc; i++)
        rc = scan(&src->parts[i], dataset, split, &src->uses, e);
    if (!rc)
        rc = merge(src, e);
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
    return src->count;
}

il_item il_source_at(const il_source *src, size_t i)
{
    return src->samples[i].item;
}

size_t il_source_left_out_count(const il_source *src)
{
    size_t count = 0;
    for (size_t i = 0; i < src->nparts; i++)
        count += src->parts[i].items->rejected_count;
    return count;
}

il_source_left_out il_source_left_out_at(const il_source *src, size_t i)
{
    const struct part *p = src->parts;
    for (; i >= p->items->rejected_count; p++)
        i -= p->items->rejected_count;
    return (il_source_left_out){ .id = p->items->rejected[i].id, .why = p->items->rejected[i].why };
}

int il_source_read(const il_source *src, size_t i, uint64_t seed, il_image *image, il_image *mask, il_err *e)
{
    const struct sample *sample = &src->samples[i];
    il_item item = *sample->listed;
    il_image picture = { 0 }, grey = { 0 };
    int rc;
    if (src->dataset->plugin->dataset->read) {
        rc = src->dataset->plugin->dataset->read(sample->part->self, item, seed, &picture, &grey, e);
    } else {
        rc = il_image_read(&picture, item.image, e);
        if (!rc && item.mask)
            rc = il_image_read(&grey, item.mask, e);
    }
    if (!rc && grey.pixels)
        rc = il_image_file_check_mask(&picture, item.image, &grey, item.mask ? item.mask : item.id, e);
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

bool il_source_is_files(const il_source *src)
{
    return !src->dataset->plugin->dataset->read;
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
    int rc = IL_OK;
    for (size_t i = 0; i < src->nparts && !rc; i++)
        rc = src->dataset->plugin->load(src->parts[i].self, device, e);
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
        return il_image_file_digest(out, path, e);
    int64_t mtime = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    if (cache->get && cache->get(cache->context, real, st.st_size, mtime, out->hex) == 1)
        return IL_OK;
    int rc = il_image_file_digest(out, path, e);
    if (!rc && cache->put)
        cache->put(cache->context, real, st.st_size, mtime, out->hex);
    return rc;
}

/* Appends the hash of a file: "-" when there is none, "?" when it is unreadable and may be left out. */
static int add_hash(il_text *to, const il_source *src, const char *path, const il_hash_cache *cache, il_err *e)
{
    il_digest d = { "-" };
    int rc = path ? hash_file(&d, path, cache, e) : IL_OK;
    if (rc && (rc == IL_ENOMEM || src->missing == IL_MISSING_REFUSE))
        return rc;
    il_text_add(to, " %s", rc ? "?" : d.hex);
    return IL_OK;
}

/* Hash of the undegraded samples and the degradation. */
static int digest_degraded(il_digest *out, il_source *src, const il_hash_cache *cache, il_err *e)
{
    il_digest plain;
    il_text lines = { 0 };
    int rc = il_source_digest(&plain, src->plain, cache, e);
    if (rc)
        return rc;
    il_text_add(&lines, "%s\n%s\n", plain.hex, il_degrade_identity(&src->degradation).text);
    if (lines.failed)
        rc = il_fail_oom(e);
    else
        *out = il_sha256(lines.data, lines.size);
    il_text_free(&lines);
    return rc;
}

/* Samples that a plugin computes from its files are not identified by the files alone: its name, revision, settings
 * and the image kind count too (with several kinds, the ids include them). */
static int add_maker(il_text *to, const il_source *src, il_err *e)
{
    bool bad = false;
    json_t *params = src->dataset->params ? il_params_json(src->dataset->params, &bad) : json_object();
    char *text = bad ? NULL : il_json_text(params, JSON_SORT_KEYS | JSON_COMPACT);
    json_decref(params);
    if (!text)
        return il_fail_oom(e);
    il_text_add(to, "made by %s %d %s %s\n", src->dataset->plugin->name, src->dataset->plugin->revision, text,
                src->nparts == 1 ? src->parts[0].images : "");
    free(text);
    return IL_OK;
}

int il_source_digest(il_digest *out, il_source *src, const il_hash_cache *cache, il_err *e)
{
    il_text lines = { 0 };
    int rc = IL_OK;
    if (src->plain)
        return digest_degraded(out, src, cache, e);
    if (!src->hashed && !il_source_is_files(src))
        rc = add_maker(&lines, src, e);
    if (!src->hashed && src->uses.notes.size)
        il_text_add(&lines, "%s", src->uses.notes.data);
    for (size_t i = 0; i < src->uses.count && !src->hashed && !rc; i++) {
        il_text_add(&lines, "uses");
        rc = add_hash(&lines, src, src->uses.paths[i], cache, e);
        il_text_add(&lines, "\n");
    }
    for (size_t i = 0; i < src->count && !src->hashed && !rc; i++) {
        il_item item = src->samples[i].item;
        il_text_add(&lines, "%zu:%s", strlen(item.id), item.id); /* the length makes unusual ids unambiguous */
        rc = add_hash(&lines, src, item.image, cache, e);
        if (!rc)
            rc = add_hash(&lines, src, item.mask, cache, e);
        il_text_add(&lines, "\n");
    }
    if (!rc && lines.failed)
        rc = il_fail_oom(e);
    if (!rc && !src->hashed) {
        src->digest = il_sha256(lines.data, lines.size);
        src->hashed = true;
    }
    il_text_free(&lines);
    if (!rc)
        *out = src->digest;
    return rc;
}
