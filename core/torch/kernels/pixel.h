/* pixel.h - the arithmetic of one pixel, shared by the loops for the CPU and the kernels for the GPU: what C11 and CUDA C++
 * have in common. */
#ifndef IL_TORCH_KERNELS_PIXEL_H
#define IL_TORCH_KERNELS_PIXEL_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/score_bins.h"

#ifdef __CUDACC__
#define IL_PIXEL static inline __host__ __device__
#else
#define IL_PIXEL static inline
#endif

/* A picture of three channels in memory. */
typedef struct il_pixel_picture {
    int64_t height, width;
    int interleaved; /* 0: a plane per channel; 1: a pixel's channels stand together */
} il_pixel_picture;

/* ---- scores ---- */

/* Where a pixel is counted in a picture's [2][IL_SCORE_BINS]: truly tampered ones first. */
IL_PIXEL int il_pixel_cell(float logit, float target)
{
    return il_score_bin(logit) + (target > 0 ? 0 : IL_SCORE_BINS);
}

/* ---- sigmoid focal loss ---- */

typedef struct il_pixel_focal {
    float slope, base; /* a pixel's weight is slope * target + base */
    float gamma;
} il_pixel_focal;

IL_PIXEL il_pixel_focal il_pixel_focal_of(double alpha, double gamma)
{
    il_pixel_focal f;
    f.slope = alpha >= 0 ? (float)(2 * alpha - 1) : 0;
    f.base = alpha >= 0 ? (float)(1 - alpha) : 1;
    f.gamma = (float)gamma;
    return f;
}

/* exp(-a) for a >= 0, to a few units of the last place; 0 from 87 on, where normal floats end. The polynomial is a minimax
 * fit of exp(r) - 1 - r over |r| <= ln(2) / 2. */
IL_PIXEL float il_pixel_exp_minus(float a)
{
    const float round = 12582912; /* 1.5 * 2^23: what is added to it becomes an integer in the lowest bits */
    float within = a < 87 ? a : 87;
    float shifted = within * 1.44269502f + round;
    float n = shifted - round;
    float r = n * 0.693115234f - within + n * 3.19461833e-5f; /* ln(2) in two parts, the first of 12 bits */
    float tail = ((((0.00138145405f * r + 0.00836874512f) * r + 0.0416683908f) * r + 0.166665204f) * r + 0.499999934f) *
                 r;
    uint32_t bits;
    float power;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (0x4B400000u + 127 - bits) << 23; /* 2^-n */
    memcpy(&power, &bits, sizeof power);
    return within < 87 ? (tail * r + r + 1) * power : 0;
}

/* log(1 + e) for e from 0 to 1, as 2 atanh(e / (2 + e)); again a minimax fit. */
IL_PIXEL float il_pixel_log1p(float e)
{
    float z = e / (2 + e), y = z * z;
    float tail = (((0.140060027f * y + 0.140009007f) * y + 0.200107637f) * y + 0.333332081f) * y;
    return 2 * (z * tail + z);
}

/* base^exponent for base from 0 to 1 and exponent > 0, as 2^(exponent * log2(base)) in double precision: nearly always the nearest
 * float, and the same on all devices, which the libraries' powf is not. The series are those of atanh and exp. */
IL_PIXEL float il_pixel_any_power(float base, float exponent)
{
    const double round = 6755399441055744; /* 1.5 * 2^52, see il_pixel_exp_minus */
    double mantissa, scale, from = base;
    uint64_t bits, above;
    memcpy(&bits, &from, sizeof bits);
    above = bits - 0x3FE6A09E667F3BCD; /* sqrt(1/2) */
    bits -= above & 0xFFF0000000000000;
    memcpy(&mantissa, &bits, sizeof mantissa); /* from sqrt(1/2) to sqrt(2) */
    double z = (mantissa - 1) / (mantissa + 1), y = z * z;
    double tail = ((((1. / 17 * y + 1. / 15) * y + 1. / 13) * y + 1. / 11) * y + 1. / 9) * y + 1. / 7;
    double log2 = (double)((int64_t)above >> 52) +
                  2.8853900817779268 * (((tail * y + 1. / 5) * y + 1. / 3) * y + 1) * z;
    double power = exponent * log2;
    double shifted = (power > -1000 ? power : -1000) + round, n = shifted - round;
    double r = (power > -1000 ? power - n : 0) * 0.69314718055994531;
    double high = ((((1. / 39916800 * r + 1. / 3628800) * r + 1. / 362880) * r + 1. / 40320) * r + 1. / 5040) * r +
                  1. / 720;
    double exp = (((((high * r + 1. / 120) * r + 1. / 24) * r + 1. / 6) * r + 1. / 2) * r + 1) * r + 1;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 1023) << 52; /* 2^n */
    memcpy(&scale, &bits, sizeof scale);
    return base > 0 ? (float)(exp * scale) : base;
}

