/* random.c - SplitMix64. */
#include <inpaintlab/random.h>
#include "base/splitmix.h"

uint64_t il_random_mix(uint64_t x)
{
    return il_splitmix(x);
}

uint64_t il_random_seed(uint64_t seed, const char *name)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (const unsigned char *p = (const unsigned char *)name; *p; p++)
        h = (h ^ *p) * UINT64_C(0x100000001b3);
    return il_random_mix(h ^ il_random_mix(seed));
}

uint64_t il_random_bits(uint64_t *state)
{
    uint64_t x = il_random_mix(*state);
    *state += IL_SPLITMIX_STEP;
    return x;
}

double il_random_unit(uint64_t *state)
{
    return (double)(il_random_bits(state) >> 11) * 0x1p-53;
}
