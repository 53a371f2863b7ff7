/* tiles.c: every pixel is covered, and the weights at it sum to 1. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include "plugin/tiles.h"

static void check(int side, int tile, int overlap)
{
    il_err e = { 0 };
    il_axis a = { 0 };
    cr_assert_eq(il_tiles_axis(&a, side, tile, overlap, &e), IL_OK, "%s", e.message);
    double *sum = calloc((size_t)side, sizeof *sum);
    for (int t = 0; t < a.count; t++) {
        cr_assert(t == 0 ? a.start[t] == 0 : a.start[t] > a.start[t - 1], "%d/%d/%d", side, tile, overlap);
        cr_assert(t == a.count - 1 || (a.start[t] + tile < side && (a.start[t] % 8 == 0 || tile - overlap <= 8)));
        if (t > 0) /* the step is rounded down, so tiles share at least what was asked for */
            cr_assert(a.start[t - 1] + tile - a.start[t] >= overlap, "%d/%d/%d", side, tile, overlap);
        for (int i = 0; i < tile; i++) {
            float w = a.weight[t * tile + i];
            if (a.start[t] + i >= side) {
                cr_assert_eq(w, 0);
                continue;
            }
            cr_assert(w > 0 && w <= 1);
            sum[a.start[t] + i] += w;
        }
    }
    for (int x = 0; x < side; x++)
        cr_assert(fabs(sum[x] - 1) < 1e-6, "%d/%d/%d: %g at %d", side, tile, overlap, sum[x], x);
    int end = a.start[a.count - 1] + tile;
    cr_assert(side >= tile ? end == side : end == tile);
    free(sum);
    il_tiles_free(&a);
}

Test(tiles, weights_sum_to_one)
{
    static const int sides[] = { 1, 2, 31, 32, 33, 63, 64, 65, 96, 127, 255, 256, 257, 511, 512, 513, 1000, 5774 };
    static const int tiles[] = { 1, 32, 64, 65, 256, 512 };
    for (size_t s = 0; s < sizeof sides / sizeof *sides; s++)
        for (size_t t = 0; t < sizeof tiles / sizeof *tiles; t++)
            for (int part = 0; part < 8; part += 2)
                check(sides[s], tiles[t], tiles[t] * part / 8);
    check(200, 64, 63);
}

/* Two tiles with a plain overlap: the window falls from one to the other without a jump. */
Test(tiles, blend_smoothly)
{
    il_err e = { 0 };
    il_axis a = { 0 };
    cr_assert_eq(il_tiles_axis(&a, 112, 64, 16, &e), IL_OK);
    cr_assert_eq(a.count, 2);
    cr_assert_eq(a.start[1], 48);
    cr_assert_eq(a.weight[47], 1);
    for (int i = 48; i < 64; i++) {
        cr_assert(a.weight[i] < a.weight[i - 1] && a.weight[i - 1] - a.weight[i] < 0.12);
        cr_assert(fabsf(a.weight[i] + a.weight[64 + i - 48] - 1) < 1e-6F);
    }
    il_tiles_free(&a);
    cr_assert_eq(il_tiles_axis(&a, 100, 64, 64, &e), IL_EPARAM);
    cr_assert_eq(il_tiles_axis(&a, 0, 64, 16, &e), IL_EPARAM);
}
