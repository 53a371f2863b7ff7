/* report.c - rows for people: how a value is seen, and plain text. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "report/format_markup.h"

/* ---- values as they are seen ---- */

void il_report_number(char to[32], double value)
{
    snprintf(to, 32, "%.3f", value);
    if (strcmp(to, "-0.000") == 0)
        memmove(to, to + 1, strlen(to));
}

/* Is it a number with a fraction, as SQLite writes it? */
static int is_real(const char *text, double *value)
{
    char *end = NULL;
    if (!strpbrk(text, ".e"))
        return 0;
    *value = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*value);
}

static void see_value(il_text *to, const il_rows *rows, size_t row, size_t column, il_escape escape)
{
    const char *value = rows->values[row * rows->columns + column];
    char number[32];
    double real = 0;
    if (!value)
        value = "-";
    else if (rows->numeric[column] && is_real(value, &real)) {
        if (real != 0 && (fabs(real) < 0.0005 || fabs(real) >= 1e9))
            snprintf(number, sizeof number, "%.3g", real);
        else
            il_report_number(number, real);
        value = number;
    }
    escape(to, value);
}

int il_report_seen(char ***out, const il_rows *rows, il_escape escape, il_err *e)
{
    size_t cells = (rows->count + 1) * rows->columns;
    assert(cells > 0);
    char **seen = calloc(cells, sizeof *seen);
    if (!seen)
        return il_fail_oom(e);
    for (size_t i = 0; i < cells; i++) {
        il_text text = { 0 };
        il_words_add(&text, "%s", "");
        if (i < rows->columns)
            escape(&text, rows->names[i]);
        else
            see_value(&text, rows, i / rows->columns - 1, i % rows->columns, escape);
        seen[i] = text.data;
        if (text.failed || !text.data) {
            il_report_seen_free(seen, rows);
            return il_fail_oom(e);
        }
    }
    *out = seen;
    return IL_OK;
}

void il_report_seen_free(char **seen, const il_rows *rows)
{
    for (size_t i = 0; seen && i < (rows->count + 1) * rows->columns; i++)
        free(seen[i]);
    free(seen);
}

/* ---- plain text ---- */

/* Control characters would move the cursor or change colours. */
static void escape_text(il_text *to, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '\n')
            il_words_add(to, "\\n");
        else if (*c == '\t')
            il_words_add(to, "\\t");
        else if (*c < 0x20 || *c == 0x7f)
            il_words_add(to, "\\x%02x", *c);
        else
            il_words_add(to, "%c", *c);
    }
}

/* Characters, not bytes; NULL has none. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (const char *c = text; c && *c; c++)
        width += ((unsigned char)*c & 0xc0) != 0x80;
    return width;
}

static void put_padded(FILE *to, const char *text, size_t width, bool right)
{
    int pad = (int)(width - width_of(text));
    fprintf(to, "%*s%s%*s", right ? pad : 0, "", text, right ? 0 : pad, "");
}

static bool is_blank(const char *text)
{
    return !text || !*text;
}

static void put_line(FILE *to, const il_rows *rows, char *const *values, const size_t *widths)
{
    size_t last = rows->columns;
    while (last > 1 && is_blank(values[last - 1]))
        last--; /* no blanks at the end */
    for (size_t i = 0; i + 1 < last; i++) {
        put_padded(to, values[i], widths[i], rows->numeric[i]);
        fputs("  ", to);
    }
    bool right = rows->numeric[last - 1] && !is_blank(values[last - 1]);
    put_padded(to, values[last - 1], right ? widths[last - 1] : width_of(values[last - 1]), right);
    fputc('\n', to);
}

static void put_columns(FILE *to, const il_rows *rows, char *const *seen, const size_t *widths)
{
    put_line(to, rows, seen, widths);
    for (size_t i = 0; i < rows->columns; i++) {
        for (size_t dash = 0; dash < widths[i]; dash++)
            fputc('-', to);
        fputs(i + 1 == rows->columns ? "\n" : "  ", to);
    }
    for (size_t row = 1; row <= rows->count; row++)
        put_line(to, rows, seen + row * rows->columns, widths);
    if (rows->count == 0)
        fputs("(no rows)\n", to);
}

