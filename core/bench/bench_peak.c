/* bench_peak.c - the device's own speed at dense work and at moving bytes, to compare a network's with. */
#include "base/clock.h"
#include "bench/bench_peak.h"

enum { TRIES = 6 };

/* Dense work: one product of square matrices, or one 3x3 convolution. A library may be much faster at one than at
 * the other (MKL's products do not use an AMD processor fully, oneDNN's convolutions do), so the peak is the better
 * of both. */
struct dense {
    il_tensor *x, *weight;
    bool convolution;
    double flops;
};

static int product_of(struct dense *out, il_scope *s, il_dtype type, il_err *e)
{
    const int64_t n = il_scope_device(s).kind == IL_DEVICE_CUDA ? 8192 : 2048;
    il_tensor *a = il_to(s, il_randn(s, 1, 0, 2, (int64_t[]){ n, n }), type);
    *out = (struct dense){ .x = a, .weight = a, .flops = 2.0 * (double)(n * n * n) };
    return il_scope_status(s, e);
}

static int convolution_of(struct dense *out, il_scope *s, il_dtype type, il_err *e)
{
    const int64_t channels = 256, side = 64, n = il_scope_device(s).kind == IL_DEVICE_CUDA ? 64 : 4;
    il_tensor *x = il_to(s, il_randn(s, 1, 0, 4, (int64_t[]){ n, channels, side, side }), type);
    il_tensor *w = il_to(s, il_randn(s, 2, 0, 4, (int64_t[]){ channels, channels, 3, 3 }), type);
    *out = (struct dense){ .x = il_to_order(s, x, IL_ORDER_NHWC),
                           .weight = il_to_order(s, w, IL_ORDER_NHWC),
                           .convolution = true,
                           .flops = 2.0 * 9 * (double)(channels * channels * n * side * side) };
    return il_scope_status(s, e);
}

/* Waits for the device by reading one number of y, which has that many dimensions. */
static int finish(il_scope *s, il_tensor *y, int dimensions, il_err *e)
{
    float first = 0;
    for (int i = 0; y && i < dimensions; i++)
        y = il_slice(s, y, i, 0, 1);
    int rc = il_scope_status(s, e);
    return rc ? rc : il_read_f32(y, &first, 1, e);
}

static int time_dense(double *seconds, const struct dense *d, il_scope *outer, il_err *e)
{
    il_scope *s = il_scope_nest(outer);
    double start = il_clock_seconds();
    il_tensor *y = d->convolution ? il_conv2d(s, d->x, d->weight, NULL, (il_conv_geometry){ .padding = 1 })
                                  : il_linear(s, d->x, d->weight, NULL);
    int rc = finish(s, y, d->convolution ? 4 : 2, e);
    *seconds = il_clock_seconds() - start;
    il_scope_close(s);
    return rc;
}

int il_bench_peak_flops(double *flops, il_model_opts how, il_err *e)
{
    static const il_dtype types[] = { IL_DTYPE_F32, IL_DTYPE_F32, IL_DTYPE_BF16, IL_DTYPE_F16 }; /* by il_precision */
    double best = 0;
    struct dense work[2];
    il_scope *s = NULL;
    int rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .device = how.device, .precision = how.precision), e);
    if (rc)
        return rc;
    rc = product_of(&work[0], s, types[how.precision], e);
    if (!rc)
        rc = convolution_of(&work[1], s, types[how.precision], e);
    for (int i = 0; i < 2 * TRIES && !rc; i++) {
        double seconds = 0;
        rc = time_dense(&seconds, &work[i % 2], s, e);
        if (seconds > 0 && work[i % 2].flops / seconds > best)
            best = work[i % 2].flops / seconds;
    }
    il_scope_close(s);
    if (!rc)
        *flops = best;
    return rc;
}

int il_bench_peak_bandwidth(double *bytes, il_model_opts how, il_err *e)
{
    const int64_t n = INT64_C(1) << 25; /* 128 MiB a tensor: more than caches hold */
    double best = 0;
    il_scope *s = NULL;
    int rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .device = how.device), e);
    if (rc)
        return rc;
    il_tensor *x = il_full(s, 1, IL_DTYPE_F32, 1, &n);
    for (int i = 0; i < TRIES && !rc; i++) {
        il_scope *inner = il_scope_nest(s);
        double start = il_clock_seconds();
        rc = finish(inner, il_add(inner, x, x), 1, e);
        const double seconds = il_clock_seconds() - start, moved = 2.0 * 4 * (double)n;
        if (seconds > 0 && moved / seconds > best)
            best = moved / seconds;
        il_scope_close(inner);
    }
    il_scope_close(s);
    if (!rc)
        *bytes = best;
    return rc;
}
