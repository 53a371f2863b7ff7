/* format.h - tables and rows written down: one file for each format. */
#ifndef IL_REPORT_FORMAT_H
#define IL_REPORT_FORMAT_H

#include <stdio.h>
#include "report/table.h"

typedef enum il_format { IL_FORMAT_TEXT, IL_FORMAT_MD, IL_FORMAT_CSV, IL_FORMAT_LATEX, IL_FORMAT_JSON } il_format;
#define IL_FORMATS "text|md|csv|latex|json" /* what they are called, in that order */

/* A table, or any query's result. CSV and JSON hold the rows alone. */
int il_format_table(FILE *to, const il_table *table, il_format format, il_err *e);
int il_format_rows(FILE *to, const il_rows *rows, il_format format, il_err *e);

int il_format_text(FILE *to, const il_table *table, il_err *e);
int il_format_markdown(FILE *to, const il_table *table, il_err *e);
int il_format_latex(FILE *to, const il_table *table, il_err *e);
void il_format_csv(FILE *to, const il_rows *rows);
int il_format_json(FILE *to, const il_rows *rows, il_err *e);
/* As part of a page, the title as its caption. */
void il_format_html(il_text *to, const il_table *table);

/* One line of CSV: row 0 holds the names. One JSON object on a line of its own: rows count from 0. */
void il_format_csv_line(FILE *to, const il_rows *rows, size_t row);
int il_format_json_line(FILE *to, const il_rows *rows, size_t row, il_err *e);

/* {"NAME": rows, …} as one JSON document. */
typedef struct il_json_part {
    const char *group, *name; /* group NULL: at the top */
    const il_rows *rows;
} il_json_part;
int il_format_json_parts(FILE *to, const il_json_part *parts, size_t count, il_err *e);

#endif
