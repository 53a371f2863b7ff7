/* page_parts.h - the parts of the page that a report is: each is a file of its own and appends to a text. */
#ifndef IL_REPORT_HTML_PAGE_PARTS_H
#define IL_REPORT_HTML_PAGE_PARTS_H

#include "base/html.h"
#include "report/matrix.h"
#include "report/picture_scores.h"
#include "report/table.h"

/* One experiment on the page. */
typedef struct il_chapter {
    il_text *t;
    il_store *s;
    const char *experiment, *title;
    char id[24];      /* begins the ids of its elements */
    char anchors[32]; /* begin the ids of its cells */
    il_matrix m;
    il_picture_scores *pictures; /* of each cell of m */
} il_chapter;

/* ---- shared ---- */

/* "0.740", with a real minus; a dash for what is no finite number. */
void il_page_number(il_text *t, double value);
/* What names a cell's run where a row or a heading has room for one text only; not escaped. */
void il_page_run(il_text *t, const il_matrix *m, const il_matrix_cell *cell);
/* The same of all runs that differ from it in the seed alone. */
void il_page_runs(il_text *t, const il_matrix *m, const il_matrix_cell *cell);
void il_page_put_run(il_chapter *c, const il_matrix_cell *cell); /* escaped, on the page */
/* ", validation", escaped; nothing for the split that is meant where none is told: test. */
void il_page_put_split(il_text *t, const char *split);
/* "<h3 id=…>" with what stands in it. */
void il_page_heading(il_chapter *c, const char *part, const char *heading);
/* Writes the table where it is sound, and frees it in any case. */
int il_page_table(il_text *t, il_table *table, il_err *e);

/* ---- parts of the page ---- */

int il_page_published(il_text *t, il_store *s, const char *experiment, il_err *e);
int il_page_holes(il_text *t, il_store *s, const char *experiment, il_err *e);
int il_page_provenance(il_text *t, il_store *s, const char *experiment, il_err *e);

/* ---- parts of a chapter ---- */

int il_page_cells(il_chapter *c, il_err *e);
int il_page_compare(il_chapter *c, il_err *e);
int il_page_pictures(il_chapter *c, il_err *e);
int il_page_spread(il_chapter *c, il_err *e);
int il_page_sizes(il_chapter *c, il_err *e);
int il_page_robustness(il_chapter *c, il_err *e);
int il_page_curves(il_chapter *c, il_err *e);

#endif
