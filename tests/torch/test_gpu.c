/* test_gpu.c - what only a GPU can show: how far each precision is from float32 on the CPU. */
#include <criterion/criterion.h>
#include <math.h>
#include <inpaintlab/tensor.h>
#include "torch/rules.h"

enum { CHANNELS = 64, SIDE = 24, VALUES = CHANNELS * SIDE * SIDE };

/* A convolution; exact: in an exact scope. */
static void convolve(float out[VALUES], il_device device, il_precision precision, bool exact)
{
    il_err e = { 0 };
    il_scope *s = NULL;
    const int64_t image[] = { 1, CHANNELS, SIDE, SIDE }, kernel[] = { CHANNELS, CHANNELS, 3, 3 };
    cr_assert_eq(il_scope_open(&s, IL_OPTS(il_scope_opts, .device = device, .precision = precision), &e), IL_OK);
    il_tensor *x = il_randn(s, 1, 0, 4, image), *w = il_randn(s, 2, 0, 4, kernel);
    il_scope *within = exact ? il_scope_nest_exact(s) : il_scope_nest(s);
    il_tensor *y = il_conv2d(within, x, w, NULL, (il_conv_geometry){ .padding = 1 });
    cr_assert_eq(il_read_f32(y, out, VALUES, &e), IL_OK, "%s", e.message);
    il_scope_close(within);
    il_scope_close(s);
}

/* The root mean square of the difference, relative to the values'. */
static double distance(const float *a, const float *b)
{
    double apart = 0, size = 0;
    for (int i = 0; i < VALUES; i++) {
        apart += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        size += (double)b[i] * (double)b[i];
    }
    return sqrt(apart / size);
}

static void try_precisions(il_device gpu)
{
    static float expected[VALUES], found[VALUES];
    static const struct {
        il_precision precision;
        double least, most; /* how far it is */
    } all[] = {
        { IL_PRECISION_FP32, 0, 3e-6 },
        { IL_PRECISION_TF32, 0, 1e-3 }, /* as float32 where there is none */
        { IL_PRECISION_BF16, 3e-4, 1e-2 },
        { IL_PRECISION_FP16, 5e-5, 1e-3 },
    };
    convolve(expected, (il_device){ 0 }, IL_PRECISION_FP32, false);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        il_err e = { 0 };
        if (il_torch_rules(gpu, all[i].precision, false, &e) != IL_OK) {
            cr_expect(all[i].precision == IL_PRECISION_BF16, "%s", e.message);
            continue;
        }
        convolve(found, gpu, all[i].precision, false);
        double far = distance(found, expected);
        cr_expect(far >= all[i].least && far <= all[i].most, "cuda:%d, precision %d: %g", gpu.index, all[i].precision,
                  far);
        convolve(found, gpu, all[i].precision, true);
        cr_expect(distance(found, expected) < 3e-6, "cuda:%d, exact within precision %d: %g", gpu.index,
                  all[i].precision, distance(found, expected));
    }
}

Test(gpu, precisions)
{
    char name[] = "cuda:0";
    il_device gpu;
    for (; name[5] < '8' && il_device_parse(&gpu, name, NULL) == IL_OK; name[5]++)
        try_precisions(gpu);
    if (name[5] == '0')
        cr_skip_test("no GPU");
}
