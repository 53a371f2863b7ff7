/* published.h - the published tables: what they are called, and what was measured of them. */
#ifndef IL_REPORT_PUBLISHED_H
#define IL_REPORT_PUBLISHED_H

#include "report/best_cell.h"

typedef struct il_published_table {
    const char *name, *title;
    const char *labels; /* SQL: columns of published_cells p that tell the rows apart; NULL: table 1, sizes of splits */
} il_published_table;

enum { IL_PUBLISHED_TABLES = 8 };
extern const il_published_table il_published_tables[IL_PUBLISHED_TABLES];

int il_published_find(const il_published_table **out, const char *name, il_err *e);
/* Was anything of the table measured, or tried? Sizes of splits belong to no experiment. */
int il_published_touched(bool *out, il_store *s, const il_published_table *t, const char *experiment, il_err *e);

/* The labels of a table's rows, then published, measured (or what became of it), difference, is_measured, state, runs, lowest,
 * highest, collapsed, weights, remark; over pictures (all NULL unless asked for): "image mean", low, high, "95% interval",
 * pictures, cell where there is one; and place, which tells those that rival each other. */
int il_published_rows(il_rows *out, il_store *s, const il_published_table *t, const char *experiment, bool pictures,
                      il_err *e);

/* Which rows are better than all others in the same place; rows of several runs take no part. */
int il_published_best(bool *best, const il_rows *rows, il_store *s, il_err *e);

#endif
