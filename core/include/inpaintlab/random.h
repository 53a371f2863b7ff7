/* random.h - small random numbers that are the same everywhere: SplitMix64 (Steele, Lea and Flood 2014). */
#ifndef IL_RANDOM_H
#define IL_RANDOM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Spreads every bit of x over all bits. */
uint64_t il_random_mix(uint64_t x);

/* FNV-1a of a text, mixed with the seed: a seed for what bears that name. */
uint64_t il_random_seed(uint64_t seed, const char *name);

/* The next number of a stream; *state is any seed at first. */
uint64_t il_random_bits(uint64_t *state);
double il_random_unit(uint64_t *state); /* uniform in [0,1) */

#ifdef __cplusplus
}
#endif
#endif
