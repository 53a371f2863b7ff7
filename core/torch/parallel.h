/* parallel.h - a training step that ranks compute together: each computes pictures of its own, and what it comes to is that of one
 * process with all of them. */
#ifndef IL_TORCH_PARALLEL_H
#define IL_TORCH_PARALLEL_H

#include <inpaintlab/state.h>
#include <inpaintlab/tensor.h>
#include "parallel/world.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How pictures that are computed together are spread. A rank without one computes any picture in its place, of which nothing
 * counts, so that all ranks run the same operations. */
typedef struct il_share {
    il_world *world;
    const int *owner; /* [whole] the rank that computes each */
    int whole, own;   /* pictures of all ranks, and of this one */
} il_share;

/* In this scope and those that are nested in it, batch norm takes the statistics of all ranks' pictures, and dropout draws for all
 * of them. share must outlive il_backward; NULL: alone. */
void il_scope_share(il_scope *s, const il_share *share);

/* A row for each picture of all ranks, in order, from the own pictures' rows. The gradient of the own rows is what comes back, so
 * every rank computes the loss of the whole and the sum over ranks of a weight's gradients is its gradient. Alone: x. */
il_tensor *il_gather_rows(il_scope *s, il_tensor *x);

/* Of all steps so far. Flight: from the start of a bucket's sum until it was seen to be there; hidden: as much of it as lay within
 * the backward pass. */
typedef struct il_reducer_report {
    double bytes, steps, flight, hidden; /* seconds */
} il_reducer_report;

/* Sums the gradients of a state's parameters over all ranks, in buckets, while the backward pass goes on. */
typedef struct il_reducer il_reducer;
int il_reducer_new(il_reducer **out, il_state *st, il_world *world, il_err *e);
void il_reducer_free(il_reducer *r, il_reducer_report *told); /* told may be NULL */
void il_reducer_listen(il_reducer *r, bool on); /* on: the backward pass that follows completes the gradients */
int il_reducer_end(il_reducer *r, il_err *e);   /* waits: after it the gradients are the sums */

#ifdef __cplusplus
}
#endif

#endif
