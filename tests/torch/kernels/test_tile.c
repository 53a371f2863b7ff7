/* Walks through the kernels' blocks and threads on the CPU: every thread of a block loads before any of them filters. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/random.h>
#include "torch/kernels/cpu.h"
#include "torch/kernels/tile.h"

enum { MOST = 3 * 80 * 70 };

static void fill(float *image, int64_t count, uint64_t seed)
{
    for (int64_t i = 0; i < count; i++)
        image[i] = (float)(il_random_bits(&seed) % 256) / 255;
}

static il_tile_range walk(float *out, const float *image, il_pixel_picture p, int published)
{
    il_tile_range all = { 0, 0 };
    int columns = (int)(p.width + IL_TILE_WIDTH - 1) / IL_TILE_WIDTH,
        rows = (int)(p.height + IL_TILE_HEIGHT - 1) / IL_TILE_HEIGHT;
    for (int block = 0; block < columns * rows; block++) {
        float sums[IL_TILE_SUMS];
        il_tile_place at = il_tile_at(block % columns, block / columns);
        for (int i = 0; i < IL_TILE_SUMS; i++)
            sums[i] = NAN; /* shared memory that nobody fills would show */
        for (int thread = 0; thread < IL_TILE_THREADS; thread++)
            il_tile_load(sums, image, p, at, thread);
        for (int thread = 0; thread < IL_TILE_THREADS; thread++) {
            il_tile_range r = il_tile_filter(out, sums, image, p, at, thread, published);
            all.high = r.high > all.high ? r.high : all.high;
            all.low = r.low > all.low ? r.low : all.low;
        }
    }
    return all;
}

/* The same bits as the CPU's loops, which test_kernels.c compares with a reference. */
static void check(il_pixel_picture p, int published)
{
    static float image[MOST], tiled[MOST + 1], looped[MOST], room[(80 + 4) * (70 + 4)];
    int64_t count = 3 * p.height * p.width;
    float range[2];
    fill(image, count, (uint64_t)count);
    for (int64_t i = 0; i <= count; i++)
        tiled[i] = NAN;
    il_tile_range r = walk(tiled, image, p, published);
    il_cpu_residual(looped, published ? range : NULL, image, p, 0, p.height, room);
    if (published) {
        cr_expect_eq(il_tile_unrank(~r.low), range[0]);
        cr_expect_eq(il_tile_unrank(r.high), range[1]);
        for (int64_t i = 0; i < count; i++)
            tiled[i] = il_tile_stretch(tiled[i], r);
        il_cpu_stretch(looped, count, range[0], range[1]);
    }
    for (int64_t i = 0; i < count; i++)
        cr_assert_eq(tiled[i], looped[i], "%dx%d, value %d: %.9g, expected %.9g", (int)p.width, (int)p.height, (int)i,
                     (double)tiled[i], (double)looped[i]);
    cr_expect(isnan(tiled[count]), "a thread wrote beyond the picture");
}

Test(tile, residual_as_on_the_cpu)
{
    static const int64_t sizes[][2] = { { 1, 1 }, { 5, 3 }, { 2, 40 }, { 8, 32 }, { 9, 33 }, { 37, 41 }, { 70, 80 } };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int which = 0; which < 4; which++)
            check((il_pixel_picture){ sizes[i][0], sizes[i][1], which % 2 }, which / 2);
}

Test(tile, ranks_keep_the_order)
{
    uint64_t seed = 3;
    float before = -INFINITY;
    const float some[] = { -INFINITY, -3e38f, -1, -0.5f, -1e-45f, 0, 1e-45f, 0.25f, 1, 3e38f, INFINITY };
    for (size_t i = 1; i < sizeof some / sizeof *some; before = some[i++])
        cr_expect_lt(il_tile_rank(before), il_tile_rank(some[i]), "%g and %g", (double)before, (double)some[i]);
    for (int i = 0; i < 100000; i++) {
        float a = (float)(il_random_unit(&seed) * 2 - 1);
        cr_assert_gt(il_tile_rank(a), 0);
        cr_assert_gt(~il_tile_rank(a), 0);
        cr_assert_eq(il_tile_unrank(il_tile_rank(a)), a);
    }
}
