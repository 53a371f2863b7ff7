/* residual.c - three Steganalysis Rich Model filters: by a kernel of our own, or as one convolution where the picture's
 * gradient is wanted. */
#include <inpaintlab/residual.h>
#include "torch/residual_kernel.h"

enum { SIDE = 5, FILTERS = 3, CHANNELS = 3 };

static const struct {
    float divisor;
    float rows[SIDE][SIDE];
} kernels[FILTERS] = {
    { 12,
      { { -1, 2, -2, 2, -1 }, { 2, -6, 8, -6, 2 }, { -2, 8, -12, 8, -2 }, { 2, -6, 8, -6, 2 }, { -1, 2, -2, 2, -1 } } },
    { 4, { { 0 }, { 0, -1, 2, -1, 0 }, { 0, 2, -4, 2, 0 }, { 0, -1, 2, -1, 0 }, { 0 } } },
    { 2, { { 0 }, { 0, 0, 1, 0, 0 }, { 0, 0, -2, 0, 0 }, { 0, 0, 1, 0, 0 }, { 0 } } },
};

/* (3,3,5,5): the same kernel on every channel, so that it sees their sum. */
static il_tensor *weight(il_scope *s)
{
    float w[FILTERS][CHANNELS][SIDE][SIDE];
    for (int k = 0; k < FILTERS; k++)
        for (int c = 0; c < CHANNELS; c++)
            for (int y = 0; y < SIDE; y++)
                for (int x = 0; x < SIDE; x++)
                    w[k][c][y][x] = kernels[k].rows[y][x] / kernels[k].divisor;
    return il_from_f32(s, &w[0][0][0][0], 4, (int64_t[]){ FILTERS, CHANNELS, SIDE, SIDE });
}

/* Exact: half precision would round the trace away. */
static il_tensor *convolve(il_scope *outer, il_tensor *image)
{
    il_scope *s = il_scope_nest_exact(outer);
    il_tensor *grey_levels = il_affine(s, image, 255, 0);
    il_tensor *y = il_lift(s, il_conv2d(s, grey_levels, weight(s), NULL, (il_conv_geometry){ .padding = 2 }));
    il_scope_close(s);
    return y;
}

il_tensor *il_residual_srm(il_scope *s, il_tensor *image)
{
    il_tensor *fused = il_kernels_residual(s, image, false);
    return fused ? fused : convolve(s, image);
}

il_tensor *il_residual_published(il_scope *s, il_tensor *image)
{
    il_tensor *fused = il_kernels_residual(s, image, true);
    if (fused)
        return fused;
    il_tensor *r = il_clamp(s, il_sub(s, image, convolve(s, image)), -1, 1);
    il_tensor *low = il_amin_to(s, r, 1);
    il_tensor *range = il_clamp(s, il_sub(s, il_amax_to(s, r, 1), low), 1e-12, 2); /* a flat picture gives 0, not NAN */
    return il_div(s, il_sub(s, r, low), range);
}

il_tensor *il_residual_truncated(il_scope *s, il_tensor *image, double level)
{
    return il_clamp(s, il_residual_srm(s, image), -level, level);
}
