/* limits.h - how large a picture may be. */
#ifndef IL_IMAGE_LIMITS_H
#define IL_IMAGE_LIMITS_H

/* Larger pictures are refused before anything is allocated for them. */
#define IL_IMAGE_MAX_PIXELS (1 << 28)

#endif
