/* perceptual_hash.h - a perceptual hash of images, and pairs of images with similar hashes. */
#ifndef IL_IMAGE_PERCEPTUAL_HASH_H
#define IL_IMAGE_PERCEPTUAL_HASH_H

#include <stdint.h>
#include <inpaintlab/image.h>

/* 64 bits: which of the 8x8 lowest frequencies of the 32x32 grey image (DCT-II) are above their median; similar
 * images differ in few bits (Zauner 2010). Robust to resizing and recompression, not to mirroring or cropping. */
int il_perceptual_hash_of(uint64_t *out, const il_image *image, il_err *e);

typedef struct il_perceptual_hash_pair {
    size_t a, b;  /* a < b */
    int distance; /* differing bits */
} il_perceptual_hash_pair;

/* All pairs that differ in at most `most` bits, sorted by a, then b. At most `limit` pairs are kept; *more (may be
 * NULL) says whether there were more. The caller frees *out. */
int il_perceptual_hash_pairs(il_perceptual_hash_pair **out, size_t *count, int *more, const uint64_t *hashes, size_t n,
                             int most, size_t limit, il_err *e);

enum { IL_TWINS_NEAR = 4 }; /* bits; images this close count as the same photo */

#endif
