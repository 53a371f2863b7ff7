/* table_values.c - how values are seen in tables for people. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "report/table_values.h"

void il_table_values_interval(il_text *to, double value, il_interval between)
{
    char texts[3][32];
    il_table_decimals(texts[0], value);
    il_table_decimals(texts[1], between.low);
    il_table_decimals(texts[2], between.high);
    il_text_add(to, isnan(between.low) ? "%s (no interval)" : "%s (%s to %s)", texts[0], texts[1], texts[2]);
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

void il_table_values_see(il_text *to, const il_table *t, size_t row, size_t column, il_escape escape)
{
    const char *value = il_rows_at(&t->rows, row, column);
    char number[32];
    double real = 0;
    if (!value)
        value = "-";
    else if (t->rows.numeric[column] && is_real(value, &real)) {
        if (fabs(real) >= 1e9)
            snprintf(number, sizeof number, "%.3g", real);
        else
            il_table_digits(number, real, 3);
        value = number;
    }
    escape(to, value);
}

int il_table_values_seen(char ***out, const il_table *t, il_escape escape, il_err *e)
{
    size_t columns = t->rows.columns, cells = (t->rows.count + 1) * columns;
    assert(cells > 0);
    char **seen = calloc(cells, sizeof *seen);
    if (!seen)
        return il_fail_oom(e);
    for (size_t i = 0; i < cells; i++) {
        il_text text = { 0 };
        il_text_add(&text, "%s", "");
        if (i < columns)
            escape(&text, t->rows.names[i]);
        else
            il_table_values_see(&text, t, i / columns - 1, i % columns, escape);
        seen[i] = text.data;
        if (text.failed || !text.data) {
            il_table_values_free(seen, t);
            return il_fail_oom(e);
        }
    }
    *out = seen;
    return IL_OK;
}

void il_table_values_free(char **seen, const il_table *t)
{
    for (size_t i = 0; seen && i < (t->rows.count + 1) * t->rows.columns; i++)
        free(seen[i]);
    free(seen);
}

int il_table_values_escaped(FILE *to, const char *before, const char *text, const char *after, il_escape escape,
                            il_err *e)
{
    il_text clean = { 0 };
    escape(&clean, text);
    int rc = clean.failed ? il_fail_oom(e) : IL_OK;
    if (!rc)
        fprintf(to, "%s%s%s", before, clean.data ? clean.data : "", after);
    il_text_free(&clean);
    return rc;
}
