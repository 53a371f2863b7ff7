/* table_values.h - how values are seen in tables for people. */
#ifndef IL_REPORT_TABLE_VALUES_H
#define IL_REPORT_TABLE_VALUES_H

#include <stdio.h>
#include "report/table.h"
#include "store/stats/stats.h"

/* "0.740 (0.712 to 0.768)", as pages have it. */
void il_table_values_interval(il_text *to, double value, il_interval between);

/* Writes text so that a format takes it as it is. */
typedef void (*il_escape)(il_text *to, const char *text);

/* One value: NULL becomes "-", and numbers with a fraction get three decimals, small ones three digits. */
void il_table_values_see(il_text *to, const il_table *t, size_t row, size_t column, il_escape escape);

/* Names and values as they will be seen, (count + 1) x columns, names first. The caller frees with il_table_values_free. */
int il_table_values_seen(char ***out, const il_table *t, il_escape escape, il_err *e);
void il_table_values_free(char **seen, const il_table *t);

/* A line of text outside the table. */
int il_table_values_escaped(FILE *to, const char *before, const char *text, const char *after, il_escape escape,
                            il_err *e);

#endif
