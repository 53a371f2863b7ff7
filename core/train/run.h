/* run.h - one job from start to end: train or resume, save the weights, test, store every cell. */
#ifndef IL_TRAIN_RUN_H
#define IL_TRAIN_RUN_H

#include "base/observer.h"
#include "parallel/world.h"
#include "train/job.h"

typedef struct il_run_opts {
    il_device device;
    const char *folder;       /* of checkpoints and weights: FOLDER/<hash>/… */
    const char *git_revision; /* of the working directory, or NULL */
    const char *experiment;   /* name */
    int64_t experiment_id;
    const char *published;   /* table, or NULL */
    bool examples;           /* add example images to tests that have none */
    int threads;             /* threads per operation, recorded in the store */
    int loader_threads;      /* 0: number of cores */
    il_disk_cache_opts disk; /* cache of decoded images */
    double checkpoint_seconds;
    il_world *world;    /* processes that train together, of which this is the first; NULL: alone */
    const il_run *runs; /* of the plan, by whose numbers the others know them */
} il_run_opts;

typedef struct il_run_outcome {
    bool trained;    /* in this invocation */
    size_t tested;   /* cells measured in this invocation */
    size_t examples; /* example images stored */
    size_t failed_tests;
    bool busy;      /* skipped, since another process is executing it */
    il_err failure; /* why the run or the first failed test failed; code IL_OK when nothing did */
} il_run_outcome;

/* A failed run or test is an outcome, recorded in the store with its reason. An error (IL_EDB, IL_ENOMEM, IL_ECANCEL)
 * ends the grid. */
int il_run_job(il_run_outcome *out, il_job *j, il_store *store, const il_run_opts *opts, const il_observer *observer,
               il_err *e);

#endif
