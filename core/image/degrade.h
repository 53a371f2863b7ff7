/* degrade.h - what may happen to an image before a detector sees it: compression, resizing, blur, noise, cropping; in
 * training also turning, mirroring and changes of colour. */
#ifndef IL_IMAGE_DEGRADE_H
#define IL_IMAGE_DEGRADE_H

#include <stdbool.h>
#include <inpaintlab/image.h>
#include <inpaintlab/params.h>
#include "image/degradation.h"

enum { IL_DEGRADE_LEVELS = 8 };

/* A kind of degradation, as YAML may set it. */
typedef struct il_degrade_spec {
    const char *name;
    il_param_spec level[2];             /* type, bounds and unit; a table with one row, or with none */
    bool odd;                           /* levels must be odd */
    double fallback[IL_DEGRADE_LEVELS]; /* default levels; ends with 0 */
    const il_param_spec *settings;      /* further settings; NULL: none */
    const char *usual;                  /* the setting that a single word is; NULL: none */
} il_degrade_spec;
const il_degrade_spec *il_degrade_spec_of(il_degrade_kind kind);

/* IL_DEGRADE_NONE when there is no kind of that name. */
il_degrade_kind il_degrade_find(const char *name);

/* NULL for IL_DEGRADE_NONE. */
const char *il_degrade_name(const il_degradation *d);

typedef struct il_degrade_words {
    char text[128];
} il_degrade_words;
il_degrade_words il_degrade_shown(const il_degradation *d);    /* "jpeg 90"; "" for none */
il_degrade_words il_degrade_settings(const il_degradation *d); /* JSON of the settings but the level; "" if none */
il_degrade_words il_degrade_identity(const il_degradation *d); /* everything that the degraded bytes depend on */

/* Raised when the same level gives other bytes. */
int il_degrade_revision(void);

/* Replaces *image, and *mask (empty: none) where the size changes; the mask's grey levels are never interpolated.
 * Random choices are functions of the image's id and the degradation alone. On an error both are unchanged. */
int il_degrade_apply(il_image *image, il_image *mask, const il_degradation *d, const char *id, il_err *e);
/* The same with random choices that are functions of `seed`; `id` is for messages. */
int il_degrade_seeded(il_image *image, il_image *mask, const il_degradation *d, uint64_t seed, const char *id,
                      il_err *e);

/* The size that a degraded image gets. */
void il_degrade_size(int *width, int *height, const il_degradation *d);

#endif
