/* experiment_table.h - the cells of one experiment: a row per run, a column per image kind, or per level of a degradation. */
#ifndef IL_REPORT_EXPERIMENT_TABLE_H
#define IL_REPORT_EXPERIMENT_TABLE_H

#include "report/matrix.h"
#include "report/picture_scores.h"
#include "report/table.h"

/* What is shown, and for whom. */
typedef struct il_experiment_view {
    const char *name, *title;
    il_medium medium;
    const il_picture_scores *pictures; /* of each cell of the matrix; needed for a page alone */
    const char *anchors;               /* of a page: begin the ids of its cells */
} il_experiment_view;

/* One part of the matrix with all that is to be said of it. The caller frees *out in any case. */
int il_experiment_table(il_table *out, il_store *s, const il_matrix *m, size_t part, const il_experiment_view *view,
                        il_err *e);

/* Columns for the labels that tell runs apart, and a cell's values in them; the last of these is returned. */
void il_experiment_label_columns(il_table *t, const il_matrix *m);
il_table_cell *il_experiment_labels(il_table *t, const il_matrix *m, const il_matrix_cell *c);

#endif
