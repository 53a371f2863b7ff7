/* rows.c - values of a query's result by the names of their columns. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "store/rows.h"

size_t il_rows_column(const il_rows *rows, const char *name)
{
    for (size_t i = 0; i < rows->columns; i++)
        if (strcmp(rows->names[i], name) == 0)
            return i;
    assert(!"the query has no column of this name");
    return rows->columns; /* without assertions it has no value */
}

const char *il_rows_at(const il_rows *rows, size_t row, size_t column)
{
    assert(row < rows->count);
    return row < rows->count && column < rows->columns ? rows->values[row * rows->columns + column] : NULL;
}

const char *il_rows_text(const il_rows *rows, size_t row, const char *column)
{
    return il_rows_at(rows, row, il_rows_column(rows, column));
}

const char *il_rows_word(const il_rows *rows, size_t row, const char *column)
{
    const char *text = il_rows_text(rows, row, column);
    return text ? text : "";
}

double il_rows_real(const il_rows *rows, size_t row, const char *column)
{
    const char *text = il_rows_text(rows, row, column);
    return text ? strtod(text, NULL) : NAN;
}

int64_t il_rows_int(const il_rows *rows, size_t row, const char *column)
{
    const char *text = il_rows_text(rows, row, column);
    return text ? strtoll(text, NULL, 10) : 0;
}
