/* evaluate.h - applies a model to all batches of a loader: loss and counts, copied from the device once at the end. */
#ifndef IL_TRAIN_EVALUATE_H
#define IL_TRAIN_EVALUATE_H

#include <inpaintlab/profile.h>
#include "base/observer.h"
#include "loader/loader.h"
#include "plugin/model.h"
#include "train/score_list.h"
#include "train/tally.h"

/* Evaluates whole epochs without gradients. loss may be NULL. */
typedef struct il_evaluation {
    const il_model *model;
    const il_loss *loss;
    il_loader *loader;
    il_world *world;           /* which share the batches, by the loader's turns; NULL: alone */
    double batch_weight;       /* see il_tally */
    bool scores;               /* also histograms of scores */
    const il_testing *testing; /* native: with scores and a loader of native images; NULL: batches as they come */
    il_progress shown;         /* run, phase and epoch for progress lines */
    il_flops *flops;           /* counts floating-point operations; NULL: not counted */
} il_evaluation;
/* One batch, without gradients: adds to the tally and, where scores are requested, to the list. */
int il_evaluate_batch(il_tally *t, il_score_list *scores, const il_evaluation *what, const il_batch *b, il_err *e);
int il_evaluate_loader(il_sums *sums, const il_evaluation *what, const il_observer *observer, il_err *e);

/* The same, with the measurements of each image in the store's form; ids are borrowed from the loader's source. The
 * caller frees them with il_evaluate_free. */
int il_evaluate_pictures(il_image_row **rows, size_t *count, const il_source *source, const il_evaluation *what,
                         const il_observer *observer, il_err *e);
/* Do all logits lie from 0 to 1, to a bin of scores, and not all at 0? */
bool il_evaluate_within_one(const il_image_row *rows, size_t count);
void il_evaluate_free(il_image_row *rows, size_t count);

#endif
