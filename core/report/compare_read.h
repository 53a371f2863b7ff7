/* compare_read.h - which cells are compared, and what was measured of their pictures. */
#ifndef IL_REPORT_COMPARE_READ_H
#define IL_REPORT_COMPARE_READ_H

#include "store/stats/stats.h"
#include "store/store.h"

typedef enum il_metric { IL_METRIC_IOU, IL_METRIC_F1, IL_METRIC_MCC, IL_METRIC_AUC } il_metric;

/* One picture's value; texts are borrowed from the cell's rows. */
typedef struct il_value {
    const char *id, *photo;
    double value;           /* NAN: undefined */
    int64_t truth, counted; /* pixels: truly tampered; all that are counted */
} il_value;

typedef struct il_compare_cell {
    int64_t cell, test, run;
    char *name;   /* RUN/TESTED_DATASET/TESTED_ON, and where they are degraded /KIND LEVEL */
    char *tested; /* data set, image kind and split */
    char *truth;  /* mask policy that it was measured by */
    char *split, *degraded;
    char *digest;    /* of the tested files, as they were degraded */
    char *settings;  /* what all seeds of it have in common */
    bool equal_bins; /* its scores were counted in 256 equal bins */
    int64_t seed;
    bool given;       /* weights from elsewhere were tested: no seed */
    il_rows rows;     /* of its pictures */
    il_value *values; /* by id */
    size_t pictures, defined;
    size_t photos; /* of the defined pictures */
    double mean;   /* over pictures where it is defined */
    il_interval interval;
} il_compare_cell;

enum { IL_COMPARE_MOST = 30 }; /* cells */

/* Adds the named cells to cells, which has room for IL_COMPARE_MOST, with their pictures by id. */
int il_compare_read(il_compare_cell *cells, size_t *ncells, il_store *s, const char *const *names, size_t count,
                    il_metric metric, il_err *e);
void il_compare_free_cell(il_compare_cell *cell);

#endif
