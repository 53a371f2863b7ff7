/* checkpoint.h - everything a training needs to go on bit by bit: one safetensors file, replaced whole. */
#ifndef IL_CHECKPOINT_H
#define IL_CHECKPOINT_H

#include <inpaintlab/weights.h>
#include <inpaintlab/optimizer.h>
#include "train/evaluate.h"
#include "store/store.h"

/* What training knows besides the tensors of model and optimizer. */
typedef struct il_course {
    int epoch;            /* the one under way, from 1 */
    size_t batch;         /* batches of it that are done */
    il_epoch_row *epochs; /* finished ones */
    size_t done;
    il_early early;
    double seconds;       /* training time of all sittings */
    double epoch_seconds; /* what of it went into the epoch under way */
    il_sums sums;         /* of the epoch under way */
    bool collapsed;       /* the newest validation found nothing although there was something */
    bool best_collapsed;  /* the same at the best epoch */
    il_bundle *best;      /* the best epoch's weights; NULL: none yet */
} il_course;

void il_course_free(il_course *c);

/* Writes FILE. hash: the run's identity, checked on reading. */
int il_checkpoint_write(const char *path, const char *hash, const il_course *c, const il_model *model,
                        const il_adam *adam, il_err *e);

/* Restores *c (which must be fresh), the model and the optimizer. IL_EFORMAT when the file belongs to another run or is
 * damaged; the message says that removing it starts the run anew. */
int il_checkpoint_read(il_course *c, const char *path, const char *hash, il_model *model, il_adam *adam, il_err *e);

#endif
