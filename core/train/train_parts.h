/* train_parts.h - one training on one rank: its loaders, loss, optimizer, and how far it has come; for train.c and session.c alone. */
#ifndef IL_TRAIN_TRAIN_PARTS_H
#define IL_TRAIN_TRAIN_PARTS_H

#include "train/checkpoint.h"
#include "train/step.h"

typedef struct il_session {
    const struct il_training_job *job;
    const il_observer *observer;
    il_model *model;
    il_course *course;
    il_loss loss;
    il_adam *adam;
    il_cuda_graph *graph; /* NULL: steps are computed one by one */
    il_loader *train, *validation;
    il_turn turn;        /* with other ranks: the batch at hand */
    il_reducer *reducer; /* likewise */
    il_tally tally;      /* of the batches since the sums were last updated */
    double epoch_start;  /* clock; excludes finished parts of a resumed epoch */
    double booked;       /* clock up to which the time is recorded in the course */
    double written;      /* clock of the last checkpoint */
    double told;         /* clock of the last progress line */
    size_t seen;         /* images of this epoch in this invocation */
} il_session;

/* job, observer, model and course are set, the rest is 0. Resumes from the checkpoint; all ranks then have the weights of the first.
 * Closed by il_session_close, also after a failure. */
int il_session_open(il_session *x, il_err *e);
void il_session_close(il_session *x);

/* After a step: gives up the graph if that has refused. */
void il_session_review_graph(il_session *x);

#endif
