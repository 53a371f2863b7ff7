/* evaluate.h - a model over all batches of a loader: loss and counts, read from the device once at the end. */
#ifndef IL_EVALUATE_H
#define IL_EVALUATE_H

#include <inpaintlab/profile.h>
#include "loader/loader.h"
#include "store/store.h"
#include "plugin/model.h"
#include "train/score_list.h"
#include "base/observer.h"

/* Start with {0}; free with il_tally_free. */
typedef struct il_tally {
    il_tensor **losses; /* 0-d per batch, on the device; NULL entries when no loss was asked */
    il_tensor **counts; /* (N,4) per batch; NULL entries where they follow from the scores */
    const il_counts *scored; /* then: all pictures' counts, lent, to be set before reading */
    size_t *sizes;      /* pictures per batch */
    size_t *index;      /* of all pictures, batch after batch */
    size_t batches, pictures, index_room;
} il_tally;

/* Takes over the batch's loss and counts (either may be NULL) from the scope; nothing is copied to the host. */
int il_tally_add(il_tally *t, il_scope *s, il_tensor *loss, il_tensor *counts, const il_batch *batch, il_err *e);
void il_tally_free(il_tally *t);
void il_tally_clear(il_tally *t);

/* Sums on the host, batch after batch in order. */
typedef struct il_sums {
    double loss;     /* sum over pictures of their batch's loss */
    double pictures; /* how many */
    il_counts total;
    il_batch_mean iou;
} il_sums;
/* Reads all batches into *sums (adding) and, when rows is not NULL, each picture's counts; ids are lent by the source. Clears
 * the tally. */
int il_tally_read(il_sums *sums, il_image_row *rows, const il_source *source, il_tally *t, il_err *e);

double il_sums_loss(const il_sums *s); /* mean over pictures; NAN when there are none */

/* Evaluates whole epochs without gradients. loss may be NULL. */
typedef struct il_evaluation {
    const il_model *model;
    const il_loss *loss;
    il_loader *loader;
    bool scores; /* count scores too */
    il_progress shown; /* run, phase, epoch as progress lines should say */
    il_flops *flops;   /* counts the work; NULL: not counted */
} il_evaluation;
/* One batch, without gradients: adds to the tally and, where scores are wanted, to the list. */
int il_evaluate_batch(il_tally *t, il_score_list *scores, const il_evaluation *what, const il_batch *b, il_err *e);
int il_evaluate_loader(il_sums *sums, const il_evaluation *what, const il_watch *watch, il_err *e);

/* The same, and what was measured in each picture, as the store takes it; ids are lent by the source that the loader reads. The
 * caller frees with il_evaluate_free. */
int il_evaluate_pictures(il_image_row **rows, size_t *count, const il_source *source, const il_evaluation *what,
                         const il_watch *watch, il_err *e);
void il_evaluate_free(il_image_row *rows, size_t count);

#endif
