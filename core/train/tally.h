/* tally.h - losses and counts of many batches, copied from the device once at the end. */
#ifndef IL_TRAIN_TALLY_H
#define IL_TRAIN_TALLY_H

#include "loader/loader.h"
#include "store/store.h"

/* Start with {0}; free with il_tally_free. */
typedef struct il_tally {
    il_tensor **losses;      /* 0-d per batch, on the device; NULL entries where no loss was requested */
    il_tensor **counts;      /* (N,4) per batch; NULL entries where they follow from the scores */
    const il_counts *scored; /* in that case: the counts of all images, borrowed; to be set before reading */
    size_t *sizes;           /* images per batch */
    size_t *index;           /* of all images, batch after batch */
    size_t batches, pictures, index_room;
    double batch_weight; /* of every batch's loss in the mean; 0: its number of images */
} il_tally;

/* Keeps the batch's loss and counts (either may be NULL) beyond the scope; nothing is copied to the host. */
int il_tally_add(il_tally *t, il_scope *s, il_tensor *loss, il_tensor *counts, const il_batch *batch, il_err *e);
void il_tally_free(il_tally *t);
void il_tally_clear(il_tally *t);

/* Sums on the host, batch after batch in order. */
typedef struct il_sums {
    double loss;     /* sum over batches of their loss times their weight, as a rule the number of images */
    double pictures; /* sum of the weights */
    il_counts total;
    il_batch_mean iou;
} il_sums;
/* Reads all batches, adding to *sums, and, when rows is not NULL, each image's counts; ids are borrowed from the
 * source. Clears the tally. */
int il_tally_read(il_sums *sums, il_image_row *rows, const il_source *source, il_tally *t, il_err *e);

double il_sums_loss(const il_sums *s); /* weighted mean; NAN when there are no images */

#endif
