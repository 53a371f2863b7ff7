/* make_sample.h - one photo -> its mask and pictures of all kinds. */
#ifndef IL_DATASET_MAKE_SAMPLE_H
#define IL_DATASET_MAKE_SAMPLE_H

#include "dataset/recipe.h"

/* A sample in progress. Start with {0} and the photo, prompt, seed and parts set. */
typedef struct il_made_sample {
    const char *prompt; /* lent */
    uint64_t seed;
    size_t masker, inpainter, reconstructor; /* positions in the recipe's lists */
    il_image pictures[IL_PICTURE_KINDS];     /* [IL_ORIGINAL] is given: RGB, size x size */
    il_image blurred;                        /* the mask, one channel */
    il_rule rule;
    double area, core; /* as il_sample */
} il_made_sample;

void il_made_sample_clear(il_made_sample *m);

/* Crops or resizes a photo as the recipe says; tile: its number (0 unless the recipe cuts tiles). */
int il_make_sample_fit(il_image *out, const il_recipe *r, const il_image *photo, int tile, il_err *e);

/* Tiles of a photo of that size; 1 unless the recipe cuts tiles; 0: the photo is too small. */
int il_make_sample_tiles(const il_recipe *r, int width, int height);

/* The sharp mask of the recipe's masker, blurred. When a mask never reaches 255, other seeds are tried, and finally
 * a random rectangle is used; the rule says so. */
int il_make_sample_mask(il_made_sample *m, const il_recipe *r, il_err *e);

/* The generators' part, for samples that share inpainter and reconstructor; images that are not wanted stay empty,
 * but those that wanted ones are pasted from. wanted (by kind): the recipe's, or fewer. One thread at a time. */
int il_make_sample_paint(il_made_sample *const *list, size_t n, const il_recipe *r, const bool wanted[IL_PICTURE_KINDS],
                         il_device device, il_err *e);

#endif
