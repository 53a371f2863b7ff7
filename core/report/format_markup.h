/* report_formats.h - one writer per format; what report.c and report_tables.c share. */
#ifndef IL_REPORT_FORMATS_H
#define IL_REPORT_FORMATS_H

#include "report/report.h"
#include "base/text.h"

#define IL_REPORT_CONVENTION \
    "IoU as published: mean over test batches of each whole batch's IoU. - stands for no value."

enum { IL_REPORT_WIDTH = 100 }; /* characters that a line of text may take */

/* What to print: rows, a title, lines that explain them, and for LaTeX a label and the values in bold (each may be absent). */
typedef struct il_sheet {
    const il_rows *rows;
    const char *title;
    const char *const *notes; /* ended by NULL; NULL: none */
    const char *label;        /* any text; what \label does not take becomes a dash */
    const bool *bold;         /* rows x columns */
} il_sheet;

int il_report_sheet(FILE *to, const il_sheet *sheet, il_format format, il_err *e);

/* Three decimals, and no minus before nothing. */
void il_report_number(char to[32], double value);

/* Names and values as they will be seen, (count + 1) x columns, names first. NULL becomes "-", numbers with a fraction
 * get three decimals, and `escape` writes the text. The caller frees with il_report_seen_free. */
typedef void (*il_escape)(il_text *to, const char *text);
int il_report_seen(char ***out, const il_rows *rows, il_escape escape, il_err *e);
void il_report_seen_free(char **seen, const il_rows *rows);

/* A line of text outside the table. */
int il_report_escaped(FILE *to, const char *before, const char *text, const char *after, il_escape escape, il_err *e);

int il_report_text(FILE *to, const il_sheet *sheet, il_err *e);
int il_report_md(FILE *to, const il_sheet *sheet, il_err *e);
int il_report_latex(FILE *to, const il_sheet *sheet, il_err *e);
int il_report_csv(FILE *to, const il_rows *rows);
int il_report_json(FILE *to, const il_rows *rows, il_err *e);

/* One line of CSV: row 0 holds the names. One JSON object on a line of its own: rows count from 0. */
void il_report_csv_line(FILE *to, const il_rows *rows, size_t row);
int il_report_json_line(FILE *to, const il_rows *rows, size_t row, il_err *e);

typedef struct il_report_named {
    const char *experiment, *title;
} il_report_named;
/* The cells of one experiment, a sheet for each data set and split that it was tested on; gap: an empty line first. */
int il_report_matrix(FILE *to, il_store *s, il_report_named named, il_format format, bool gap, il_err *e);
/* Its degraded cells: a sheet for each data set, image kind and kind of degradation, a column for each level. */
int il_report_levels(FILE *to, il_store *s, il_report_named named, il_format format, bool gap, il_err *e);

/* {"NAME": rows, …} as one JSON document. */
typedef struct il_json_part {
    const char *group, *name; /* group NULL: at the top */
    const il_rows *rows;
} il_json_part;
int il_report_json_parts(FILE *to, const il_json_part *parts, size_t count, il_err *e);

/* Refuses a name that no experiment has; the message tells those there are. NULL is fine. */
int il_report_experiment(il_store *s, const char *name, il_err *e);

#endif
