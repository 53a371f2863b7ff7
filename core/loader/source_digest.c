/* source_digest.c - the hash of a source's contents, and what else is known of its files without computing: sizes, levels. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/json.h"
#include "base/params_json.h"
#include "base/sha256.h"
#include "image/degrade.h"
#include "image/image_file.h"
#include "loader/source.h"
#include "loader/source_parts.h"
#include "loader/source_photos.h"

/* What is wanted of a file besides its hash. */
enum wanted { HASH, SIZE, LEVELS };

/* Levels as text: 64 hexadecimal digits, then 'c' where the rule of reading changed them, else '-'. */
static void write_levels(char to[IL_LEVELS_TEXT], const il_mask_levels *l, bool changed)
{
    for (size_t i = 0; i < sizeof l->bits; i++)
        snprintf(to + 2 * i, 3, "%02x", l->bits[i]);
    to[2 * sizeof l->bits] = changed ? 'c' : '-';
    to[2 * sizeof l->bits + 1] = '\0';
}

static void read_levels(il_mask_levels *l, bool *changed, const char *from)
{
    const size_t digits = 2 * sizeof l->bits;
    *l = (il_mask_levels){ { 0 } };
    for (size_t i = 0; i < sizeof l->bits && strlen(from) > digits; i++) {
        const char byte[] = { from[2 * i], from[2 * i + 1], '\0' };
        l->bits[i] = (uint8_t)strtoul(byte, NULL, 16);
    }
    *changed = strlen(from) > digits && from[digits] == 'c';
}

static int find_levels(il_file_facts *f, const char *path, il_mask_channel channel, il_err *e)
{
    il_image mask = { 0 };
    bool changed = false;
    il_err why = { 0 };
    int rc = il_mask_read(&mask, &changed, path, channel, &why);
    if (rc)
        return rc == IL_ENOMEM || rc == IL_EDATA ? il_fail(e, rc, "%s", why.message) : IL_OK;
    il_mask_levels l = il_mask_levels_of(&mask);
    write_levels(f->levels, &l, changed);
    il_image_free(&mask);
    return IL_OK;
}

/* Adds what is missing to *f. Only a mask that can be read in two ways is refused here; what is damaged is found when it is
 * read, and may then be left out. */
static int complete(il_file_facts *f, const char *path, enum wanted wanted, il_mask_channel channel, il_err *e)
{
    il_digest d;
    il_err why = { 0 };
    int rc = *f->sha256 ? IL_OK : il_image_file_digest(&d, path, e);
    if (!rc && !*f->sha256)
        memcpy(f->sha256, d.hex, sizeof f->sha256);
    if (!rc && wanted == SIZE && !f->width && il_image_size(&f->width, &f->height, path, &why) == IL_ENOMEM)
        rc = il_fail(e, IL_ENOMEM, "%s", why.message);
    if (!rc && wanted == LEVELS && (!*f->levels || channel != IL_MASK_AUTO))
        rc = find_levels(f, path, channel, e);
    return rc;
}

static int file_facts(il_file_facts *f, const char *path, enum wanted wanted, il_mask_channel channel,
                      const il_file_cache *cache, il_err *e)
{
    struct stat st;
    char real[PATH_MAX];
    *f = (il_file_facts){ .width = 0 };
    if (!cache || stat(path, &st) || !realpath(path, real))
        return complete(f, path, wanted, channel, e);
    int64_t mtime = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    bool found = cache->get && cache->get(cache->context, real, st.st_size, mtime, f) == 1;
    il_file_facts before = *f;
    int rc = complete(f, path, wanted, channel, e);
    bool same = found && strcmp(before.levels, f->levels) == 0 && before.width == f->width;
    if (!rc && !same && cache->put && channel == IL_MASK_AUTO)
        cache->put(cache->context, real, st.st_size, mtime, f);
    return rc;
}

/* Appends the hash of a file: "-" when there is none, "?" when it is unreadable and may be left out. */
static int add_hash(il_text *to, il_file_facts *f, const il_source *src, const char *path, enum wanted wanted,
                    const il_file_cache *cache, il_err *e)
{
    il_mask_channel channel = wanted == LEVELS ? src->channel : IL_MASK_AUTO;
    *f = (il_file_facts){ .sha256 = "-" };
    int rc = path ? file_facts(f, path, il_source_is_files(src) ? wanted : HASH, channel, cache, e) : IL_OK;
    if (rc && (rc == IL_ENOMEM || src->missing == IL_MISSING_REFUSE))
        return rc;
    il_text_add(to, " %s", rc && !*f->sha256 ? "?" : f->sha256);
    return IL_OK;
}

static int add_sample(il_text *to, il_source *src, size_t i, const il_file_cache *cache, il_err *e)
{
    struct sample *sample = &src->samples[i];
    il_file_facts image, mask;
    il_text_add(to, "%zu:%s", strlen(sample->item.id), sample->item.id); /* the length makes unusual ids unambiguous */
    int rc = add_hash(to, &image, src, sample->item.image, SIZE, cache, e);
    if (!rc)
        rc = add_hash(to, &mask, src, sample->item.mask, LEVELS, cache, e);
    if (sample->part->truth != IL_TRUTH_MASK)
        il_text_add(to, " %s", il_truth_names[sample->part->truth]);
    il_text_add(to, "\n");
    if (rc)
        return rc;
    if (strlen(image.sha256) == 64) /* else unreadable */
        memcpy(sample->sha256, image.sha256, sizeof sample->sha256);
    sample->width = image.width;
    sample->height = image.height;
    if (*mask.levels)
        read_levels(&sample->levels, &sample->levels_changed, mask.levels);
    if (*mask.levels && sample->part->sharp)
        il_mask_levels_sharpen(&sample->levels);
    return IL_OK;
}

/* Hash of the undegraded samples and the degradation. */
static int digest_degraded(il_digest *out, il_source *src, const il_file_cache *cache, il_err *e)
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

int il_source_digest(il_digest *out, il_source *src, const il_file_cache *cache, il_err *e)
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
        il_file_facts unused;
        il_text_add(&lines, "uses");
        rc = add_hash(&lines, &unused, src, src->uses.paths[i], HASH, cache, e);
        il_text_add(&lines, "\n");
    }
    for (size_t i = 0; i < src->count && !src->hashed && !rc; i++)
        rc = add_sample(&lines, src, i, cache, e);
    if (!rc && lines.failed)
        rc = il_fail_oom(e);
    if (!rc && !src->hashed)
        rc = il_source_photos_read(src, e);
    if (!rc && !src->hashed) {
        src->digest = il_sha256(lines.data, lines.size);
        src->hashed = true;
    }
    il_text_free(&lines);
    if (!rc)
        *out = src->digest;
    return rc;
}

const char *il_source_hash(const il_source *src, size_t i)
{
    return src->samples[i].sha256;
}

il_sample_facts il_source_facts(const il_source *src, size_t i)
{
    const struct sample *s = &src->samples[i];
    il_sample_facts f = { s->width, s->height, s->item.mask && il_mask_levels_most(&s->levels) >= 0, s->levels,
                          s->levels_changed };
    if (f.width)
        il_degrade_size(&f.width, &f.height, &src->degradation);
    return f;
}
