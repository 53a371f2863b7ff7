/* tally.h - losses and counts of many batches, copied from the device once at the end. */
#ifndef IL_TRAIN_TALLY_H
#define IL_TRAIN_TALLY_H

#include "loader/loader.h"
#include "train/figures.h"
#include "train/score_list.h"

/* Start with {0}; free with il_tally_free. */
typedef struct il_tally {
    il_tensor **losses; /* 0-d per batch, on the device; NULL entries where no loss was requested */
    il_tensor **counts; /* (N,4) per batch; NULL entries where they follow from the scores */
    size_t *sizes;      /* images per batch */
    size_t *index;      /* of all images, batch after batch */
    size_t batches, pictures, index_room;
    double batch_weight; /* of every batch's loss in the mean; 0: its number of images */
} il_tally;

/* Keeps the batch's loss and counts (either may be NULL) beyond the scope; nothing is copied to the host. */
int il_tally_add(il_tally *t, il_scope *s, il_tensor *loss, il_tensor *counts, const il_batch *batch, il_err *e);
void il_tally_free(il_tally *t);
void il_tally_clear(il_tally *t);

/* Copies all batches to the host and clears the tally. scores: those of the same images, which move; NULL: none. */
int il_tally_read(il_figures *out, il_tally *t, il_score_list *scores, il_err *e);
/* The same, of which only the sums are wanted: adds to *sums. */
int il_tally_sum(il_sums *sums, il_tally *t, il_err *e);

#endif
