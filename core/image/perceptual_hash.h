/* twins.h - pictures that show the same: a perceptual hash, and the pairs that it brings together. */
#ifndef IL_DATASET_TWINS_H
#define IL_DATASET_TWINS_H

#include <stdint.h>
#include <inpaintlab/image.h>

/* 64 bits: which of the 8x8 lowest frequencies of the 32x32 grey picture (DCT-II) lie above their median; near pictures
 * differ in few bits (Zauner 2010). Survives resizing and recompression, not mirroring or cropping. */
int il_twins_hash(uint64_t *out, const il_image *image, il_err *e);

typedef struct il_twins_pair {
    size_t a, b; /* a < b */
    int distance; /* bits that differ */
} il_twins_pair;

/* Every pair at most `most` bits apart, by a, then b. At most `limit` pairs are kept; *more tells that there were more
 * (NULL: not wanted). Free *out. */
int il_twins_find(il_twins_pair **out, size_t *count, int *more, const uint64_t *hashes, size_t n, int most, size_t limit,
                  il_err *e);

enum { IL_TWINS_NEAR = 4 }; /* bits: pictures so near count as the same photo */

#endif
