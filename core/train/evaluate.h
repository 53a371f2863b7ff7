/* evaluate.h - applies a model to all batches of a loader: loss and counts, copied from the device once at the end. */
#ifndef IL_TRAIN_EVALUATE_H
#define IL_TRAIN_EVALUATE_H

#include <inpaintlab/profile.h>
#include "base/observer.h"
#include "loader/loader.h"
#include "plugin/model.h"
#include "store/store.h"
#include "train/score_list.h"

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

/* Evaluates whole epochs without gradients. loss may be NULL. */
typedef struct il_evaluation {
    const il_model *model;
    const il_loss *loss;
    il_loader *loader;
    double batch_weight; /* see il_tally */
    bool scores;         /* also histograms of scores */
    il_progress shown;   /* run, phase and epoch for progress lines */
    il_flops *flops;     /* counts floating-point operations; NULL: not counted */
} il_evaluation;
/* One batch, without gradients: adds to the tally and, where scores are requested, to the list. */
int il_evaluate_batch(il_tally *t, il_score_list *scores, const il_evaluation *what, const il_batch *b, il_err *e);
int il_evaluate_loader(il_sums *sums, const il_evaluation *what, const il_observer *observer, il_err *e);

/* The same, with the measurements of each image in the store's form; ids are borrowed from the loader's source. The
 * caller frees them with il_evaluate_free. */
int il_evaluate_pictures(il_image_row **rows, size_t *count, const il_source *source, const il_evaluation *what,
                         const il_observer *observer, il_err *e);
void il_evaluate_free(il_image_row *rows, size_t count);

#endif
