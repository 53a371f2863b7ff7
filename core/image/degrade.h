/* degrade.h - what becomes of a picture on its way to a detector: compressed, resized, blurred, noisy, cropped. */
#ifndef IL_DEGRADE_H
#define IL_DEGRADE_H

#include <stdbool.h>
#include <inpaintlab/image.h>
#include <inpaintlab/params.h>
#include "image/degradation.h"

enum { IL_DEGRADE_LEVELS = 8 };

/* What YAML may say of a kind. */
typedef struct il_degrade_spec {
    const char *name;
    il_param_spec level[2];               /* type, bounds and unit; a table of one */
    bool odd;                             /* levels are odd */
    double fallback[IL_DEGRADE_LEVELS];   /* levels taken when none are named; ends with 0 */
    const il_param_spec *settings;        /* further ones; NULL: none */
} il_degrade_spec;
const il_degrade_spec *il_degrade_spec_of(il_degrade_kind kind);

/* IL_DEGRADE_NONE when no kind is called so. */
il_degrade_kind il_degrade_find(const char *name);

/* NULL for none. */
const char *il_degrade_name(const il_degradation *d);

typedef struct il_degrade_words {
    char text[128];
} il_degrade_words;
il_degrade_words il_degrade_shown(const il_degradation *d);    /* "jpeg 90"; "" for none */
il_degrade_words il_degrade_settings(const il_degradation *d); /* JSON of what is no level; "" where there is none */
il_degrade_words il_degrade_identity(const il_degradation *d); /* all that the degraded bytes depend on */

/* Replaces *image, and *mask (empty: none) where the size changes: a mask's grey levels are kept, never mixed. Random
 * choices are functions of the picture's id and the degradation alone. On an error both stay as they were. */
int il_degrade_apply(il_image *image, il_image *mask, const il_degradation *d, const char *id, il_err *e);

#endif
