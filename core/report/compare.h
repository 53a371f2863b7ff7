/* compare.h - cells against each other: pictures paired by id, intervals, paired tests, spread over seeds. Pictures of one photo
 * are not independent: photos are resampled, and paired by the means of their pictures. */
#ifndef IL_REPORT_COMPARE_H
#define IL_REPORT_COMPARE_H

#include "report/compare_read.h"

#define IL_COMPARE_METRICS "iou|f1|mcc|auc"    /* what they are called, in that order */
const char *il_compare_name(il_metric metric); /* "iou" */

/* In what else than the run two cells differ. */
enum {
    IL_UNLIKE_TRUTH = 1,           /* other pixels of pictures of one size are true; or another mask policy */
    IL_UNLIKE_SPLIT = 2,           /* of the data set */
    IL_UNLIKE_IMAGES = 4,          /* other files: data set or image kind */
    IL_UNLIKE_DEGRADED = 8,        /* degradation or its level */
    IL_UNLIKE_COUNTED = 16,        /* other pixels are counted: size, borders */
    IL_UNLIKE_NOTHING = 32,        /* in the common pictures of one of them nothing is true */
    IL_UNLIKE_REFUSED = 1 | 2 | 32 /* those that are not compared */
};

typedef struct il_compare_pair {
    size_t a, b;             /* in cells */
    size_t n;                /* pairs where both are defined */
    size_t photos;           /* of these pairs: as many values have the tests */
    unsigned unlike;         /* IL_UNLIKE_… */
    size_t undefined;        /* pairs where one is not */
    size_t alone_a, alone_b; /* pictures without a partner */
    double difference;       /* mean of a - b; NAN without pairs */
    il_interval interval;
    double wilcoxon, ttest;           /* two-sided p; NAN with the difference where the pair is refused */
    double wilcoxon_holm, ttest_holm; /* corrected for all pairs */
} il_compare_pair;

/* By Wilcoxon's test after correction, at the level of 0.05. Of these two trainings: seeds are another matter. */
bool il_compare_differ(const il_compare_pair *p);

/* Cells that differ only in the seed. */
typedef struct il_compare_seeds {
    size_t first; /* one of them */
    size_t n;
    double mean, stdev;   /* of the cells' means */
    il_interval interval; /* of the mean, by Student's t over the seeds, level 0.95 */
} il_compare_seeds;

/* Two of these against each other. */
typedef struct il_compare_methods {
    size_t a, b;              /* in seeds */
    double difference, welch; /* of the means; two-sided p of Welch's test over seeds */
    double welch_holm;        /* corrected for all of these */
} il_compare_methods;

typedef struct il_comparison {
    il_metric metric;
    il_compare_cell *cells;
    il_compare_pair *pairs; /* all with all */
    il_compare_seeds *seeds;
    il_compare_methods
        *methods; /* all of seeds with all, where they are of like truth, split, images and degradation */
    size_t ncells, npairs, nseeds, nmethods;
    bool intervals;
} il_comparison;

/* names: numbers of the view `cells`, or globs of RUN/TESTED_ON or of whole names, which pass over what is not measured.
 * IL_EDATA when there are not two cells, one has no values, or no two have a picture in common. */
int il_compare_cells(il_comparison *out, il_store *s, const char *const *names, size_t count, il_metric metric,
                     il_err *e);
/* The same without intervals, which take most of the time; their ends are NAN. */
int il_compare_tests(il_comparison *out, il_store *s, const char *const *names, size_t count, il_metric metric,
                     il_err *e);
void il_compare_free(il_comparison *c);

#endif