/* Too wide for columns: one line per value. */
static void put_records(FILE *to, const il_rows *rows, char *const *seen)
{
    size_t width = 0;
    for (size_t i = 0; i < rows->columns; i++)
        width = width_of(seen[i]) > width ? width_of(seen[i]) : width;
    for (size_t row = 1; row <= rows->count; row++) {
        fprintf(to, "%srow %zu\n", row > 1 ? "\n" : "", row);
        for (size_t i = 0; i < rows->columns; i++) {
            fputs("  ", to);
            put_padded(to, seen[i], width, false);
            fprintf(to, "  %s\n", seen[row * rows->columns + i]);
        }
    }
}

/* Breaks at spaces, where it cuts the text; what goes on is indented. */
static void put_wrapped(FILE *to, char *text)
{
    size_t used = 0;
    while (*text) {
        char *word = text;
        text += strcspn(text, " ");
        char *next = text + strspn(text, " ");
        *text = '\0';
        size_t width = width_of(word);
        if (used && used + 1 + width > IL_REPORT_WIDTH) {
            fputs("\n ", to);
            used = 1;
        }
        fprintf(to, "%s%s", used ? " " : "", word);
        used += width + (used ? 1 : 0);
        text = next;
    }
    fputc('\n', to);
}

static int put_lines(FILE *to, const char *text, il_err *e)
{
    il_text clean = { 0 };
    escape_text(&clean, text);
    int rc = clean.failed ? il_fail_oom(e) : IL_OK;
    if (rc == IL_OK && clean.data)
        put_wrapped(to, clean.data);
    il_words_free(&clean);
    return rc;
}

int il_report_text(FILE *to, const il_sheet *sheet, il_err *e)
{
    const il_rows *rows = sheet->rows;
    char **seen = NULL;
    size_t *widths = calloc(rows->columns + 1, sizeof *widths), total = 0;
    int rc = widths ? il_report_seen(&seen, rows, escape_text, e) : il_fail_oom(e);
    if (rc == IL_OK && sheet->title)
        rc = put_lines(to, sheet->title, e);
    if (rc != IL_OK)
        goto done;
    for (size_t i = 0; i < (rows->count + 1) * rows->columns; i++) {
        size_t width = width_of(seen[i]), column = i % rows->columns;
        widths[column] = width > widths[column] ? width : widths[column];
    }
    for (size_t i = 0; i < rows->columns; i++)
        total += widths[i] + (i ? 2 : 0);
    if (total <= IL_REPORT_WIDTH || rows->count == 0 || rows->columns == 1)
        put_columns(to, rows, seen, widths);
    else
        put_records(to, rows, seen);
    for (size_t i = 0; rc == IL_OK && sheet->notes && sheet->notes[i]; i++)
        rc = put_lines(to, sheet->notes[i], e);
done:
    il_report_seen_free(seen, rows);
    free(widths);
    return rc;
}

/* ---- any format ---- */

int il_report_sheet(FILE *to, const il_sheet *sheet, il_format format, il_err *e)
{
    int rc = IL_OK;
    assert(sheet->rows->columns > 0);
    switch (format) {
    case IL_FORMAT_TEXT:
        rc = il_report_text(to, sheet, e);
        break;
    case IL_FORMAT_MD:
        rc = il_report_md(to, sheet, e);
        break;
    case IL_FORMAT_LATEX:
        rc = il_report_latex(to, sheet, e);
        break;
    case IL_FORMAT_CSV:
        rc = il_report_csv(to, sheet->rows);
        break;
    case IL_FORMAT_JSON:
        rc = il_report_json(to, sheet->rows, e);
        break;
    }
    if (rc == IL_OK && ferror(to))
        return il_fail(e, IL_EIO, "the report cannot be written");
    return rc;
}

int il_report_rows(FILE *to, const il_rows *rows, il_format format, const char *title, il_err *e)
{
    return il_report_sheet(to, &(il_sheet){ .rows = rows, .title = title }, format, e);
}
