/* tile.h - the kernels' work as functions of block and thread, so that the CPU can walk through it in the tests: between two
 * calls of the same block all its threads have finished the first. */
#ifndef IL_TORCH_KERNELS_TILE_H
#define IL_TORCH_KERNELS_TILE_H

#include "torch/kernels/pixel.h"

enum {
    IL_TILE_WIDTH = 32,
    IL_TILE_HEIGHT = 8,
    IL_TILE_THREADS = IL_TILE_WIDTH * IL_TILE_HEIGHT,
    IL_TILE_EDGE = 2, /* what the filters see beyond a pixel */
    IL_TILE_ROW = IL_TILE_WIDTH + 2 * IL_TILE_EDGE,
    IL_TILE_SUMS = IL_TILE_ROW * (IL_TILE_HEIGHT + 2 * IL_TILE_EDGE)
};

/* Where tile (column, row) of a picture begins. */
typedef struct il_tile_place {
    int64_t left, top;
} il_tile_place;

IL_PIXEL il_tile_place il_tile_at(int column, int row)
{
    il_tile_place at = { (int64_t)column * IL_TILE_WIDTH, (int64_t)row * IL_TILE_HEIGHT };
    return at;
}

IL_PIXEL int64_t il_tile_offset(il_pixel_picture p, int64_t x, int64_t y, int channel)
{
    return p.interleaved ? (y * p.width + x) * 3 + channel : (channel * p.height + y) * p.width + x;
}

IL_PIXEL int il_tile_inside(il_pixel_picture p, int64_t x, int64_t y)
{
    return x >= 0 && x < p.width && y >= 0 && y < p.height;
}

/* First: the channel sums of the tile and its surroundings, each once. */
IL_PIXEL void il_tile_load(float *sums, const float *image, il_pixel_picture p, il_tile_place at, int thread)
{
    for (int i = thread; i < IL_TILE_SUMS; i += IL_TILE_THREADS) {
        int64_t x = at.left - IL_TILE_EDGE + i % IL_TILE_ROW, y = at.top - IL_TILE_EDGE + i / IL_TILE_ROW;
        sums[i] = !il_tile_inside(p, x, y)
                      ? 0
                      : il_pixel_sum(image[il_tile_offset(p, x, y, 0)], image[il_tile_offset(p, x, y, 1)],
                                     image[il_tile_offset(p, x, y, 2)]);
    }
}

/* Floats as unsigned numbers of the same order, all above 0, so that atomicMax serves; the least is sought among the
 * inverted ones. */
IL_PIXEL uint32_t il_tile_rank(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits >> 31 ? ~bits : bits | 0x80000000u;
}

IL_PIXEL float il_tile_unrank(uint32_t rank)
{
    uint32_t bits = rank >> 31 ? rank & 0x7FFFFFFFu : ~rank;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The largest rank and the largest inverted rank; {0, 0} at first. */
typedef struct il_tile_range {
    uint32_t high, low;
} il_tile_range;

IL_PIXEL il_tile_range il_tile_widen(il_tile_range r, float value)
{
    uint32_t rank = il_tile_rank(value);
    r.high = rank > r.high ? rank : r.high;
    r.low = ~rank > r.low ? ~rank : r.low;
    return r;
}

/* Then: the residual of the thread's own pixel, and the range of its three values where the published form is wanted. */
IL_PIXEL il_tile_range il_tile_filter(float *out, const float *sums, const float *image, il_pixel_picture p,
                                      il_tile_place at, int thread, int published)
{
    int column = thread % IL_TILE_WIDTH, row = thread / IL_TILE_WIDTH;
    int64_t x = at.left + column, y = at.top + row;
    il_tile_range range = { 0, 0 };
    if (!il_tile_inside(p, x, y))
        return range;
    il_pixel_noise noise = il_pixel_filter(sums + (row + IL_TILE_EDGE) * IL_TILE_ROW + column + IL_TILE_EDGE,
                                           IL_TILE_ROW);
    for (int c = 0; c < 3; c++) {
        int64_t i = il_tile_offset(p, x, y, c);
        out[i] = published ? il_pixel_difference(image[i], noise.k[c]) : noise.k[c];
        if (published)
            range = il_tile_widen(range, out[i]);
    }
    return range;
}

/* Last, when all tiles of the picture are done. */
IL_PIXEL float il_tile_stretch(float value, il_tile_range r)
{
    return il_pixel_between(value, il_tile_unrank(~r.low), il_tile_unrank(r.high));
}

#endif
