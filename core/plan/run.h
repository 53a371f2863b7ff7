/* run.h - one planned run: a model, how it is trained, and what it is tested on. */
#ifndef IL_PLAN_RUN_H
#define IL_PLAN_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include "image/degradation.h"
#include "plan/schedule.h"
#include "plugin/instance.h"

/* Training settings, named as in YAML under `train`. */
typedef struct il_training {
    char *on;            /* image kind of the training and validation split */
    int epochs;          /* at most */
    int patience;        /* stop after so many epochs whose validation loss was no new best; 0: never */
    int batch;           /* pictures per step */
    int size;            /* side of the collate rule, pixels */
    int crop;            /* side of random training crops, pixels; 0: whole pictures */
    int crops;           /* random crops taken from each picture per epoch */
    bool flip;           /* random horizontal flips in training */
    double lr, weight_decay;
    il_schedule schedule; /* how the learning rate falls over all epochs */
    double warmup;       /* epochs in which it rises at first */
    bool decoupled;      /* weight decay apart from the gradients: AdamW */
    double aux_weight;   /* of the auxiliary head's loss; 0: the head is not computed */
    il_precision precision;
    int accumulate;      /* parts into which a batch is cut; their gradients are added up */
    bool recompute;      /* activations are computed again in the backward pass */
    bool cuda_graph;     /* steps are recorded once and replayed */
    bool as_published;   /* test the last weights, as the published code did; else the best */
    char *weights;       /* initial weights, or NULL */
    char **skip;         /* patterns of tensors that `weights` does not set; ends with NULL; may be NULL */
} il_training;

/* What to do with samples that are incomplete or unreadable. */
typedef enum il_missing { IL_MISSING_REFUSE, IL_MISSING_SKIP } il_missing;

/* A data set to test a trained model on. */
typedef struct il_set {
    il_choice dataset;
    char *images; /* image kind: realfake, … */
    char *split;  /* "test" unless the grid says otherwise */
    il_choice mask_policy; /* whose targets are the truth; plugin NULL: the run's */
    char *tested_on; /* how tables call it: images, and the entry's own policy, as in "realfake by full" */
    il_degradation degradation; /* of its pictures */
    size_t plain; /* which of the run's tests has the same pictures as they are; it stands before this one */
} il_set;

typedef struct il_run {
    char *name;    /* for people and --only: "model=nix40,train.on=realfake", by the axes; the experiment's name if there are
                    * none; then what --set changed */
    size_t own_name; /* characters of it that the grid alone gives */
    il_choice model, loss, mask_policy, dataset;
    il_training training;
    il_params *train_settings, *base_settings; /* the tables of `train` and `base` that il_training and what follows come from */
    il_missing missing;
    uint64_t seed;
    int test_batch;
    il_set *tests;
    size_t ntests;
    char *config; /* canonical JSON (sorted keys) of all that determines the trained weights except file contents */
} il_run;

#endif
