/* best_cell.h - which of several cells is better than all the others, picture by picture. */
#ifndef IL_REPORT_BEST_CELL_H
#define IL_REPORT_BEST_CELL_H

#include "store/store.h"

#define IL_BEST_NOTE(those)                                                                                            \
    "better than every other measured cell " those                                                                     \
    " and of the same truth by Wilcoxon's signed-rank test of the photos' mean IoU, paired by photo,"                  \
    " p below 0.05 after Holm's correction over all such pairs. One seed each: best of these trainings, which other"   \
    " seeds may turn round"

#define IL_BEST_SEEDS_NOTE(page)                                                                                       \
    ((page) ? "Best: better than every other row of its column and of the same truth, by Welch's test over seeds,"     \
              " p below 0.05 after Holm's correction."                                                                 \
            : "Bold: better than every other row of the column and of the same truth, by Welch's test over seeds,"     \
              " p below 0.05 after Holm's correction.")

/* cells: numbers of the view `cells`; those that are not measured, or undefined for every picture, take no part. *out is the
 * index of the best, or count when none stands out, fewer than two take part, or more than can be compared. */
int il_best_cell(size_t *out, il_store *s, const int64_t *cells, size_t count, il_err *e);

/* The same among methods of several seeds, by what each seed measured; those of one value or none take no part, and one that
 * has one value leaves none standing out. Methods of another truth are no rivals. */
typedef struct il_best_method {
    const double *values; /* NAN: none */
    size_t count;
    const char *truth;
} il_best_method;
int il_best_of_seeds(size_t *out, const il_best_method *methods, size_t count, il_err *e);

#endif
