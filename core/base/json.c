/* json.c - jansson with an eye on its allocations. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/utf8.h"

static _Thread_local bool lacking;  /* since il_json_begin */
static _Thread_local bool is_short; /* in the last call of a function below */

static void *allocate(size_t size)
{
    void *block = malloc(size);
    is_short = is_short || !block;
    lacking = lacking || !block;
    return block;
}

/* Before any thread may use jansson: its pointers have no lock. */
__attribute__((constructor)) static void watch_allocations(void)
{
    json_set_alloc_funcs(allocate, free);
}

void il_json_begin(void)
{
    lacking = false;
}

bool il_json_short(void)
{
    return lacking;
}

void il_json_lacks(void)
{
    lacking = true;
}

int il_json_code(int code)
{
    return is_short ? IL_ENOMEM : code;
}

static json_t *whole(json_t *value)
{
    if (!is_short)
        return value;
    json_decref(value);
    return NULL;
}

json_t *il_json_loads(const char *text, size_t flags, json_error_t *why)
{
    is_short = false;
    return whole(json_loads(il_utf8_after_mark(text), flags, why));
}

json_t *il_json_loadb(const char *text, size_t size, size_t flags, json_error_t *why)
{
    size_t mark = il_utf8_mark(text, size);
    is_short = false;
    return whole(json_loadb(text + mark, size - mark, flags, why));
}

int il_json_read(json_t **out, const char *path, uint64_t most, size_t flags, il_err *e)
{
    char *text = NULL;
    size_t size = 0;
    json_error_t why;
    int rc = il_file_read(&text, &size, path, most, e);
    if (rc)
        return rc;
    json_t *value = il_json_loadb(text, size, flags, &why);
    free(text);
    if (!value && is_short)
        return il_fail_oom(e);
    if (!value)
        return il_fail(e, IL_EFORMAT, "%s:%d: invalid JSON: %s", path, why.line, why.text);
    *out = value;
    return IL_OK;
}

char *il_json_text(const json_t *value, size_t flags)
{
    is_short = false;
    char *text = value ? json_dumps(value, flags) : NULL;
    if (!is_short)
        return text;
    free(text);
    return NULL;
}

/* What could steer a terminal stands only within strings, where its number means the same. */
char *il_json_shown(const json_t *value, size_t flags)
{
    char *text = il_json_text(value, flags);
    const char *at = text, *from = text; /* from: what is not copied yet */
    il_text shown = { 0 };
    for (size_t left = text ? strlen(text) : 0, used; left; at += used, left -= used) {
        int32_t code = il_utf8_next(at, left, &used);
        if (code <= 0x7f || !il_utf8_is_control(code))
            continue;
        il_text_add(&shown, "%.*s\\u%04x", (int)(at - from), from, (unsigned)code);
        from = at + used;
    }
    if (from == text) /* nothing to replace */
        return text;
    il_text_add(&shown, "%s", from);
    free(text);
    if (!shown.failed)
        return shown.data;
    il_text_free(&shown);
    return NULL;
}

bool il_json_digest(il_digest *out, const json_t *object)
{
    json_t *rest = json_copy((json_t *)object);
    json_object_del(rest, "sha256");
    char *text = il_json_text(rest, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
    if (text)
        *out = il_sha256(text, strlen(text));
    json_decref(rest);
    free(text);
    return text != NULL;
}

int il_json_put(FILE *to, const json_t *value, size_t flags, il_err *e)
{
    char *text = il_json_shown(value, flags);
    if (!text)
        return il_fail_oom(e);
    errno = 0;
    int rc = fputs(text, to) == EOF ? il_fail(e, il_file_code(errno), "the JSON cannot be written") : IL_OK;
    free(text);
    return rc;
}
