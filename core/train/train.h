/* train.h - one training: epochs, validation, early stopping, checkpoints. */
#ifndef IL_TRAIN_TRAIN_H
#define IL_TRAIN_TRAIN_H

#include "torch/parallel.h"
#include "train/checkpoint.h"

typedef struct il_training_job {
    const il_run *run;
    const char *hash;       /* identity, for the checkpoint */
    const char *checkpoint; /* path; NULL: none, as for all ranks but the first */
    const char *from,
        *from_hash;  /* checkpoint of a finished run of fewer epochs, to go on from, and its identity; NULL: none */
    il_world *world; /* processes that train together; NULL: alone */
    double checkpoint_seconds; /* interval within an epoch; the end of an epoch always writes one. 0: only then */
    il_reducer_report *told;   /* filled with what the sums of gradients came to; NULL: unwanted */
    il_source *train, *validation;
    const float *labels; /* 256 target values */
    int loader_threads;
    il_disk_cache_opts disk; /* cache of decoded images */
    /* Called at the end of each epoch, before the next begins; its failure ends the training. */
    int (*epoch)(void *context, const il_course *c, il_err *e);
    void *context;
} il_training_job;

/* Trains the model to the end, resuming from the checkpoint if the file exists. On IL_OK the model has the weights to
 * be tested (the best epoch's, or the last with as_published) and *course describes the training. IL_ECANCEL: stopped,
 * with a checkpoint written. *left_out counts unreadable training and validation files. */
int il_train_model(il_course *course, size_t *left_out, il_model *model, const il_training_job *job,
                   const il_observer *observer, il_err *e);

#endif
