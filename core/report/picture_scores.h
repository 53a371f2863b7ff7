/* picture_scores.h - what a test says of each picture. */
#ifndef IL_REPORT_PICTURE_SCORES_H
#define IL_REPORT_PICTURE_SCORES_H

#include "store/stats/stats.h"
#include "store/store.h"

/* In the order of the pictures' ids. {0} where nothing is measured. */
typedef struct il_picture_scores {
    double *iou;   /* NAN: undefined */
    double *share; /* tampered pixels of all */
    char **photo;  /* that it was cut from */
    size_t count, defined, authentic;
    size_t photos; /* of the defined pictures */
    double mean;   /* of the IoU where it is defined */
    il_interval between;
} il_picture_scores;

/* Of each of the tests, where 0 is none. out is {0} before. */
int il_picture_scores_read(il_picture_scores *out, il_store *s, const int64_t *tests, size_t count, il_err *e);
/* The IoU where it is defined, for the caller to free; NULL when memory is out. */
double *il_picture_scores_defined(const il_picture_scores *p);
void il_picture_scores_free(il_picture_scores *p);

#endif
