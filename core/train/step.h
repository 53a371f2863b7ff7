/* step.h - one training step: forward, loss, backward, Adam. */
#ifndef IL_TRAIN_STEP_H
#define IL_TRAIN_STEP_H

#include <inpaintlab/optimizer.h>
#include <inpaintlab/profile.h>
#include "torch/cuda_graph.h"
#include "torch/parallel.h"
#include "train/evaluate.h"
#include "train/turn.h"

typedef struct il_step {
    const il_model *model;
    const il_loss *loss;
    il_adam *adam;
    const il_training *how; /* accumulate, recompute, aux_weight */
    uint64_t seed;          /* of dropout */
    il_flops *flops;        /* counts floating-point operations; NULL: not counted */
    const il_turn *turn;    /* the batch is its `whole`, of which other ranks compute their pictures; NULL: alone */
    il_reducer *reducer;    /* with turn */
    il_cuda_graph *graph;   /* replays steps without padding, without counting FLOPs; NULL: computed each time */
} il_step;

/* Adam as configured by a training. */
int il_step_adam(il_adam **out, const il_training *t, il_state *state, il_err *e);

/* The batch's loss and counts go to the tally; nothing is copied to the host. */
int il_step_train(il_tally *t, const il_step *x, const il_batch *b, il_err *e);

#endif
