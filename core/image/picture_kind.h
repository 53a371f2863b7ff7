/* picture_kind.h - the images of one sample, as named in file names and grids. */
#ifndef IL_IMAGE_PICTURE_KIND_H
#define IL_IMAGE_PICTURE_KIND_H

#include <stdbool.h>
#include <stddef.h>

/* In the order in which they are written: the paper's, then those of later work. */
typedef enum il_picture_kind {
    IL_ORIGINAL,
    IL_MASK,
    IL_INPAINTED,
    IL_REALFAKE,
    IL_FAKEFAKE,
    IL_RECONSTRUCTED,   /* what the autoencoder makes of the whole photo */
    IL_SELFCONDITIONED, /* what the inpainter makes of it when there is nothing to paint */
    IL_EXCHANGED,       /* the inpainted one where the mask is 255, elsewhere the photo, bit for bit */
    IL_PICTURE_KINDS,
    IL_PUBLISHED_KINDS = IL_RECONSTRUCTED
} il_picture_kind;

/* For messages: all, and those that can be trained or tested on. */
#define IL_PICTURE_KIND_WORDS IL_PICTURE_KIND_LIST("original, mask")
#define IL_PICTURE_KIND_SHOWN IL_PICTURE_KIND_LIST("original")
#define IL_PICTURE_KIND_LIST(first) first ", inpainted, realfake, fakefake, reconstructed, selfconditioned or exchanged"

extern const char *const il_picture_kinds[IL_PICTURE_KINDS]; /* "original", "mask", … */

/* The kind named by the first `length` characters; IL_PICTURE_KINDS: none. */
il_picture_kind il_picture_kind_find(const char *name, size_t length);

/* Whether the sample's mask says where such a picture was painted. In the others nothing was. */
bool il_picture_kind_masked(il_picture_kind kind);

/* Whether it was painted only where the mask is 255. */
bool il_picture_kind_sharp(il_picture_kind kind);

#endif
