/* follow.h - how the other ranks follow the first, which alone decides what is done and writes. */
#ifndef IL_TRAIN_FOLLOW_H
#define IL_TRAIN_FOLLOW_H

#include "plan/plan.h"
#include "train/run.h"

/* The other ranks: do what they are told until the end. What fails is rank 0's to tell; only what keeps this rank from following
 * is an error. store: of hashes of files; may be NULL. */
int il_follow_all(const il_plan *plan, il_store *store, const il_run_opts *opts, const il_observer *observer,
                  il_err *e);

#endif
