/* train.h - one run: train, checkpoint, test, store. */
#ifndef IL_TRAIN_H
#define IL_TRAIN_H

#include "loader.h"
#include "store.h"

/* What a progress line needs; sent a few times a second. */
typedef struct il_progress {
    const char *run;
    const char *phase; /* "train", "validate", "test realfake" */
    int epoch, epochs;
    size_t batch, batches;
    double loss, iou;         /* running; NAN unknown */
    double images_per_second; /* of this phase */
    double seconds_left;      /* of this run's training at most; NAN unknown */
} il_progress;

typedef struct il_train_opts {
    il_device device;
    const char *folder;  /* checkpoints and weights: FOLDER/<hash>.… */
    const char *git_revision;
    int loader_threads;
    void (*progress)(void *context, const il_progress *p); /* NULL: none */
    void (*say)(void *context, const char *line);          /* epochs, warnings; NULL: none */
    void *context;
    const volatile int *stop; /* set by a signal: checkpoint and end with IL_ECANCEL; NULL: none */
} il_train_opts;

typedef enum il_state_of_run { IL_PLAN_DONE, IL_PLAN_TODO, IL_PLAN_RESUME, IL_PLAN_STALE, IL_PLAN_BLOCKED } il_plan_state;

/* A run made ready: its data scanned and its identity known. */
typedef struct il_job il_job;

int il_job_open(il_job **out, const il_run *run, const il_plan *plan, il_store *store, il_err *e);
void il_job_free(il_job *j);
const char *il_job_hash(const il_job *j);

#endif
