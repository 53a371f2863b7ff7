/* options.c - typed options from a JSON file. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "diffusion/options.h"

struct il_options {
    char *path;
    json_t *root;
    il_err error;
};

static int load(il_options *c, il_err *e)
{
    int rc = il_json_read(&c->root, c->path, IL_FILE_SETTINGS, JSON_REJECT_DUPLICATES, e);
    if (rc)
        return rc;
    if (!json_is_object(c->root))
        return il_fail(e, IL_EFORMAT, "%s: expected a JSON object", c->path);
    return IL_OK;
}

int il_options_open(il_options **out, const char *folder, const char *name, il_err *e)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    il_options *c = calloc(1, sizeof *c);
    int rc;
    if (!c)
        return il_fail_oom(e);
    c->path = malloc(size);
    if (!c->path) {
        rc = il_fail_oom(e);
        goto done;
    }
    snprintf(c->path, size, "%s/%s", folder, name);
    rc = load(c, e);
    if (rc)
        goto done;
    *out = c;
    c = NULL;
done:
    il_options_free(c);
    return rc;
}

int il_options_parse(il_options **out, const char *name, const char *text, il_err *e)
{
    il_options *c = calloc(1, sizeof *c);
    if (!c)
        return il_fail_oom(e);
    c->path = il_text_copy(name);
    c->root = il_json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (!c->path || !c->root) {
        il_options_free(c);
        return il_fail_oom(e); /* the text is ours */
    }
    *out = c;
    return IL_OK;
}

void il_options_free(il_options *c)
{
    if (!c)
        return;
    json_decref(c->root);
    free(c->path);
    free(c);
}

int il_options_status(const il_options *c, il_err *e)
{
    if (c->error.code != IL_OK && e)
        *e = c->error;
    return c->error.code;
}

/* NULL when absent or null. */
static json_t *find(const il_options *c, const char *key)
{
    json_t *v = json_object_get(c->root, key);
    return json_is_null(v) ? NULL : v;
}

bool il_options_has(const il_options *c, const char *key)
{
    return find(c, key) != NULL;
}

void il_options_refuse(il_options *c, const char *key, const char *format, ...)
{
    enum { SHOWN = 60 };
    if (c->error.code != IL_OK)
        return;
    char expected[500];
    va_list args;
    va_start(args, format);
    vsnprintf(expected, sizeof expected, format, args);
    va_end(args);
    json_t *v = json_object_get(c->root, key);
    if (!v) {
        il_fail(&c->error, IL_EFORMAT, "%s: '%s' is missing; expected %s", c->path, key, expected);
        return;
    }
    char *text = il_json_text(v, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9));
    if (text)
        il_fail(&c->error, IL_EFORMAT, "%s: '%s' is %.*s%s; expected %s", c->path, key, SHOWN, text,
                strlen(text) > SHOWN ? "…" : "", expected);
    else
        il_fail_oom(&c->error);
    free(text);
}

/* ---- single values ---- */

static bool is_whole(const json_t *v, il_options_range r)
{
    return json_is_integer(v) && json_integer_value(v) >= r.low && json_integer_value(v) <= r.high;
}

int il_options_int(il_options *c, const char *key, il_options_range r)
{
    json_t *v = find(c, key);
    if (v && is_whole(v, r))
        return (int)json_integer_value(v);
    if (v)
        il_options_refuse(c, key, "an integer from %d to %d", r.low, r.high);
    return r.fallback;
}

double il_options_real(il_options *c, const char *key, double fallback)
{
    json_t *v = find(c, key);
    if (json_is_number(v) && isfinite(json_number_value(v)))
        return json_number_value(v);
    if (v)
        il_options_refuse(c, key, "a number");
    return fallback;
}

bool il_options_bool(il_options *c, const char *key, bool fallback)
{
    json_t *v = find(c, key);
    if (json_is_boolean(v))
        return json_is_true(v);
    if (v)
        il_options_refuse(c, key, "true or false");
    return fallback;
}

/* ---- lists and names ---- */

int il_options_ints(il_options *c, const char *key, int *out, int most, il_options_range r)
{
    json_t *v = find(c, key);
    if (!v)
        return 0;
    if (is_whole(v, r)) {
        out[0] = (int)json_integer_value(v);
        return 1;
    }
    size_t count = json_array_size(v);
    bool fits = count >= 1 && count <= (size_t)most;
    for (size_t i = 0; fits && i < count; i++) {
        fits = is_whole(json_array_get(v, i), r);
        out[i] = fits ? (int)json_integer_value(json_array_get(v, i)) : 0;
    }
    if (fits)
        return (int)count;
    il_options_refuse(c, key, "1 to %d integers from %d to %d", most, r.low, r.high);
    return 0;
}

/* The index of a text among the names, or -1. */
static int name_index(const json_t *v, const char *const *names)
{
    const char *text = json_string_value(v);
    for (int i = 0; text && names[i]; i++)
        if (strcmp(text, names[i]) == 0)
            return i;
    return -1;
}

/* "a, b or c" */
static void list_names(char *out, size_t size, const char *const *names)
{
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; names[i] && used < size; i++) {
        const char *lead = i == 0 ? "" : names[i + 1] ? ", " : " or ";
        used += (size_t)snprintf(out + used, size - used, "%s%s", lead, names[i]);
    }
}

int il_options_choice(il_options *c, const char *key, const char *const *names, int fallback)
{
    json_t *v = find(c, key);
    int i = v ? name_index(v, names) : fallback;
    if (i >= 0)
        return i;
    char list[300];
    list_names(list, sizeof list, names);
    il_options_refuse(c, key, "%s", list);
    return fallback;
}

bool il_options_choices(il_options *c, const char *key, const char *const *names, int *out, int count)
{
    json_t *v = find(c, key);
    if (!v)
        return false;
    bool fits = json_array_size(v) == (size_t)count;
    for (int i = 0; fits && i < count; i++)
        fits = name_index(json_array_get(v, (size_t)i), names) >= 0;
    if (!fits) {
        char list[300];
        list_names(list, sizeof list, names);
        il_options_refuse(c, key, "a list of %d, each %s", count, list);
        return false;
    }
    for (int i = 0; i < count; i++)
        out[i] = name_index(json_array_get(v, (size_t)i), names);
    return true;
}

/* ---- supported values ---- */

/* 1 and 1.0 are equal. */
static bool same(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b))
        return json_number_value(a) == json_number_value(b);
    return json_equal(a, b);
}

static bool any_of(const json_t *list, const json_t *v)
{
    size_t i;
    json_t *x;
    json_array_foreach(list, i, x) if (same(x, v)) return true;
    return false;
}

void il_options_check(il_options *c, const il_options_rule *rules)
{
    for (; rules->key && c->error.code == IL_OK; rules++) {
        json_t *v = json_object_get(c->root, rules->key), *list;
        if (!v)
            continue;
        list = il_json_loads(rules->supported, 0, NULL);
        if (!list)
            il_fail_oom(&c->error);
        else if (!any_of(list, v)) {
            size_t n = strlen(rules->supported);
            il_options_refuse(c, rules->key, "%s%.*s", json_array_size(list) > 1 ? "one of " : "", (int)n - 2,
                              rules->supported + 1);
        }
        json_decref(list);
    }
}
