/* manifest.c - the samples of a data set as JSON Lines. Lines are written by hand so that equal samples have equal
 * bytes, and read by jansson. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/atomic_file.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "dataset/manifest.h"

static const char *const splits[] = { "train", "validation", "test" };
enum { SPLITS = 3 };

void il_sample_free(il_sample *s)
{
    if (!s)
        return;
    char *texts[] = { s->split,
                      s->id,
                      s->photo,
                      s->photo_sha256,
                      s->masker,
                      s->rule,
                      s->prompt,
                      s->inpainted_by,
                      s->inpainted_sha256,
                      s->reconstructed_by,
                      s->reconstructed_sha256,
                      s->settings };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    for (int k = 0; k < IL_PICTURE_KINDS; k++)
        free(s->sha256[k]);
    *s = (il_sample){ 0 };
}

void il_manifest_free(il_manifest *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->count; i++)
        il_sample_free(&m->list[i]);
    free(m->list);
    *m = (il_manifest){ 0 };
}

int il_manifest_add(il_manifest *m, il_sample *s, il_err *e)
{
    assert(s->split && s->id);
    il_sample *list = il_array_grow(m->list, m->count, sizeof *list);
    if (!list)
        return il_fail_oom(e);
    m->list = list;
    m->list[m->count++] = *s;
    *s = (il_sample){ 0 };
    return IL_OK;
}

/* ---- order ---- */

static int split_number(const char *split)
{
    int i = 0;
    while (i < SPLITS && strcmp(split, splits[i]) != 0)
        i++;
    return i;
}

static int by_split_and_id(const void *a, const void *b)
{
    const il_sample *x = a, *y = b;
    int order = split_number(x->split) - split_number(y->split);
    return order ? order : strcmp(x->id, y->id);
}

void il_manifest_sort(il_manifest *m)
{
    if (m->count)
        qsort(m->list, m->count, sizeof *m->list, by_split_and_id);
}

const il_sample *il_manifest_find(const il_manifest *m, const char *split, const char *id)
{
    il_sample key = { .split = (char *)split, .id = (char *)id };
    return m->count ? bsearch(&key, m->list, m->count, sizeof *m->list, by_split_and_id) : NULL;
}

/* ---- writing ---- */

/* `"key": ` with the separator before it. */
static void add_key(il_text *t, const char *key)
{
    il_text_add(t, "%s\"%s\": ", t->data[t->size - 1] == '{' ? "" : ", ", key);
}

/* Any JSON value, which it takes. NULL fails the text, or empties it where memory was not short: the value is wrong then. */
static void add_value(il_text *t, json_t *value)
{
    char *text = il_json_text(value, JSON_ENCODE_ANY | JSON_SORT_KEYS);
    if (text)
        il_text_add(t, "%s", text);
    else if (!il_json_short())
        t->size = 0;
    t->failed = t->failed || !text;
    free(text);
    json_decref(value);
}

static void add_text(il_text *t, const char *key, const char *text)
{
    if (!text || t->failed)
        return;
    add_key(t, key);
    add_value(t, json_string(text));
}

/* Six decimals, whatever the locale. */
static void add_share(il_text *t, const char *key, double x)
{
    if (t->failed)
        return;
    long long millionths = x > 0 ? llround((x < 1 ? x : 1) * 1e6) : 0;
    add_key(t, key);
    il_text_add(t, "%lld.%06lld", millionths / 1000000, millionths % 1000000);
}

static void add_settings(il_text *t, const char *settings)
{
    if (!settings || t->failed)
        return;
    json_t *object = il_json_loads(settings, JSON_REJECT_DUPLICATES, NULL);
    if (object && !json_is_object(object)) {
        json_decref(object);
        object = NULL;
    }
    add_key(t, "settings");
    add_value(t, object);
}

static void add_digests(il_text *t, char *const digests[IL_PICTURE_KINDS])
{
    if (t->failed)
        return;
    add_key(t, "sha256");
    il_text_add(t, "{");
    for (int k = 0; k < IL_PICTURE_KINDS; k++)
        add_text(t, il_picture_kinds[k], digests[k]);
    il_text_add(t, "}");
}

