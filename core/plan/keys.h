/* keys.h - every key of a grid file, with type, default and bounds. */
#ifndef IL_PLAN_KEYS_H
#define IL_PLAN_KEYS_H

#include <inpaintlab/plugin.h>
#include "base/yaml_node.h"
#include "plan/run.h"

/* Settings under `base.train` that are single values. */
extern const il_param_spec il_keys_train[];

/* The others: lists of patterns, and a mapping. Ends with name NULL. */
typedef struct il_keys_shape {
    const char *name;
    il_node_kind kind;
} il_keys_shape;
extern const il_keys_shape il_keys_train_shapes[];
const il_keys_shape *il_keys_train_shape(const char *name); /* NULL when there is none */

/* Whether a dotted key means something only where a model is trained. */
bool il_keys_trains(const char *key);

#define IL_KEYS_MONITORS "loss|iou|f1" /* in the order of il_monitor */
il_monitor il_keys_monitor(const char *word);

/* Plain values directly under `base`. */
extern const il_param_spec il_keys_base[];

/* Of `test_window`: another way to write tile and overlap. */
extern const il_param_spec il_keys_window[];

/* Where a plugin is chosen. */
typedef struct il_keys_choice {
    const char *key;
    il_kind kind;
    const char *fallback; /* plugin used when the grid names none; NULL: required */
} il_keys_choice;
enum { IL_KEYS_CHOICES = 4 };
extern const il_keys_choice il_keys_choices[IL_KEYS_CHOICES];

#define IL_KEYS_PRECISIONS "fp32|tf32|bf16|fp16" /* in the order of il_precision */

/* The precision that a valid value of `train.precision` means. */
il_precision il_keys_precision(const char *word);
const char *il_keys_precision_text(il_precision p); /* a string constant */

#define IL_KEYS_FITS "pad|resize|native" /* in the order of il_sizing */

il_sizing il_keys_fit(const char *word);
const char *il_keys_fit_text(il_sizing f); /* a string constant */

/* The choice with that key, or NULL. */
const il_keys_choice *il_keys_find_choice(const char *key);

/* Lists of key names, each terminated by NULL. */
extern const char *const il_keys_top[];     /* of the file */
extern const char *const il_keys_heads[];   /* of `base` */
extern const char *const il_keys_set[];     /* of one entry of `test` */
extern const char *const il_keys_weights[]; /* of `weights` */

#endif
