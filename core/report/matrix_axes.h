/* matrix_axes.h - the settings in which the runs of an experiment differ beyond their labels: the axes of a sweep. */
#ifndef IL_REPORT_MATRIX_AXES_H
#define IL_REPORT_MATRIX_AXES_H

#include "store/store.h"

typedef struct il_matrix_axes {
    il_rows rows;        /* of the view `varied`, which lends the texts */
    const char **keys;   /* as a grid has them, such as train.lr */
    const char **values; /* runs x count; NULL: the run is at the default */
    size_t count;
} il_matrix_axes;

/* What a run is labelled by, of the choices that have settings of their own. */
enum { IL_AXES_CHOICES = 4 }; /* model, dataset, mask_policy, loss */
typedef struct il_axes_run {
    const char *name, *labels[IL_AXES_CHOICES];
    bool given; /* it has no settings of a training */
} il_axes_run;

/* Settings of a choice (model.width) are shown only where runs of equal label differ in them. */
int il_matrix_axes_read(il_matrix_axes *out, il_store *s, const char *experiment, const il_axes_run *runs, size_t nruns,
                        il_err *e);
void il_matrix_axes_free(il_matrix_axes *a);

#endif
