/* compare.h - cells against each other: pictures paired by id, intervals, paired tests, spread over seeds. */
#ifndef IL_REPORT_COMPARE_H
#define IL_REPORT_COMPARE_H

#include "store/stats/stats.h"
#include "store/store.h"

typedef enum il_metric { IL_METRIC_IOU, IL_METRIC_F1, IL_METRIC_MCC, IL_METRIC_AUC } il_metric;
#define IL_COMPARE_METRICS "iou|f1|mcc|auc"    /* what they are called, in that order */
const char *il_compare_name(il_metric metric); /* "iou" */

/* One picture's value; the id is borrowed from the cell's rows. */
typedef struct il_value {
    const char *id;
    double value; /* NAN: undefined */
} il_value;

typedef struct il_compare_cell {
    int64_t cell, test;
    char *name;      /* RUN/TESTED_DATASET/TESTED_ON, and where they are degraded /KIND LEVEL */
    char *tested;    /* data set, image kind and split */
    char *settings;  /* what all seeds of it have in common */
    bool equal_bins; /* its scores were counted in 256 equal bins */
    int64_t seed;
    il_rows rows;     /* of its pictures */
    il_value *values; /* by id */
    size_t pictures, defined;
    double mean; /* over pictures where it is defined */
    il_interval interval;
} il_compare_cell;

typedef struct il_compare_pair {
    size_t a, b;             /* in cells */
    size_t n;                /* pairs where both are defined */
    size_t undefined;        /* pairs where one is not */
    size_t alone_a, alone_b; /* pictures without a partner */
    double difference;       /* mean of a - b; NAN without pairs */
    il_interval interval;
    double wilcoxon, ttest;           /* two-sided p */
    double wilcoxon_holm, ttest_holm; /* corrected for all pairs */
} il_compare_pair;

/* By Wilcoxon's test after correction, at the level of 0.05. */
bool il_compare_differ(const il_compare_pair *p);

/* Cells that differ only in the seed. */
typedef struct il_compare_seeds {
    size_t first; /* one of them */
    size_t n;
    double mean, stdev; /* of the cells' means */
} il_compare_seeds;

typedef struct il_comparison {
    il_metric metric;
    il_compare_cell *cells;
    il_compare_pair *pairs; /* all with all */
    il_compare_seeds *seeds;
    size_t ncells, npairs, nseeds;
    bool intervals;
} il_comparison;

enum { IL_COMPARE_MOST = 30 }; /* cells */

/* names: numbers of the view `cells`, or globs of RUN/TESTED_ON or of whole names, which pass over what is not measured.
 * IL_EDATA when there are not two cells, one has no values, or no two have a picture in common. */
int il_compare_cells(il_comparison *out, il_store *s, const char *const *names, size_t count, il_metric metric,
                     il_err *e);
/* The same without intervals, which take most of the time; their ends are NAN. */
int il_compare_tests(il_comparison *out, il_store *s, const char *const *names, size_t count, il_metric metric,
                     il_err *e);
void il_compare_free(il_comparison *c);

#endif
