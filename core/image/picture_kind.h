/* picture_kind.h - the images of one sample, as named in file names and grids. */
#ifndef IL_IMAGE_PICTURE_KIND_H
#define IL_IMAGE_PICTURE_KIND_H

#include <stddef.h>

/* In the order in which they are written. */
typedef enum il_picture_kind {
    IL_ORIGINAL,
    IL_MASK,
    IL_INPAINTED,
    IL_REALFAKE,
    IL_FAKEFAKE,
    IL_PICTURE_KINDS
} il_picture_kind;

extern const char *const il_picture_kinds[IL_PICTURE_KINDS]; /* "original", "mask", … */

/* The kind named by the first `length` characters; IL_PICTURE_KINDS: none. */
il_picture_kind il_picture_kind_find(const char *name, size_t length);

#endif
