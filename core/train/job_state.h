/* job_state.h - the remaining work of a job, computed once: `plan` shows it, `run` does it. */
#ifndef IL_TRAIN_JOB_STATE_H
#define IL_TRAIN_JOB_STATE_H

#include "train/job.h"

typedef enum il_test_state {
    IL_TEST_LEFT,   /* still to be run */
    IL_TEST_DONE,   /* its result is in the store */
    IL_TEST_NO_DATA /* its data are missing, so it can neither be run nor found in the store */
} il_test_state;

typedef struct il_test_left {
    il_test_state state;
    int64_t id;      /* its row in the store when done, else 0 */
    const char *why; /* measured, but in a way that counts no longer; NULL: not so */
} il_test_left;

/* What the store and the disk contain for a job, and what remains to be done. */
typedef struct il_job_left {
    il_run_row row;           /* status IL_RUN_NONE: the run is not in the store */
    bool checkpoint, weights; /* files that exist */
    il_test_left *tests;      /* one per test of the run */
    size_t to_test, no_data;  /* tests still to be run, and tests whose data are missing */
    bool train;               /* the run must be trained, or trained again because its weights are missing */
} il_job_left;

/* store NULL: there is no database yet. folder: of runs. */
int il_job_left_read(il_job_left *out, const il_job *j, il_store *store, const char *folder, il_err *e);
void il_job_left_free(il_job_left *l);

typedef enum il_job_state {
    IL_JOB_TODO,   /* never run */
    IL_JOB_RESUME, /* interrupted: resumes from a checkpoint or with the remaining tests */
    IL_JOB_STALE,  /* done with other data, settings or plugins: to be run again */
    IL_JOB_FAILED, /* failed before: to be run again */
    IL_JOB_BUSY,   /* is being run by another process */
    IL_JOB_DONE,
    IL_JOB_BLOCKED /* its data are missing */
} il_job_state;

typedef struct il_job_view {
    il_job_state state;
    char why[400];
    il_job_left left;
} il_job_view;

/* Inspects without changing anything. store NULL: there is no database yet. folder: of runs. Free view.left. */
int il_job_look(il_job_view *out, const il_job *j, const char *experiment, il_store *store, const char *folder,
                il_err *e);

const char *il_job_state_text(il_job_state state);

#endif