char *il_manifest_line(const il_sample *s)
{
    char seed[24];
    il_text t = { 0 };
    snprintf(seed, sizeof seed, "%" PRIu64, s->seed);
    il_json_begin();
    il_text_add(&t, "{");
    add_text(&t, "id", s->id);
    add_text(&t, "split", s->split);
    add_text(&t, "photo", s->photo);
    add_text(&t, "photo_sha256", s->photo_sha256);
    if (!t.failed) {
        add_key(&t, "tile");
        il_text_add(&t, "%d", s->tile);
    }
    add_text(&t, "seed", seed);
    add_text(&t, "masker", s->masker);
    add_text(&t, "rule", s->rule);
    add_share(&t, "area", s->area);
    add_share(&t, "core", s->core);
    add_text(&t, "prompt", s->prompt);
    add_text(&t, "inpainted_by", s->inpainted_by);
    add_text(&t, "inpainted_sha256", s->inpainted_sha256);
    add_text(&t, "reconstructed_by", s->reconstructed_by);
    add_text(&t, "reconstructed_sha256", s->reconstructed_sha256);
    add_settings(&t, s->settings);
    add_digests(&t, s->sha256);
    il_text_add(&t, "}\n");
    if (t.failed && (t.size || !t.data))
        il_json_lacks();
    if (t.failed)
        il_text_free(&t);
    return t.data;
}

int il_manifest_text(il_text *out, il_manifest *m, const char *path, il_err *e)
{
    int rc = IL_OK;
    il_manifest_sort(m);
    il_text_add(out, "%s", "");
    for (size_t i = 0; i < m->count && !rc; i++) {
        char *line = il_manifest_line(&m->list[i]);
        il_text_add(out, "%s", line ? line : "");
        if (!line)
            rc = il_json_short() ? il_fail_oom(e)
                                 : il_fail(e, IL_EFORMAT,
                                           "cannot write %s: the texts of %s/%s must be UTF-8, and its "
                                           "settings a JSON object",
                                           path, m->list[i].split, m->list[i].id);
        free(line);
    }
    return !rc && out->failed ? il_fail_oom(e) : rc;
}

int il_manifest_write(il_manifest *m, const char *path, il_err *e)
{
    il_text all = { 0 };
    int rc = il_manifest_text(&all, m, path, e);
    if (!rc)
        rc = il_atomic_file_write(path, all.data, all.size, e);
    il_text_free(&all);
    return rc;
}

/* ---- reading ---- */

/* Where the strings of a line go, by key. */
struct field {
    const char *key;
    char **text;
    bool needed, digest;
};

static int bad_value(il_err *e, const char *key, const json_t *value, const char *expected)
{
    static const char *const types[] = { "an object", "an array", "a string", "a number",
                                         "a number",  "true",     "false",    "null" };
    return il_fail(e, IL_EFORMAT, "'%s' is %s; expected %s", key, types[json_typeof(value)], expected);
}

static int take_text(char **out, const char *key, const json_t *value, bool digest, il_err *e)
{
    if (!json_is_string(value))
        return bad_value(e, key, value, "a string");
    const char *text = json_string_value(value);
    if (digest && (strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64))
        return il_fail(e, IL_EFORMAT, "'%s' is not a SHA-256; expected 64 lower-case hexadecimal digits", key);
    *out = il_text_copy(text);
    return *out ? IL_OK : il_fail_oom(e);
}

static int take_share(double *out, const char *key, const json_t *value, il_err *e)
{
    double x = json_number_value(value);
    if (!json_is_number(value))
        return bad_value(e, key, value, "a number from 0 to 1");
    if (!(x >= 0 && x <= 1))
        return il_fail(e, IL_EFORMAT, "'%s' is %g; expected a number from 0 to 1", key, x);
    *out = x;
    return IL_OK;
}

static int take_tile(int *out, const json_t *value, il_err *e)
{
    if (!json_is_integer(value))
        return bad_value(e, "tile", value, "an integer");
    json_int_t n = json_integer_value(value);
    if (n < -1 || n > INT32_MAX)
        return il_fail(e, IL_EFORMAT, "'tile' is %" JSON_INTEGER_FORMAT "; expected -1 (the whole photo) or more", n);
    *out = (int)n;
    return IL_OK;
}

static int take_seed(uint64_t *out, const json_t *value, il_err *e)
{
    if (!json_is_string(value))
        return bad_value(e, "seed", value, "a string of digits");
    const char *text = json_string_value(value);
    char *end = NULL;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno)
        return il_fail(e, IL_EFORMAT, "'seed' is \"%s\"; expected a number below 2^64", text);
    *out = n;
    return IL_OK;
}

static int take_settings(char **out, const json_t *value, il_err *e)
{
    if (!json_is_object(value))
        return bad_value(e, "settings", value, "an object");
    *out = il_json_text(value, JSON_SORT_KEYS);
    return *out ? IL_OK : il_fail_oom(e);
}

static int kind_number(const char *name)
{
    int k = 0;
    while (k < IL_PICTURE_KINDS && strcmp(name, il_picture_kinds[k]) != 0)
        k++;
    return k;
}

