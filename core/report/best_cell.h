/* best_cell.h - which of several cells is better than all the others, picture by picture. */
#ifndef IL_REPORT_BEST_CELL_H
#define IL_REPORT_BEST_CELL_H

#include "store/store.h"

#define IL_BEST_NOTE(those)                                                                                            \
    "better than every other measured cell " those                                                                     \
    ", where all are of one truth, by Wilcoxon's signed-rank test of the photos' mean IoU, paired by photo,"           \
    " p below 0.05 after Holm's correction over all pairs " those                                                      \
    ". One seed each: best of these trainings, which other seeds may turn round"

#define IL_BEST_SEEDS_NOTE(page)                                                                                       \
    ((page) ? "Best: better than every other row of its column, where all are of one truth and have several seeds, by" \
              " Welch's test over seeds, p below 0.05 after Holm's correction."                                        \
            : "Bold: better than every other row of the column, where all are of one truth and have several seeds, by" \
              " Welch's test over seeds, p below 0.05 after Holm's correction.")

/* cells: numbers of the view `cells`; those that are not measured, or undefined for every picture, take no part. *out is the
 * index of the best, or count when none stands out, fewer than two take part, or more than can be compared. */
int il_best_cell(size_t *out, il_store *s, const int64_t *cells, size_t count, il_err *e);

/* The same among methods by what each of their seeds measured; *out is count where one has fewer than two seeds, or where
 * truths are unequal. */
typedef struct il_best_method {
    const double *values;
    size_t count;
    const char *truth;
} il_best_method;
int il_best_of_seeds(size_t *out, const il_best_method *methods, size_t count, il_err *e);

#endif
