/* sampling.h - the loader's random choices: each is a hash (SplitMix64) of seed, epoch, number and purpose, so that they
 * depend neither on threads nor on where an epoch starts. */
#ifndef IL_LOADER_SAMPLING_H
#define IL_LOADER_SAMPLING_H

#include "image/window.h"
#include "loader/pictures.h"

typedef struct il_sampling {
    uint64_t seed;
    int epoch, crop; /* crop: side of the windows, pixels; 0: whole images */
    bool flip, shuffle;
} il_sampling;

/* The key of all random choices about one picture, or one crop of it, in this epoch: a choice is il_random_mix(key + purpose).
 * Pictures with the same number, such as twins, get the same choices. */
uint64_t il_sampling_key(const il_sampling *s, size_t number);

/* The order of `count` entries. */
void il_sampling_order(uint32_t *order, size_t count, const il_sampling *s);

/* Where an image is cropped, and whether it is mirrored. */
il_window il_sampling_window(const il_sampling *s, size_t number, int width, int height);

/* From which is drawn what else happens to a crop of a picture (il_augment_apply): a key whose number is that of the sample's name,
 * without its image kind, and of the crop, so that all pictures of one photo meet the same. */
uint64_t il_sampling_stream(const il_sampling *s, const char *name, size_t crop);

/* Seed of the reader's random choices: fixed where nothing is shuffled, so that validation and tests are repeatable. */
uint64_t il_sampling_seed(const il_sampling *s, size_t number);

#endif
