/* test_pixels.c - bytes become pictures: values and their order, against plain C. */
#include <string.h>
#include "support/figures.h"
#include "torch/pixels.h"

enum { N = 3, H = 37, W = 1301 }; /* enough values for several threads */

static void check(int channels)
{
    size_t count = (size_t)N * H * W * (size_t)channels;
    uint8_t *pixels = malloc(count);
    float table[256], *got = malloc(count * sizeof *got);
    il_err e = { 0 };
    cr_assert(pixels && got);
    for (int i = 0; i < 256; i++)
        table[i] = (float)i / 255.0f - 0.25f;
    for (size_t i = 0; i < count; i++)
        pixels[i] = (uint8_t)(i * 7 + i / 256);
    il_scope *s = figures_scope(false, false);
    il_tensor *t = il_from_pixels(s, pixels, N, H, W, channels, table);
    cr_assert_eq(il_scope_status(s, &e), IL_OK, "%s", e.message);
    cr_assert(il_ndim(t) == 4 && il_dim(t, 0) == N && il_dim(t, 1) == channels && il_dim(t, 2) == H &&
              il_dim(t, 3) == W);
    cr_assert_eq(il_dtype_of(t), IL_DTYPE_F32);
    memset(pixels, 0, count); /* the tensor holds values of its own */
    cr_assert_eq(il_read_f32(t, got, count, &e), IL_OK, "%s", e.message);
    for (size_t i = 0; i < count; i++) { /* i runs over (n,c,h,w) */
        size_t n = i / (H * W * (size_t)channels), c = i / (H * W) % (size_t)channels, yx = i % (H * W);
        size_t at = (n * H * W + yx) * (size_t)channels + c;
        cr_assert_eq(got[i], table[(uint8_t)(at * 7 + at / 256)], "value %zu", i);
    }
    il_scope_close(s);
    free(got);
    free(pixels);
}

Test(pixels, as_plain_c)
{
    check(1);
    check(3);
}

Test(pixels, refuses_what_is_no_shape)
{
    const uint8_t pixel[3] = { 0 };
    const float table[256] = { 0 };
    il_err e = { 0 };
    il_scope *s = figures_scope(false, false);
    cr_assert_null(il_from_pixels(s, pixel, 1, 0, 1, 3, table));
    cr_assert_eq(il_scope_status(s, &e), IL_ETORCH);
    cr_expect_str_eq(e.message, "from_pixels: (1,0,1,3) is not a shape of images");
    il_scope_close(s);
}
