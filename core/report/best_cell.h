/* best_cell.h - which of several cells is better than all the others, picture by picture. */
#ifndef IL_REPORT_BEST_CELL_H
#define IL_REPORT_BEST_CELL_H

#include "store/store.h"

#define IL_BEST_NOTE(those)                                                                                            \
    "better than every other measured cell " those                                                                     \
    " and of the same truth by Wilcoxon's signed-rank test of the photos' mean IoU, paired by photo,"                  \
    " p below 0.05 after Holm's correction over all such pairs. One seed each: best of these trainings, which other"   \
    " seeds may turn round"

/* cells: numbers of the view `cells`; those that are not measured, or undefined for every picture, take no part. *out is the
 * index of the best, or count when none stands out, fewer than two take part, or more than can be compared. */
int il_best_cell(size_t *out, il_store *s, const int64_t *cells, size_t count, il_err *e);

#endif
