/* figures.h - losses and counts of many batches on the host, batch after batch. */
#ifndef IL_TRAIN_FIGURES_H
#define IL_TRAIN_FIGURES_H

#include "parallel/world.h"
#include "store/stats/metrics.h"
#include "store/store.h"

/* Start with {0}; free with il_figures_free. */
typedef struct il_figures {
    size_t batches, pictures;
    double *losses;    /* per batch; 0 where none was requested */
    size_t *sizes;     /* images per batch */
    size_t *index;     /* of all images, batch after batch: position in the source */
    il_counts *counts; /* of all images */
    il_scores *scores; /* likewise; without bytes where none were requested */
} il_figures;

/* Room for as many, all 0. */
int il_figures_new(il_figures *f, size_t batches, size_t pictures, il_err *e);
void il_figures_free(il_figures *f);

/* Those of all ranks, in the order of the source: what one process would have. world NULL: as they are. */
int il_figures_join(il_figures *f, il_world *world, il_err *e);

/* Sums batch after batch in order. */
typedef struct il_sums {
    double loss;     /* sum over batches of their loss times their weight, as a rule the number of images */
    double pictures; /* sum of the weights */
    il_counts total;
    il_batch_mean iou;
} il_sums;

/* Adds to *sums. batch_weight: of every batch's loss in the mean; 0: its number of images. */
void il_figures_sum(il_sums *sums, const il_figures *f, double batch_weight);
double il_sums_loss(const il_sums *s); /* weighted mean; NAN when there are no images */

#endif
