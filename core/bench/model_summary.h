/* model_summary.h - parameters, work and memory of a model's parts. */
#ifndef IL_BENCH_MODEL_SUMMARY_H
#define IL_BENCH_MODEL_SUMMARY_H

#include <stdio.h>
#include <inpaintlab/profile.h>
#include "plugin/model.h"

typedef struct il_model_summary_opts {
    int batch, size; /* of the input image */
    int depth;       /* name components that form a group; 0: enough for at least six groups */
} il_model_summary_opts;

/* Layers whose state-dict names begin with the same components. */
typedef struct il_model_summary_group {
    char *name;
    int64_t parameters, buffers; /* elements: trainable, and others */
    int64_t weight_bytes;        /* of both */
    il_flop_count work;          /* of the operations with its weights */
    int64_t held_bytes;          /* allocated after an operation with its weights, kept for the backward pass */
} il_model_summary_group;

typedef struct il_model_summary {
    il_model_summary_opts opts;
    il_model_summary_group *groups; /* in the order of the state dict */
    size_t count;
    il_model_summary_group rest;            /* work and memory of no named weight; its name is NULL */
    il_model_summary_group all;             /* sums; its name is NULL */
    int64_t peak_evaluation, peak_training; /* bytes of tensors during a forward pass, without picture and weights,
                                             which evaluation holds twice where batch norms are folded */
} il_model_summary;

/* Runs one forward pass as in evaluation and one as in training, which changes the model's running means. */
int il_model_summary_measure(il_model_summary *out, const il_model *model, il_model_summary_opts opts, il_err *e);
void il_model_summary_free(il_model_summary *a);

/* choice: the model's, for the title. */
int il_model_summary_print(FILE *to, const il_model_summary *a, const il_choice *choice, il_device device, bool json,
                           il_err *e);

#endif
