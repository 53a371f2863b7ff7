/* matrix.h - the cells of one experiment: what tells its runs apart, and the parts that were tested on one data set. */
#ifndef IL_REPORT_MATRIX_H
#define IL_REPORT_MATRIX_H

#include "report/matrix_axes.h"
#include "report/measure.h"

/* What a run is called by. From IL_BY_MODEL on: its labels. */
typedef enum il_by {
    IL_BY_RUN,
    IL_BY_MODEL,
    IL_BY_DATASET,
    IL_BY_POLICY,
    IL_BY_LOSS,
    IL_BY_TRAINED_ON,
    IL_BY_SEED,
    IL_BYS
} il_by;

/* Texts are lent by the matrix's rows, "" where the database has NULL. */
typedef struct il_matrix_cell {
    int64_t cell, test; /* 0: no test */
    const char *by[IL_BYS];
    const char *tested_dataset, *split, *tested_on; /* tested_on: the image kind, or the level of a degradation */
    const char *degradation;                        /* "": none */
    const char *status, *message;
    const char *weights;      /* tested: best or last */
    const char *unmatched;    /* the published table that its grid names and that has no such cell */
    const char *truth;        /* mask policy that it was measured by */
    const char *settings;     /* what all seeds of its run have in common */
    double value;             /* of the measure that is shown; NAN: undefined */
    double alarms, marked;    /* NAN: undefined */
    int64_t pictures, photos; /* tested; that these were cut from */
    bool done, collapsed;
    bool given;             /* its weights are from elsewhere, and were tested without a training */
    const char *collapse;   /* what its run marks of the validation pictures: nothing, everything, or "": not known */
    bool authentic;         /* the test has pictures, and none of them is tampered */
    size_t run;             /* place in the matrix's runs */
    size_t part, row, kind; /* places in parts, and in the part's runs and kinds */
} il_matrix_cell;

/* Distinct texts in the order in which they came; borrowed. */
typedef struct il_distinct {
    const char **items;
    size_t count, room;
    size_t *places; /* in items, plus one; by hash */
} il_distinct;

/* What was tested on one split of one data set: rows are runs, columns are image kinds, or levels of a degradation. */
typedef struct il_matrix_part {
    const char *dataset, *split;
    const char *degradation; /* "": none, columns are kinds */
    il_distinct kinds, runs;
    bool *
        authentic; /* by kind: pictures without anything to be found; the column has alarms and marked pixels, no IoU */
    size_t *at;    /* runs x kinds: cells, plus one; 0 where the grid asks for none */
} il_matrix_part;

typedef struct il_matrix {
    const char *experiment; /* borrowed */
    il_rows rows;
    il_matrix_cell *cells;
    size_t count;
    il_distinct runs;
    size_t *first;       /* of each run: a cell of it */
    size_t *group;       /* of each run: the first of the runs that differ from it in the seed alone */
    size_t most;         /* runs of one group */
    bool shown[IL_BYS];  /* labels that tell runs apart; the run's name where they and the axes do not suffice */
    il_matrix_axes axes; /* settings that tell runs apart */
    il_measure measure;
    il_matrix_part *parts;
    size_t nparts;
} il_matrix;

/* degraded: a part for each kind of degradation, instead of the cells of pictures as they are. measure: what is shown; NULL:
 * IoU as published. */
int il_matrix_read(il_matrix *out, il_store *s, const char *experiment, bool degraded, const il_measure *measure,
                   il_err *e);
void il_matrix_free(il_matrix *m);

const char *il_matrix_label(il_by by); /* "mask policy" */
/* The label of the first run that has one, "" where none has. */
const char *il_matrix_common(const il_matrix *m, il_by by);
/* A cell of the run of that name; NULL when there is none. */
const il_matrix_cell *il_matrix_run(const il_matrix *m, const char *run);
/* The cell in row and column of a part; NULL when the grid does not ask for it. */
const il_matrix_cell *il_matrix_find(const il_matrix_part *p, const il_matrix *m, size_t run, size_t kind);

#endif
