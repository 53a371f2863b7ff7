/* published_table.h - a published table with what was measured beside it. */
#ifndef IL_REPORT_PUBLISHED_TABLE_H
#define IL_REPORT_PUBLISHED_TABLE_H

#include "report/published.h"
#include "report/table.h"

/* For people, of the rows of il_published_rows. The caller frees *out in any case. */
int il_published_table_make(il_table *out, il_store *s, const il_rows *rows, const il_published_table *p,
                            il_medium medium, il_err *e);
/* Table 1: sizes of splits. */
int il_published_table_splits(il_table *out, il_store *s, const il_published_table *p, il_medium medium, il_err *e);
/* For programs: the rows as the database has them. */
int il_published_table_rows(il_rows *out, il_store *s, const il_published_table *p, const char *experiment, il_err *e);

#endif
