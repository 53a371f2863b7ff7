/* bench_steps.h - the steps that bench.c times. */
#ifndef IL_BENCH_BENCH_STEPS_H
#define IL_BENCH_BENCH_STEPS_H

#include <inpaintlab/optimizer.h>
#include <inpaintlab/profile.h>
#include "bench/options.h"
#include "train/step.h"

/* Runs a model on one batch repeatedly. Start with {0}. */
typedef struct il_bench_steps {
    const il_training *how;
    il_model model;
    il_loss loss;
    il_adam *adam;
    il_loader *loader; /* owns the batch */
    il_batch batch;
    il_cuda_graph *graph; /* with train.cuda_graph */
    il_tally tally;
} il_bench_steps;

/* How to open the run's model: the one place that defines how the timed work computes. */
il_model_opts il_bench_steps_model(const il_bench_opts *o);

/* Opens all and loads the first batch. source must outlive it. */
int il_bench_steps_open(il_bench_steps *out, const il_bench_opts *o, il_source *source, const float labels[256],
                        il_err *e);
void il_bench_steps_close(il_bench_steps *x);

/* flops may be NULL. Both return when the device has finished. */
int il_bench_steps_evaluate(il_bench_steps *x, il_flops *flops, il_err *e);
int il_bench_steps_train(il_bench_steps *x, il_flops *flops, il_err *e);

#endif
