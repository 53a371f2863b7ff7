/* measure.h - which metric by which convention a table shows. */
#ifndef IL_REPORT_MEASURE_H
#define IL_REPORT_MEASURE_H

#include "store/store.h"

typedef struct il_measure {
    char convention[64], metric[64]; /* as the view metrics has them */
    char meaning[300];
    bool published; /* IoU as published, which tables show unless asked */
} il_measure;

/* Either may be NULL: a metric is taken by the first convention that has it, a convention's metric is its IoU or else its
 * first. IL_EPARAM with what there is when they do not exist. */
int il_measure_find(il_measure *out, il_store *s, const char *convention, const char *metric, il_err *e);
/* "IoU", or "auc (pooled)" */
typedef struct il_measure_name {
    char text[140];
} il_measure_name;
il_measure_name il_measure_shown(const il_measure *m);

#endif
