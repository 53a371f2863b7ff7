/* table.c - tables for people, filled value by value. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "report/table.h"

/* Three decimals would leave less of it than so many significant digits, and it is no rounding error. */
static bool is_small(double value)
{
    return fabs(value) < 0.01 && fabs(value) > 1e-12;
}

void il_table_digits(char to[32], double value, int digits)
{
    snprintf(to, 32, "%.3f", value);
    if (is_small(value) && strtod(to, NULL) != value)
        snprintf(to, 32, "%.*g", digits, value);
    if (strcmp(to, "-0.000") == 0)
        memmove(to, to + 1, strlen(to));
}

void il_table_decimals(char to[32], double value)
{
    il_table_digits(to, value, 2);
}

static bool grow(void **list, size_t count, size_t size)
{
    void *more = realloc(*list, count * size);
    if (more)
        *list = more;
    return more != NULL;
}

void il_table_add(il_table *t, const char *name, il_table_column look)
{
    il_rows *r = &t->rows;
    char *copy = il_text_copy(name);
    size_t count = r->columns + 1;
    assert(t->filled == 0);
    if (!copy || !grow((void **)&r->names, count, sizeof *r->names) ||
        !grow((void **)&r->numeric, count, sizeof *r->numeric) ||
        !grow((void **)&t->columns, count, sizeof *t->columns)) {
        free(copy);
        t->failed = true;
        return;
    }
    r->names[r->columns] = copy;
    r->numeric[r->columns] = look.numeric;
    t->columns[r->columns++] = look;
}

static bool has_room(il_table *t)
{
    if (t->failed || t->rows.columns == 0)
        return false;
    if (t->filled < t->room)
        return true;
    size_t more = t->room ? 2 * t->room : 16 * t->rows.columns;
    if (!grow((void **)&t->rows.values, more, sizeof *t->rows.values) ||
        !grow((void **)&t->cells, more, sizeof *t->cells))
        return false;
    t->room = more;
    return true;
}

il_table_cell *il_table_text(il_table *t, const char *text)
{
    char *copy = il_text_copy(text);
    if ((text && !copy) || !has_room(t)) {
        free(copy);
        t->failed = true;
        return &t->no_cell;
    }
    size_t at = t->filled++;
    t->rows.count = (t->filled + t->rows.columns - 1) / t->rows.columns;
    if (at % t->rows.columns == 0)
        memset(t->rows.values + at, 0, t->rows.columns * sizeof *t->rows.values);
    t->rows.values[at] = copy;
    t->cells[at] = (il_table_cell){ 0 };
    return &t->cells[at];
}

il_table_cell *il_table_number(il_table *t, double value)
{
    char text[32];
    il_table_decimals(text, value);
    return il_table_text(t, isfinite(value) ? text : NULL);
}

il_table_cell *il_table_real(il_table *t, double value)
{
    char text[40];
    int size = snprintf(text, sizeof text - 2, "%.15g", value);
    if (!strpbrk(text, ".e"))
        snprintf(text + size, sizeof text - (size_t)size, ".0");
    return il_table_text(t, isnan(value) ? NULL : text);
}

il_table_cell *il_table_int(il_table *t, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    return il_table_text(t, text);
}

void il_table_take(il_table *t, il_rows *rows)
{
    assert(t->rows.columns == 0);
    t->rows = *rows;
    *rows = (il_rows){ 0 };
    t->filled = t->rows.count * t->rows.columns;
    t->columns = calloc(t->rows.columns + 1, sizeof *t->columns);
    if (!t->columns)
        t->failed = true;
}

int il_table_check(const il_table *t, il_err *e)
{
    bool failed = t->failed || t->title.failed || t->label.failed || t->notes.failed;
    for (size_t i = 0; t->cells && i < t->filled; i++)
        failed = failed || t->cells[i].markup.failed || t->cells[i].under.failed;
    return failed ? il_fail_oom(e) : IL_OK;
}

void il_table_free(il_table *t)
{
    for (size_t i = 0; t->cells && i < t->filled; i++) {
        il_text_free(&t->cells[i].markup);
        il_text_free(&t->cells[i].under);
    }
    il_text_free(&t->no_cell.markup);
    il_text_free(&t->no_cell.under);
    free(t->cells);
    free(t->columns);
    il_store_rows_free(&t->rows);
    il_footnotes_free(&t->notes);
    il_text_free(&t->title);
    il_text_free(&t->label);
    *t = (il_table){ 0 };
}
