/* degradation.h - one way to degrade an image, and how strongly. */
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
    IL_DEGRADE_KINDS
} il_degrade_kind;

typedef struct il_degradation {
    il_degrade_kind kind;
    double level; /* strength, in the unit of the kind */
    int first;    /* double_jpeg: quality of the first compression */
    bool shift;   /* double_jpeg: the first compression's block grid is shifted */
} il_degradation;

#endif
