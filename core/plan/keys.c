/* keys.c - the tables behind schema/experiment.yaml. */
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "plan/keys.h"
#include "plan/schedule.h"

#define EXACT 9007199254740992.0 /* 2^53: larger integers are not exact in a double */

const il_param_spec il_keys_train[] = {
    { "on", IL_PARAM_TEXT, NULL, 0, 0, NULL, "image kind for training and validation; join several with '+'" },
    { "epochs", IL_PARAM_INT, "100", 1, 1e6, NULL, "maximum number of epochs" },
    { "patience", IL_PARAM_INT, "5", 0, 1e6, NULL, "stop after this many epochs without a new best one; 0: never" },
    { "monitor", IL_PARAM_TEXT, "loss", 0, 0, IL_KEYS_MONITORS,
      "by what of the validation the best epoch is chosen; iou and f1 pooled over its pixels" },
    { "batch", IL_PARAM_INT, "8", 1, 65536, NULL, "images per step" },
    { "size", IL_PARAM_INT, "512", 8, 16384, NULL, "side to which images are resized or padded, pixels" },
    { "crop", IL_PARAM_INT, "0", 0, 16384, NULL, "side of random training crops, pixels; 0: whole images" },
    { "crops", IL_PARAM_INT, "1", 1, 4096, NULL, "random crops from each image per epoch" },
    { "flip", IL_PARAM_BOOL, "false", 0, 0, NULL, "flip training images horizontally at random" },
    { "lr", IL_PARAM_REAL, "1e-4", 1e-12, 10, NULL, "learning rate of the optimizer" },
    { "schedule", IL_PARAM_TEXT, "constant", 0, 0, IL_SCHEDULE_NAMES,
      "how the learning rate decays to 0 over `epochs`" },
    { "warmup", IL_PARAM_REAL, "0", 0, 1e6, NULL, "epochs during which the learning rate rises from 0" },
    { "optimizer", IL_PARAM_TEXT, "adam", 0, 0, "adam|adamw", "adamw: weight decay decoupled from the gradients" },
    { "weight_decay", IL_PARAM_REAL, "0", 0, 10, NULL, "L2 penalty" },
    { "clip", IL_PARAM_REAL, "0", 0, 1e9, NULL, "largest norm of all gradients together; 0: not clipped" },
    { "aux_weight", IL_PARAM_REAL, "0", 0, 10, NULL, "weight of the auxiliary head's loss; 0: not computed" },
    { "precision", IL_PARAM_TEXT, "fp32", 0, 0, IL_KEYS_PRECISIONS, "precision of convolutions and matrix products" },
    { "accumulate", IL_PARAM_INT, "1", 1, 65536, NULL,
      "parts of a batch computed one after another, accumulating gradients" },
    { "recompute", IL_PARAM_BOOL, "false", 0, 0, NULL,
      "recompute activations in the backward pass instead of keeping them" },
    { "cuda_graph", IL_PARAM_BOOL, "false", 0, 0, NULL, "record a training step once and replay it" },
    { "as_published", IL_PARAM_BOOL, "false", 0, 0, NULL,
      "test the last weights, and take losses as the mean over batches" },
    { "keep", IL_PARAM_BOOL, "false", 0, 0, NULL,
      "keep the last epoch's checkpoint, so that a run of more epochs can go on from it" },
    { "weights", IL_PARAM_PATH, "", 0, 0, NULL, "file with initial weights; empty: random" },
    { 0 },
};

const il_param_spec il_keys_base[] = {
    { "missing", IL_PARAM_TEXT, "refuse", 0, 0, "refuse|skip", "what to do with incomplete or unreadable samples" },
    { "seed", IL_PARAM_INT, "1", 0, EXACT, NULL, "seed of initial weights, order and crops" },
    { "test_batch", IL_PARAM_INT, "8", 1, 65536, NULL, "images per batch in tests; the published IoU depends on it" },
    { "fit", IL_PARAM_TEXT, "native", 0, 0, IL_KEYS_FITS, "size at which tests examine images: native, pad or resize" },
    { "test_size", IL_PARAM_INT, "0", 0, 16384, NULL,
      "side to which tests pad or resize images, pixels; 0: train.size, without a training 512" },
    { "tile", IL_PARAM_INT, "0", 0, 16384, NULL, "side of the windows of native images, pixels; 0: train.size" },
    { "overlap", IL_PARAM_INT, "-1", -1, 16383, NULL, "overlap of the windows, pixels; -1: an eighth of their side" },
    { "count", IL_PARAM_TEXT, "picture", 0, 0, "picture|published",
      "published: tests count padding as authentic pixels" },
    { 0 },
};

