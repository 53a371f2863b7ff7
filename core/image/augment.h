/* augment.h - what training changes in its pictures at random, one change after another. */
#ifndef IL_IMAGE_AUGMENT_H
#define IL_IMAGE_AUGMENT_H

#include <inpaintlab/image.h>
#include "base/text.h"
#include "image/degradation.h"

/* One change, which happens to some pictures, with a strength drawn from a range. */
typedef struct il_augmentation {
    il_degradation plain; /* its kind and settings, without a level */
    double low, high;     /* of the level, inclusive: of JPEG, WebP and blur any (odd) integer, else any number */
    double
        spread[IL_JITTER_KINDS]; /* jitter: a factor is between 1 - spread, at least 0, and 1 + spread; 0: unchanged */
    double p;                    /* of pictures that are changed */
} il_augmentation;

typedef struct il_augment {
    il_augmentation *list; /* in the order in which they are applied */
    size_t count;
} il_augment;

void il_augment_free(il_augment *a);

/* "jpeg 60..100 p 0.5+rotate", the same for equal lists alone; "none" for an empty one. */
void il_augment_describe(il_text *to, const il_augment *a);
/* The same with the revision of degradations: what the augmented bytes depend on besides the picture and the stream. */
void il_augment_identity(il_text *to, const il_augment *a);

/* All choices below are functions of `stream` and of the change's place in the list, so that what follows it does not matter. */

/* Whether change i happens, and then which, with the seed of its own random choices. */
bool il_augment_draw(il_degradation *out, uint64_t *seed, const il_augment *a, size_t i, uint64_t stream);

/* Whether any change happens. */
bool il_augment_any(const il_augment *a, uint64_t stream);

/* "jpeg 83+rotate 90", or "unchanged". */
void il_augment_show(il_text *to, const il_augment *a, uint64_t stream);

/* Replaces both images, as il_degrade_seeded. On an error they hold what was done until then. */
int il_augment_apply(il_image *image, il_image *mask, const il_augment *a, uint64_t stream, const char *id, il_err *e);

#endif
