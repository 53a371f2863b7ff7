/* limits.h - the largest image. */
#ifndef IL_IMAGE_LIMITS_H
#define IL_IMAGE_LIMITS_H

/* Larger images are rejected before anything is allocated for them. */
#define IL_IMAGE_MAX_PIXELS (1 << 28)

#endif
