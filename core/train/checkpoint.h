/* checkpoint.h - everything a training needs to resume bit for bit, in one safetensors file that is replaced
 * atomically and ends with the SHA-256 of itself. */
#ifndef IL_TRAIN_CHECKPOINT_H
#define IL_TRAIN_CHECKPOINT_H

#include <inpaintlab/optimizer.h>
#include <inpaintlab/weights.h>
#include "parallel/world.h"
#include "store/store.h"
#include "train/evaluate.h"

/* The state of a training besides the tensors of model and optimizer. */
typedef struct il_course {
    int epoch;            /* current epoch, from 1 */
    size_t batch;         /* finished batches of it */
    il_epoch_row *epochs; /* finished ones */
    size_t done;
    il_early early;
    double seconds;            /* training time, over all invocations */
    double epoch_seconds;      /* the part spent on the current epoch */
    il_sums sums;              /* of the current epoch */
    il_collapse collapse;      /* at the latest validation */
    il_collapse best_collapse; /* at the best epoch's */
    il_bundle *best;           /* the best epoch's weights; NULL: none yet */
    bool unsealed;             /* read from a checkpoint of an earlier version, which could not be checked */
} il_course;

void il_course_free(il_course *c);

/* Writes the file. hash: the run's identity, checked when it is read. */
int il_checkpoint_write(const char *path, const char *hash, const il_course *c, const il_model *model,
                        const il_adam *adam, il_err *e);

/* Restores *c (which must be fresh), the model and the optimizer. IL_EFORMAT when the file belongs to another run or
 * any byte of it has changed; the message says that removing it restarts the run. */
int il_checkpoint_read(il_course *c, const char *path, const char *hash, il_model *model, il_adam *adam, il_err *e);

/* Rank 0's course, model and optimizer, to all. */
int il_checkpoint_share(il_course *c, const char *hash, il_model *model, il_adam *adam, il_world *world, il_err *e);

/* How far it is: its current epoch and finished batches of that. */
int il_checkpoint_place(int *epoch, size_t *batch, const char *path, il_err *e);

#endif
