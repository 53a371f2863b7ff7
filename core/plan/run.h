/* run.h - one planned run: a model, how it is trained, and what it is tested on. */
#ifndef IL_PLAN_RUN_H
#define IL_PLAN_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include "image/augment.h"
#include "plan/schedule.h"
#include "plugin/instance.h"

/* By what the best epoch is chosen, and training stopped early. IoU and F1 are pooled over all validation pixels. */
typedef enum il_monitor { IL_MONITOR_LOSS, IL_MONITOR_IOU, IL_MONITOR_F1 } il_monitor;

/* Tensors whose learning rate is another. */
typedef struct il_lr_of {
    char *pattern;
    double factor;
} il_lr_of;

/* Training settings, named as in YAML under `train`. */
typedef struct il_training {
    char *on;     /* image kinds of the training and validation split (mixture.h); NULL: nothing is trained */
    int epochs;   /* maximum */
    int patience; /* stop after this many epochs without a new best one; 0: never */
    il_monitor monitor;
    int batch;          /* images per step */
    int size;           /* side to which images are resized or padded, pixels */
    int crop;           /* side of random training crops, pixels; 0: whole images */
    int crops;          /* random crops taken from each image per epoch */
    bool flip;          /* random horizontal flips in training */
    bool pairs;         /* images of one id in all kinds of `on` come together, and are cut alike */
    il_augment augment; /* random changes of training images, before they are cropped */
    double lr, weight_decay;
    il_schedule schedule; /* how the learning rate decays over all epochs */
    double warmup;        /* epochs during which it first rises */
    bool decoupled;       /* weight decay decoupled from the gradients: AdamW */
    double clip;          /* largest norm of all gradients together; 0: not clipped */
    double aux_weight;    /* weight of the auxiliary head's loss; 0: the head is not computed */
    il_precision precision;
    int accumulate;  /* parts into which a batch is split; their gradients are accumulated */
    bool recompute;  /* recompute activations in the backward pass */
    bool cuda_graph; /* record a step once and replay it */
    bool
        as_published; /* as the published code: test the last weights instead of the best; losses are means over batches */
    char *weights;    /* initial weights, or NULL */
    char **skip;      /* patterns of tensors not to be loaded from `weights`; ends with NULL; may be NULL */
    char **freeze;    /* patterns of tensors that stay as they are; likewise */
    il_lr_of *lr_of; /* nlr_of; of several that match a tensor the last counts */
    size_t nlr_of;
    bool keep; /* the last epoch's checkpoint, so that a run of more epochs can go on from it */
} il_training;

/* How to treat incomplete or unreadable samples. */
typedef enum il_missing { IL_MISSING_REFUSE, IL_MISSING_SKIP } il_missing;

/* How pictures get the size at which they are computed. */
typedef enum il_sizing {
    IL_SIZING_PAD,    /* the paper's: a larger one is resized to size x size, a smaller one padded right and below */
    IL_SIZING_RESIZE, /* all are resized to size x size */
    IL_SIZING_NATIVE  /* as they are, large ones in overlapping windows */
} il_sizing;

enum { IL_TILE_LEAST = 8 };

/* How tests examine pictures, and what they count. */
typedef struct il_testing {
    il_sizing fit;
    int size;           /* of IL_SIZING_PAD and IL_SIZING_RESIZE, pixels */
    int batch;          /* images; the published IoU is a mean over batches */
    int tile, overlap;  /* side of the windows of IL_SIZING_NATIVE, and their overlap, pixels */
    bool count_padding; /* as the published code did: padding is authentic picture */
} il_testing;

/* A data set to test a trained model on. */
typedef struct il_set {
    il_choice dataset;
    char *images;               /* image kind: realfake, … */
    char *split;                /* "test" by default */
    il_choice mask_policy;      /* defines the ground truth; plugin NULL: the run's policy */
    char *tested_on;            /* name in tables: images, and the entry's own policy, as in "realfake by full" */
    il_degradation degradation; /* applied to its images */
    size_t plain;               /* index of the run's test with the same images undegraded; it comes before this one */
} il_set;

typedef struct il_run {
    char *name;      /* for people and --only: "model=nix40,train.on=realfake", from the axes, or the experiment's name
                    * without axes; then the changes by --set */
    size_t own_name; /* length of the part that the grid alone gives */
    il_choice model, loss, mask_policy,
        dataset;    /* of a run that trains nothing, loss and perhaps dataset have no plugin */
    bool test_only; /* `train: none`: weights from elsewhere are tested */
    char *weights;  /* their file; NULL: the model brings its own */
    char *
        weights_name; /* what they are called in tables, in place of what was trained on: their label, else the file's name */
    il_training training;
    il_params *train_settings, *base_settings; /* the settings from which `training` and the members below are filled */
    il_missing missing;
    uint64_t seed;
    il_testing testing;
    il_set validation;       /* where it is not the data set's own split; dataset.plugin NULL: not given */
    char *validation_name;   /* for the run's name: the share or the data set's label; NULL: not given */
    double validation_share; /* of the training photos, chosen by hash; 0: not given */
    il_set *tests;
    size_t ntests;
    char *unexamined; /* why nothing but the name is known: what it names by path is not trusted; NULL: all is known */
    char *config; /* canonical JSON (sorted keys) of everything but file contents that determines the trained weights */
} il_run;

/* What tables show as "trained on": the image kind, or the name of weights from elsewhere. */
static inline const char *il_run_trained_on(const il_run *run)
{
    return run->test_only ? run->weights_name : run->training.on;
}

#endif
