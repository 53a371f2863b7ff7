/* report_formats.c - rows as Markdown, CSV and JSON. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "report/format_markup.h"

/* ---- Markdown ---- */

static void escape_md(il_text *to, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c < 0x20 || *c == 0x7f)
            il_words_add(to, " ");
        else if (*c == '<')
            il_words_add(to, "&lt;");
        else
            il_words_add(to, strchr("|\\`*[]", *c) ? "\\%c" : "%c", *c);
    }
}

int il_report_escaped(FILE *to, const char *before, const char *text, const char *after, il_escape escape, il_err *e)
{
    il_text clean = { 0 };
    escape(&clean, text);
    int rc = clean.failed ? il_fail_oom(e) : IL_OK;
    if (rc == IL_OK)
        fprintf(to, "%s%s%s", before, clean.data ? clean.data : "", after);
    il_words_free(&clean);
    return rc;
}

int il_report_md(FILE *to, const il_sheet *sheet, il_err *e)
{
    const il_rows *rows = sheet->rows;
    char **seen = NULL;
    int rc = il_report_seen(&seen, rows, escape_md, e);
    if (rc == IL_OK && sheet->title)
        rc = il_report_escaped(to, "**", sheet->title, "**\n\n", escape_md, e);
    for (size_t row = 0; rc == IL_OK && row <= rows->count; row++) {
        for (size_t i = 0; i < rows->columns; i++)
            fprintf(to, "| %s ", seen[row * rows->columns + i]);
        fputs("|\n", to);
        for (size_t i = 0; row == 0 && i < rows->columns; i++)
            fputs(rows->numeric[i] ? "| ---: " : "| --- ", to);
        if (row == 0)
            fputs("|\n", to);
    }
    for (size_t i = 0; rc == IL_OK && sheet->notes && sheet->notes[i]; i++)
        rc = il_report_escaped(to, "\n", sheet->notes[i], "\n", escape_md, e);
    il_report_seen_free(seen, rows);
    return rc;
}

/* ---- CSV, as RFC 4180 has it: NULL is an empty field, an empty text is "" ---- */

static void put_csv(FILE *to, const char *text)
{
    if (!text)
        return;
    if (*text && !strpbrk(text, ",\"\r\n")) {
        fputs(text, to);
        return;
    }
    fputc('"', to);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', to);
        fputc(*text, to);
    }
    fputc('"', to);
}

void il_report_csv_line(FILE *to, const il_rows *rows, size_t row)
{
    for (size_t i = 0; i < rows->columns; i++) {
        if (i)
            fputc(',', to);
        put_csv(to, row == 0 ? rows->names[i] : rows->values[(row - 1) * rows->columns + i]);
    }
    fputs("\r\n", to);
}

int il_report_csv(FILE *to, const il_rows *rows)
{
    for (size_t row = 0; row <= rows->count; row++)
        il_report_csv_line(to, rows, row);
    return IL_OK;
}

/* ---- JSON: numbers are numbers, NULL and infinities are null ---- */

static json_t *json_value(const il_rows *rows, size_t row, size_t column)
{
    const char *text = rows->values[row * rows->columns + column];
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
            return il_fail(e, IL_EFORMAT, "row %zu, %s: no valid UTF-8, so JSON cannot hold it", row + 1, rows->names[i]);
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
        if (rc != IL_OK) {
            json_decref(list);
            return rc;
        }
        json_array_append_new(list, object);
    }
    *out = list;
    return list ? IL_OK : il_fail_oom(e);
}

int il_report_json_line(FILE *to, const il_rows *rows, size_t row, il_err *e)
{
    json_t *object = NULL;
    il_json_begin();
    int rc = json_row(&object, rows, row, e);
    if (rc == IL_OK)
        rc = il_json_put(to, object, JSON_COMPACT | JSON_REAL_PRECISION(15), e);
    json_decref(object);
    if (rc == IL_OK)
        fputc('\n', to);
    return rc;
}

static int dump(FILE *to, const json_t *document, il_err *e)
{
    int rc = il_json_short() ? il_fail_oom(e) : il_json_put(to, document, JSON_INDENT(2) | JSON_REAL_PRECISION(15), e);
    if (rc)
        return rc == IL_ENOMEM ? rc : il_fail(e, rc, "the report cannot be written");
    fputc('\n', to);
    return IL_OK;
}

int il_report_json(FILE *to, const il_rows *rows, il_err *e)
{
    json_t *list = NULL;
    il_json_begin();
    int rc = json_rows(&list, rows, e);
    if (rc == IL_OK)
        rc = dump(to, list, e);
    json_decref(list);
    return rc;
}

int il_report_json_parts(FILE *to, const il_json_part *parts, size_t count, il_err *e)
{
    il_json_begin();
    json_t *document = json_object();
    int rc = document ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; rc == IL_OK && i < count; i++) {
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
        if (rc == IL_OK && json_object_set_new(place, parts[i].name, list) != 0)
            rc = il_fail_oom(e);
    }
    if (rc == IL_OK)
        rc = dump(to, document, e);
    json_decref(document);
    return rc;
}