IL_PIXEL float il_pixel_power(float base, float exponent)
{
    return exponent == 2 ? base * base : exponent == 0 ? 1 : il_pixel_any_power(base, exponent);
}

/* What value and derivative are made of. No difference of near numbers is taken, so that both stay exact where the score
 * comes close to its target. An infinite logit gives NAN. */
typedef struct il_pixel_parts {
    float weight;
    float low, high; /* the target's share times the score, and times what it lacks from 1 */
    float miss;      /* 1 - p(true class) */
    float ratio;     /* p (1 - p) / miss, which is at most 1 */
    float entropy;   /* cross-entropy */
} il_pixel_parts;

IL_PIXEL il_pixel_parts il_pixel_take_apart(float logit, float target, il_pixel_focal f)
{
    float e = il_pixel_exp_minus(logit < 0 ? -logit : logit), large = 1 / (1 + e), small = e * large;
    float p = logit < 0 ? small : large, q = logit < 0 ? large : small;
    il_pixel_parts a;
    a.weight = f.slope * target + f.base;
    a.low = p * (1 - target);
    a.high = q * target;
    a.miss = a.low + a.high;
    a.ratio = large * small / (a.miss > 0 ? a.miss : 1);
    a.entropy = (logit > 0 ? logit : 0) - logit * target + il_pixel_log1p(e);
    return a;
}

IL_PIXEL float il_pixel_focal_value(float logit, float target, il_pixel_focal f)
{
    il_pixel_parts a = il_pixel_take_apart(logit, target, f);
    return a.weight * il_pixel_power(a.miss, f.gamma) * a.entropy;
}

/* The value's derivative by the logit. */
IL_PIXEL float il_pixel_focal_slope(float logit, float target, il_pixel_focal f)
{
    il_pixel_parts a = il_pixel_take_apart(logit, target, f);
    float moved = a.low - a.high + f.gamma * a.entropy * (1 - 2 * target) * a.ratio;
    return a.weight * il_pixel_power(a.miss, f.gamma) * moved;
}

/* ---- noise residual ---- */

typedef struct il_pixel_noise {
    float k[3]; /* K1/12, K2/4, K3/2 */
} il_pixel_noise;

/* The channels' sum of one pixel in grey levels: what all three filters see. */
IL_PIXEL float il_pixel_sum(float red, float green, float blue)
{
    return 255 * red + 255 * green + 255 * blue;
}

/* The filters at s[0], a pixel among such sums, whose rows lie `row` apart; outside the picture they are 0. All filters are
 * symmetric, so rows and columns at the same distance are added first. Sums of whole grey levels give exact results up to
 * the division. */
IL_PIXEL il_pixel_noise il_pixel_filter(const float *s, ptrdiff_t row)
{
    const float *far1 = s - 2 * row, *near1 = s - row, *near2 = s + row, *far2 = s + 2 * row;
    float far_0 = far1[0] + far2[0];
    float far_1 = far1[-1] + far1[1] + far2[-1] + far2[1];
    float far_2 = far1[-2] + far1[2] + far2[-2] + far2[2];
    float near_0 = near1[0] + near2[0];
    float near_1 = near1[-1] + near1[1] + near2[-1] + near2[1];
    float near_2 = near1[-2] + near1[2] + near2[-2] + near2[2];
    float on_1 = s[-1] + s[1], on_2 = s[-2] + s[2];
    il_pixel_noise n;
    n.k[0] = (-far_2 + 2 * (far_1 + near_2) - 2 * (far_0 + on_2) - 6 * near_1 + 8 * (near_0 + on_1) - 12 * s[0]) / 12;
    n.k[1] = (-near_1 + 2 * (near_0 + on_1) - 4 * s[0]) / 4;
    n.k[2] = (near_0 - 2 * s[0]) / 2;
    return n;
}

/* The published residual before the picture's extremes are known. */
IL_PIXEL float il_pixel_difference(float channel, float noise)
{
    float d = channel - noise;
    d = d < -1 ? -1 : d;
    return d > 1 ? 1 : d;
}

/* Min-max to [0, 1]; a flat picture gives 0. */
IL_PIXEL float il_pixel_between(float value, float low, float high)
{
    float range = high - low;
    return (value - low) / (range > 1e-12f ? range : 1e-12f);
}

#endif