const il_param_spec il_keys_window[] = {
    { "side", IL_PARAM_INT, NULL, IL_TILE_LEAST, 16384, NULL, "side of the windows of native images, pixels" },
    { "stride", IL_PARAM_INT, NULL, 1, 16384, NULL, "from one window to the next, pixels" },
    { 0 },
};

const il_keys_shape il_keys_train_shapes[] = {
    { "skip", IL_NODE_LIST }, { "freeze", IL_NODE_LIST }, { "lr_of", IL_NODE_MAP }, { 0 }
};

const il_keys_choice il_keys_choices[IL_KEYS_CHOICES] = {
    { "dataset", IL_KIND_DATASET, NULL },
    { "model", IL_KIND_MODEL, NULL },
    { "mask_policy", IL_KIND_MASK_POLICY, "full" },
    { "loss", IL_KIND_LOSS, "focal" },
};

const char *const il_keys_top[] = { "experiment", "title", "published", "base", "axes", "exclude", "include", NULL };
const char *const il_keys_heads[] = { "dataset", "model",   "mask_policy", "loss",       "train",
                                      "missing", "seed",    "test_batch",  "fit",        "test_size",
                                      "tile",    "overlap", "count",       "validation", "test",
                                      "degrade", "weights", "test_window", NULL };
const char *const il_keys_weights[] = { "file", "label", NULL };
const char *const il_keys_set[] = { "dataset", "images", "split", "mask_policy", "degrade", NULL };

const il_keys_choice *il_keys_find_choice(const char *key)
{
    for (size_t i = 0; i < IL_KEYS_CHOICES; i++) {
        if (strcmp(il_keys_choices[i].key, key) == 0)
            return &il_keys_choices[i];
    }
    return NULL;
}

/* Whether it is one of a head's keys: itself, or HEAD.x. */
static bool belongs(const char *key, const char *head)
{
    size_t size = strlen(head);
    return strncmp(key, head, size) == 0 && (!key[size] || key[size] == '.');
}

bool il_keys_trains(const char *key)
{
    static const char *const heads[] = { "train", "loss", "seed", "validation" };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (belongs(key, heads[i]))
            return true;
    return false;
}

const il_keys_shape *il_keys_train_shape(const char *name)
{
    for (const il_keys_shape *s = il_keys_train_shapes; s->name; s++)
        if (strcmp(s->name, name) == 0)
            return s;
    return NULL;
}

static const char *const monitors[] = { "loss", "iou", "f1" }; /* in the order of il_monitor */

il_monitor il_keys_monitor(const char *word)
{
    int m = 0;
    while (m < IL_MONITOR_F1 && strcmp(monitors[m], word) != 0)
        m++;
    return (il_monitor)m;
}

static const char *const fits[] = { "pad", "resize", "native" }; /* in the order of il_sizing */

il_sizing il_keys_fit(const char *word)
{
    int f = 0;
    while (f < IL_SIZING_NATIVE && strcmp(fits[f], word) != 0)
        f++;
    return (il_sizing)f;
}

const char *il_keys_fit_text(il_sizing f)
{
    return fits[f];
}

static const char *const precisions[] = { "fp32", "tf32", "bf16", "fp16" }; /* in the order of il_precision */

il_precision il_keys_precision(const char *word)
{
    int p = 0;
    while (p < IL_PRECISION_FP16 && strcmp(precisions[p], word) != 0)
        p++;
    return (il_precision)p;
}

const char *il_keys_precision_text(il_precision p)
{
    return precisions[p];
}
