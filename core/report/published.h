/* report_published.h - the published tables: what they are called, and what was measured of them. */
#ifndef IL_REPORT_PUBLISHED_H
#define IL_REPORT_PUBLISHED_H

#include "report/best_cell.h"
#include "report/format_markup.h"
#include "report/footnotes.h"

typedef struct il_published_table {
    const char *name, *title;
    const char *labels; /* SQL: columns of published_cells p that tell the rows apart; NULL: table 1, sizes of splits */
} il_published_table;

enum { IL_PUBLISHED_TABLES = 8 };
extern const il_published_table il_published_tables[IL_PUBLISHED_TABLES];

#define IL_PUBLISHED_INTERVAL \
    "Image mean: of each picture's IoU (with several runs, first averaged over runs picture by picture); its interval is a" \
    " bootstrap over pictures, level 0.95."

int il_published_find(const il_published_table **out, const char *name, il_err *e);
/* Was anything of the table measured, or tried? Sizes of splits belong to no experiment. */
int il_published_touched(bool *out, il_store *s, const il_published_table *t, const char *experiment, il_err *e);

/* Which weights were tested, different truths, several runs, collapses, and remarks: in what rows differ from the paper. The
 * column of rows that holds their `deviations` gets the numbers of these. */
int il_published_notes(il_notes *n, il_rows *rows, size_t column, il_store *s, const il_published_table *t,
                       const char *experiment, il_err *e);

/* The labels of a table's rows, then `columns` (SQL over p, the view published_cells, and m: mean, low, high, pictures over
 * pictures, cell where there is one). */
int il_published_rows(il_rows *out, il_store *s, const il_published_table *t, const char *experiment, const char *columns,
                      il_err *e);

/* Marks, in the given column, what is better than all others with the same tested_on. The last three columns are runs,
 * cell and tested_on; rows of several runs take no part. bold: rows x columns. */
int il_published_best(bool *bold, const il_rows *rows, il_store *s, size_t column, il_err *e);

#endif
