/* score_bins.h - the bins that scores are counted in, taken over the logit: what C11 and CUDA C++ have in common, for the kernels
 * that count and for those who read the counts.
 *
 * Up to a logit of 32 either way bins are 1/32 wide; beyond, each doubling up to 1024 has 128 of them. Bin b holds the
 * logits above edge b up to edge b + 1, the lowest and the highest also all beyond. Edge IL_SCORE_HALF is 0: a score above 0.5 lies
 * in bin IL_SCORE_HALF or above. */
#ifndef IL_BASE_SCORE_BINS_H
#define IL_BASE_SCORE_BINS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef __CUDACC__
#define IL_SCORE_INLINE static inline __host__ __device__
#else
#define IL_SCORE_INLINE static inline
#endif

enum {
    IL_SCORE_PER_UNIT = 32,
    IL_SCORE_EVEN = 32 * IL_SCORE_PER_UNIT, /* bins of equal width on one side */
    IL_SCORE_PER_DOUBLING = 128,
    IL_SCORE_DOUBLINGS = 5,
    IL_SCORE_HALF = IL_SCORE_EVEN + IL_SCORE_DOUBLINGS * IL_SCORE_PER_DOUBLING,
    IL_SCORE_BINS = 2 * IL_SCORE_HALF
};

/* NAN is counted in bin 0, as never marked. A float's upper bits are its power of two and 7 bits of what is above it: the
 * bins of the doublings. One unit in the last place less, a positive logit on an edge lies below it. */
IL_SCORE_INLINE int il_score_bin(float logit)
{
    const uint32_t even_end = 0x42000000u, infinite = 0x7F800000u;
    uint32_t all, bits;
    float size;
    memcpy(&all, &logit, sizeof all);
    int above = logit > 0;
    bits = (all & 0x7FFFFFFFu) - (uint32_t)above;
    memcpy(&size, &bits, sizeof size);
    int even = (int)((size < 32 ? size : 0) * (float)IL_SCORE_PER_UNIT);
    int doubled = IL_SCORE_EVEN + (int)((bits - even_end) >> 16);
    int from_half = bits < even_end ? even : doubled;
    from_half = from_half < IL_SCORE_HALF ? from_half : IL_SCORE_HALF - 1;
    int bin = above ? IL_SCORE_HALF + from_half : IL_SCORE_HALF - 1 - from_half;
    return (all & 0x7FFFFFFFu) > infinite ? 0 : bin;
}

/* The logit at edge 0 to IL_SCORE_BINS; the outer two are infinite. */
static inline double il_score_edge(int edge)
{
    int from_half = edge < IL_SCORE_HALF ? IL_SCORE_HALF - edge : edge - IL_SCORE_HALF,
        doubled = from_half - IL_SCORE_EVEN;
    double size = (double)from_half / (double)IL_SCORE_PER_UNIT;
    if (from_half >= IL_SCORE_HALF)
        size = (double)INFINITY;
    else if (doubled > 0)
        size = ldexp(1 + (double)(doubled % IL_SCORE_PER_DOUBLING) / (double)IL_SCORE_PER_DOUBLING,
                     5 + doubled / IL_SCORE_PER_DOUBLING);
    return edge < IL_SCORE_HALF ? -size : size;
}

#endif