static int take_digests(char *out[IL_PICTURE_KINDS], json_t *value, il_err *e)
{
    if (!json_is_object(value))
        return bad_value(e, "sha256", value, "an object");
    const char *name;
    json_t *digest;
    json_object_foreach(value, name, digest)
    {
        int k = kind_number(name);
        if (k == IL_PICTURE_KINDS)
            return il_fail(e, IL_EFORMAT, "'sha256' has the key '%s'; expected " IL_PICTURE_KIND_WORDS, name);
        int rc = take_text(&out[k], name, digest, true, e);
        if (rc)
            return rc;
    }
    return IL_OK;
}

static int take(il_sample *s, const struct field *fields, const char *key, json_t *value, il_err *e)
{
    for (const struct field *f = fields; f->key; f++)
        if (strcmp(key, f->key) == 0)
            return take_text(f->text, key, value, f->digest, e);
    if (strcmp(key, "tile") == 0)
        return take_tile(&s->tile, value, e);
    if (strcmp(key, "seed") == 0)
        return take_seed(&s->seed, value, e);
    if (strcmp(key, "area") == 0 || strcmp(key, "core") == 0)
        return take_share(*key == 'a' ? &s->area : &s->core, key, value, e);
    if (strcmp(key, "settings") == 0)
        return take_settings(&s->settings, value, e);
    if (strcmp(key, "sha256") == 0)
        return take_digests(s->sha256, value, e);
    return il_fail(e, IL_EFORMAT, "unknown manifest key '%s'", key);
}

static int read_sample(il_sample *s, json_t *object, il_err *e)
{
    const struct field fields[] = {
        { "id", &s->id, true, false },
        { "split", &s->split, true, false },
        { "photo", &s->photo, false, false },
        { "photo_sha256", &s->photo_sha256, false, true },
        { "masker", &s->masker, false, false },
        { "rule", &s->rule, false, false },
        { "prompt", &s->prompt, false, false },
        { "inpainted_by", &s->inpainted_by, false, false },
        { "inpainted_sha256", &s->inpainted_sha256, false, true },
        { "reconstructed_by", &s->reconstructed_by, false, false },
        { "reconstructed_sha256", &s->reconstructed_sha256, false, true },
        { NULL, NULL, false, false },
    };
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        int rc = take(s, fields, key, value, e);
        if (rc)
            return rc;
    }
    for (const struct field *f = fields; f->key; f++)
        if (f->needed && (!*f->text || !**f->text))
            return il_fail(e, IL_EFORMAT, "'%s' is missing", f->key);
    if (split_number(s->split) == SPLITS)
        return il_fail(e, IL_EFORMAT, "'split' is \"%s\"; expected train, validation or test", s->split);
    return IL_OK;
}

int il_manifest_add_line(il_manifest *m, const char *line, size_t size, il_err *e)
{
    json_error_t why;
    il_sample s = { .tile = -1 };
    json_t *object = il_json_loadb(line, size, JSON_REJECT_DUPLICATES, &why);
    int rc = IL_OK;
    if (!object)
        rc = il_json_code(IL_EFORMAT) == IL_ENOMEM
                 ? il_fail_oom(e)
                 : il_fail(e, IL_EFORMAT, "invalid JSON: %s; expected one object", why.text);
    else
        rc = json_is_object(object) ? read_sample(&s, object, e) : il_fail(e, IL_EFORMAT, "expected a JSON object");
    if (!rc)
        rc = il_manifest_add(m, &s, e);
    il_sample_free(&s);
    json_decref(object);
    return rc;
}

static int read_lines(il_manifest *m, const char *text, size_t size, const char *path, int complete, il_err *e)
{
    const char *end = text + size, *next = text;
    int rc = IL_OK;
    for (int number = 1; !rc && next < end; number++) {
        const char *line = next, *newline = memchr(line, '\n', (size_t)(end - line));
        if (!newline && !complete)
            break;
        if (!newline)
            return il_fail(e, IL_EFORMAT, "%s:%d: the line has no newline at its end; the file was cut off", path,
                           number);
        rc = il_manifest_add_line(m, line, (size_t)(newline - line), e);
        if (rc)
            il_fail_in(e, "%s:%d", path, number);
        next = newline + 1;
    }
    return rc;
}

int il_manifest_read(il_manifest *out, const char *path, int complete, il_err *e)
{
    il_manifest m = { 0 };
    char *text = NULL;
    size_t size = 0;
    int rc = il_file_read(&text, &size, path, IL_FILE_LIST, e);
    if (!rc)
        rc = read_lines(&m, text, size, path, complete, e);
    free(text);
    if (rc)
        il_manifest_free(&m);
    else
        *out = m;
    return rc;
}
