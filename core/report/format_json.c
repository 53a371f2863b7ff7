/* format_json.c - rows as JSON: numbers are numbers, NULL and infinities are null. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "report/format.h"

static json_t *json_value(const il_rows *rows, size_t row, size_t column)
{
    const char *text = il_rows_at(rows, row, column);
    if (!text)
        return json_null();
    if (!rows->numeric[column])
        return json_string(text);
    if (!strpbrk(text, ".e") && !strstr(text, "Inf"))
        return json_integer(strtoll(text, NULL, 10));
    double value = strtod(text, NULL);
    return isfinite(value) ? json_real(value) : json_null();
}

/* A name that comes again gets a number, so that no value is lost. */
static int set_named(json_t *object, const char *name, json_t *value)
{
    char numbered[256];
    snprintf(numbered, sizeof numbered, "%s", name);
    for (int i = 2; json_object_get(object, numbered); i++)
        snprintf(numbered, sizeof numbered, "%.200s_%d", name, i);
    return json_object_set_new(object, numbered, value);
}

static int json_row(json_t **out, const il_rows *rows, size_t row, il_err *e)
{
    json_t *object = json_object();
    for (size_t i = 0; i < rows->columns; i++) {
        json_t *value = json_value(rows, row, i);
        if (!value || set_named(object, rows->names[i], value) != 0) {
            json_decref(object);
            if (il_json_short())
                return il_fail_oom(e);
            return il_fail(e, IL_EFORMAT, "row %zu, %s: must be valid UTF-8 to be written as JSON", row + 1,
                           rows->names[i]);
        }
    }
    *out = object;
    return object ? IL_OK : il_fail_oom(e);
}

static int json_rows(json_t **out, const il_rows *rows, il_err *e)
{
    json_t *list = json_array();
    for (size_t row = 0; list && row < rows->count; row++) {
        json_t *object = NULL;
        int rc = json_row(&object, rows, row, e);
        if (rc) {
            json_decref(list);
            return rc;
        }
        json_array_append_new(list, object);
    }
    *out = list;
    return list ? IL_OK : il_fail_oom(e);
}

int il_format_json_line(FILE *to, const il_rows *rows, size_t row, il_err *e)
{
    json_t *object = NULL;
    il_json_begin();
    int rc = json_row(&object, rows, row, e);
    if (!rc)
        rc = il_json_put(to, object, JSON_COMPACT | JSON_REAL_PRECISION(15), e);
    json_decref(object);
    if (!rc)
        fputc('\n', to);
    return rc;
}

static int dump(FILE *to, const json_t *document, il_err *e)
{
    int rc = il_json_short() ? il_fail_oom(e) : il_json_put(to, document, JSON_INDENT(2) | JSON_REAL_PRECISION(15), e);
    if (rc)
        return rc == IL_ENOMEM ? rc : il_fail(e, rc, "cannot write the output");
    fputc('\n', to);
    return IL_OK;
}

int il_format_json(FILE *to, const il_rows *rows, il_err *e)
{
    json_t *list = NULL;
    il_json_begin();
    int rc = json_rows(&list, rows, e);
    if (!rc)
        rc = dump(to, list, e);
    json_decref(list);
    return rc;
}

int il_format_json_parts(FILE *to, const il_json_part *parts, size_t count, il_err *e)
{
    il_json_begin();
    json_t *document = json_object();
    int rc = document ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; !rc && i < count; i++) {
        json_t *list = NULL, *place = document;
        if (parts[i].group) {
            place = json_object_get(document, parts[i].group);
            if (!place) {
                place = json_object();
                json_object_set_new(document, parts[i].group, place);
            }
        }
        if (!parts[i].rows)
            continue;
        rc = json_rows(&list, parts[i].rows, e);
        if (!rc && json_object_set_new(place, parts[i].name, list) != 0)
            rc = il_fail_oom(e);
    }
    if (!rc)
        rc = dump(to, document, e);
    json_decref(document);
    return rc;
}
