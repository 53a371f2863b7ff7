/* residual.c - three Steganalysis Rich Model filters: by a kernel of our own, or as one convolution where the picture's
 * gradient is wanted. */
#include <inpaintlab/residual.h>
#include "torch/residual_kernel.h"

enum { SIDE = 5, FILTERS = 3, CHANNELS = 3 };

/* The same kernel on every channel, so that it sees their sum. Its rows are symmetric. */
#define ROW(divisor, far, near, middle)                                                                                \
    {                                                                                                                  \
        (far) / (divisor), (near) / (divisor), (middle) / (divisor), (near) / (divisor), (far) / (divisor)             \
    }
#define ON_ALL(...)                                                                                                    \
    {                                                                                                                  \
        { __VA_ARGS__ }, { __VA_ARGS__ },                                                                              \
        {                                                                                                              \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }
static const float filters[FILTERS][CHANNELS][SIDE][SIDE] = {
    ON_ALL(ROW(12.F, -1, 2, -2), ROW(12.F, 2, -6, 8), ROW(12.F, -2, 8, -12), ROW(12.F, 2, -6, 8), ROW(12.F, -1, 2, -2)),
    ON_ALL(ROW(4.F, 0, 0, 0), ROW(4.F, 0, -1, 2), ROW(4.F, 0, 2, -4), ROW(4.F, 0, -1, 2), ROW(4.F, 0, 0, 0)),
    ON_ALL(ROW(2.F, 0, 0, 0), ROW(2.F, 0, 0, 1), ROW(2.F, 0, 0, -2), ROW(2.F, 0, 0, 1), ROW(2.F, 0, 0, 0)),
};

/* Exact: half precision would round the trace away. */
static il_tensor *convolve(il_scope *outer, il_tensor *image)
{
    il_scope *s = il_scope_nest_exact(outer);
    il_tensor *grey_levels = il_affine(s, image, 255, 0);
    il_tensor *weight = il_constant(s, &filters[0][0][0][0], 4, (int64_t[]){ FILTERS, CHANNELS, SIDE, SIDE });
    if (image && il_dtype_of(image) == IL_DTYPE_F64)
        weight = il_to(s, weight, IL_DTYPE_F64);
    il_tensor *y = il_lift(s, il_conv2d(s, grey_levels, weight, NULL, (il_conv_geometry){ .padding = 2 }));
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
