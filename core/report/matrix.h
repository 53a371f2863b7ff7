/* matrix.h - the cells of one experiment: what tells its runs apart, and the parts that were tested on one data set. */
#ifndef IL_MATRIX_H
#define IL_MATRIX_H

#include "store/store.h"

/* Columns of cells. From IL_BY_MODEL to IL_BY_SEED: labels of runs. */
typedef enum il_column {
    IL_BY_RUN, IL_TESTED_DATASET, IL_SPLIT, IL_TESTED_ON, IL_IOU, IL_STATUS, IL_MESSAGE, IL_COLLAPSED, IL_TEST, IL_CELL,
    IL_BY_MODEL, IL_BY_DATASET, IL_BY_POLICY, IL_BY_LOSS, IL_BY_TRAINED_ON, IL_BY_SEED, IL_COLUMNS,
    IL_DEGRADATION = IL_COLUMNS,
    IL_WEIGHTS,   /* tested: best or last */
    IL_AUTHENTIC, /* "1": the test has pictures, and none of them is tampered */
    IL_ALARMS, IL_MARKED,
    IL_UNMATCHED  /* the published table that its grid names and that has no such cell */
} il_column;

/* Distinct texts in the order in which they came; borrowed. */
typedef struct il_distinct {
    const char **items;
    size_t count;
} il_distinct;

/* What was tested on one split of one data set: rows are runs, columns are image kinds, or levels of a degradation. */
typedef struct il_matrix_part {
    const char *dataset, *split;
    const char *degradation; /* "": none, columns are kinds */
    il_distinct kinds, runs;
    bool *authentic; /* by kind: pictures without anything to be found; the column has alarms and marked pixels, no IoU */
} il_matrix_part;

typedef struct il_matrix {
    il_rows cells;
    il_distinct runs;
    size_t *first;          /* of each run: a cell of it */
    bool shown[IL_COLUMNS]; /* labels that tell runs apart; the run's name where they do not suffice */
    il_matrix_part *parts;
    size_t nparts;
} il_matrix;

/* degraded: a part for each kind of degradation, instead of the cells of pictures as they are. */
int il_matrix_read(il_matrix *out, il_store *s, const char *experiment, bool degraded, il_err *e);
void il_matrix_free(il_matrix *m);

const char *il_matrix_at(const il_matrix *m, size_t cell, il_column column); /* "" where NULL */
const char *il_matrix_label(il_column column);                               /* "mask policy" */
bool il_matrix_in(const il_matrix *m, const il_matrix_part *p, size_t cell);
/* A cell of the run of that name; m->cells.count when there is none. */
size_t il_matrix_run(const il_matrix *m, const char *run);
/* The cell in row and column of a part; m->cells.count when the grid does not ask for it. */
size_t il_matrix_find(const il_matrix *m, const il_matrix_part *p, size_t run, size_t kind);

#endif
