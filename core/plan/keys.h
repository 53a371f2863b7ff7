/* keys.h - every key of a grid file, with type, default and bounds. */
#ifndef IL_PLAN_KEYS_H
#define IL_PLAN_KEYS_H

#include <inpaintlab/plugin.h>
#include "plan/run.h"

/* Settings under `base.train`, except `skip`, which is a list. */
extern const il_param_spec il_keys_train[];

/* Plain values directly under `base`. */
extern const il_param_spec il_keys_base[];

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
extern const char *const il_keys_top[];   /* of the file */
extern const char *const il_keys_heads[]; /* of `base` */
extern const char *const il_keys_set[];   /* of one entry of `test` */

#endif
