/* rows.h - what a query found: every value as text, read by the name of its column. */
#ifndef IL_STORE_ROWS_H
#define IL_STORE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every value as text, NULL where SQL says NULL. `numeric` tells the columns whose every value is a number. */
typedef struct il_rows {
    size_t columns, count;
    char **names;  /* columns */
    char **values; /* count * columns, row-major */
    bool *numeric; /* columns */
} il_rows;

/* Its place, for loops over many rows. A name that no column has is a bug of the caller; of two with the name, the first. */
size_t il_rows_column(const il_rows *rows, const char *name);

const char *il_rows_at(const il_rows *rows, size_t row, size_t column); /* lent; NULL where NULL */
const char *il_rows_text(const il_rows *rows, size_t row, const char *column);
/* "" where NULL. */
const char *il_rows_word(const il_rows *rows, size_t row, const char *column);
double il_rows_real(const il_rows *rows, size_t row, const char *column); /* NAN where NULL */
int64_t il_rows_int(const il_rows *rows, size_t row, const char *column); /* 0 where NULL */

#endif
