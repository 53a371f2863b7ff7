/* run_parts.h - one job being run; for run.c and run_tests.c alone. */
#ifndef IL_TRAIN_RUN_PARTS_H
#define IL_TRAIN_RUN_PARTS_H

#include "plugin/model.h"
#include "train/job_state.h"
#include "train/orders.h"

typedef struct il_sitting {
    il_job *job;
    il_store *store;
    const struct il_run_opts *opts;
    const il_observer *observer;
    struct il_run_outcome *out;
    il_model model;  /* plugin NULL: not opened yet */
    int64_t row;     /* the run's */
    char sha256[65]; /* of the weights recorded in the store; "" before training */
    bool warned;     /* that the outputs look like probabilities */
} il_sitting;

bool il_sitting_ends_grid(int rc); /* a failure that is not this run's alone */
il_model_opts il_sitting_model_opts(const il_sitting *x);
int il_sitting_open_model(il_sitting *x, il_err *e);
void il_sitting_warn(const il_sitting *x, const char *what); /* of its model */
void il_sitting_say(const il_sitting *x, const char *words); /* "": nothing */
il_cell_record il_sitting_cell(const il_sitting *x, const il_set *set);

/* Has the other ranks train the run too, or measure that test of it. Alone: nothing. */
int il_sitting_order(const il_sitting *x, il_order_kind kind, size_t test, il_err *e);
/* Images of a test, by the model as it is; with other ranks these measure their share. */
int il_sitting_measure(il_image_row **rows, size_t *count, size_t *unreadable, il_sitting *x, const il_job_test *t,
                       il_err *e);

/* The trained weights, from memory or from their file. */
int il_sitting_load_weights(il_sitting *x, il_err *e);
/* Runs what is left of the tests, and records every cell. */
int il_sitting_test(il_sitting *x, const il_job_left *left, il_err *e);

#endif
