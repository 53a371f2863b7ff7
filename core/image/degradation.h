/* degradation.h - one way to change an image, and how strongly. */
#ifndef IL_IMAGE_DEGRADATION_H
#define IL_IMAGE_DEGRADATION_H

#include <stdbool.h>

typedef enum il_degrade_kind {
    IL_DEGRADE_NONE,
    IL_DEGRADE_JPEG,
    IL_DEGRADE_DOUBLE_JPEG,
    IL_DEGRADE_WEBP,
    IL_DEGRADE_RESIZE,
    IL_DEGRADE_BLUR,
    IL_DEGRADE_NOISE,
    IL_DEGRADE_CROP,
    IL_DEGRADE_KINDS, /* those of tests; training knows these too: */
    IL_DEGRADE_ROTATE = IL_DEGRADE_KINDS,
    IL_DEGRADE_FLIP,
    IL_DEGRADE_JITTER,
    IL_AUGMENT_KINDS
} il_degrade_kind;

/* What colour jitter changes. */
enum { IL_JITTER_BRIGHTNESS, IL_JITTER_CONTRAST, IL_JITTER_SATURATION, IL_JITTER_KINDS };

typedef struct il_jitter {
    double factor[IL_JITTER_KINDS]; /* 1: unchanged */
    int order[IL_JITTER_KINDS];     /* the `count` that are changed, one after another */
    int count;
} il_jitter;

typedef struct il_degradation {
    il_degrade_kind kind;
    double level; /* strength, in the unit of the kind; rotate: degrees to the left, a multiple of 90 */
    int first;    /* double_jpeg: quality of the first compression */
    bool shift;   /* double_jpeg: the first compression's block grid is shifted */
    bool upright; /* flip: top and bottom are exchanged, not left and right */
    il_jitter jitter;
} il_degradation;

#endif
