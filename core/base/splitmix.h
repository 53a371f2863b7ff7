/* splitmix.h - SplitMix64's mixing step, inline for loops that draw billions of numbers; all other code uses
 * <inpaintlab/random.h>. */
#ifndef IL_BASE_SPLITMIX_H
#define IL_BASE_SPLITMIX_H

#include <stdint.h>

#define IL_SPLITMIX_STEP UINT64_C(0x9e3779b97f4a7c15) /* from one state to the next */

static inline uint64_t il_splitmix(uint64_t x)
{
    x += IL_SPLITMIX_STEP;
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

#endif
