/* report_html.h - the report as one page that needs nothing else. Its parts append to a text; each is a file of its own. */
#ifndef IL_REPORT_HTML_H
#define IL_REPORT_HTML_H

#include "base/html.h"
#include "report/matrix.h"
#include "report/format_markup.h"
#include "store/stats/stats.h"

/* The pictures of one cell, in the order of their ids. Empty when the cell is not measured. */
typedef struct il_pictures_of {
    double *iou;   /* NAN: undefined */
    double *share; /* tampered pixels of all */
    size_t count, defined, authentic;
    double mean;   /* of the IoU where it is defined */
    il_interval between;
} il_pictures_of;

/* One experiment on the page. */
typedef struct il_chapter {
    il_text *t;
    il_store *s;
    const char *experiment;
    char id[24]; /* begins the ids of its elements */
    il_matrix m;
    il_pictures_of *pictures; /* of each cell */
} il_chapter;

/* ---- shared ---- */

/* "0.740", or a dash for NAN. */
void il_report_html_number(il_text *t, double value);
/* "+0.012", with a real minus; a dash for NAN. */
void il_report_html_signed(il_text *t, double value);
void il_report_html_between(il_text *t, il_interval between);
bool il_report_html_measured(const il_chapter *c, size_t cell);
/* What names a cell's run where a row or a heading has room for one text only. */
void il_report_html_run(il_chapter *c, size_t cell);
/* Header cells, or values, of the labels that tell runs apart. */
void il_report_html_label_heads(il_chapter *c);
void il_report_html_labels(il_chapter *c, size_t cell);
/* "<h3 id=…>" with what stands in it. */
void il_report_html_heading(il_chapter *c, const char *part, const char *heading);

/* ---- parts of the page ---- */

int il_report_html_published(il_text *t, il_store *s, const char *experiment, bool *any, il_err *e);
int il_report_html_holes(il_text *t, il_store *s, const char *experiment, il_err *e);
int il_report_html_runs(il_text *t, il_store *s, const char *experiment, il_err *e);
void il_report_html_reading(il_text *t);

/* ---- parts of a chapter ---- */

int il_report_html_matrix(il_chapter *c, il_err *e);
int il_report_html_compare(il_chapter *c, il_err *e);
int il_report_html_pictures(il_chapter *c, il_err *e);
int il_report_html_spread(il_chapter *c, il_err *e);
int il_report_html_sizes(il_chapter *c, il_err *e);
int il_report_html_robustness(il_chapter *c, il_err *e);
int il_report_html_curves(il_chapter *c, il_err *e);

#endif
