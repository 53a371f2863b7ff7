/* The operations that have kernels of our own, against libtorch's compositions and references in double precision. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/random.h>
#include <inpaintlab/residual.h>
#include "base/score_bins.h"
#include "support/figures.h"
#include "torch/counts.h"

enum { MOST = 3 * 3 * 301 * 300 };

static double normal(uint64_t *seed)
{
    double u = il_random_unit(seed) + 1e-300, v = il_random_unit(seed);
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

static void read_all(float *out, const il_tensor *t)
{
    il_err e = { 0 };
    cr_assert_not_null(t);
    cr_assert_eq(il_read_f32(t, out, (size_t)il_numel(t), &e), IL_OK, "%s", e.message);
}

/* ---- noise residual ---- */

static const double filters[3][5][5] = {
    { { -1, 2, -2, 2, -1 }, { 2, -6, 8, -6, 2 }, { -2, 8, -12, 8, -2 }, { 2, -6, 8, -6, 2 }, { -1, 2, -2, 2, -1 } },
    { { 0 }, { 0, -1, 2, -1, 0 }, { 0, 2, -4, 2, 0 }, { 0, -1, 2, -1, 0 }, { 0 } },
    { { 0 }, { 0, 0, 1, 0, 0 }, { 0, 0, -2, 0, 0 }, { 0, 0, 1, 0, 0 }, { 0 } },
};

struct picture {
    int64_t n, h, w;
    uint8_t grey[MOST];                /* (n,h,w,3) */
    float image[MOST], planes[MOST];   /* the same in [0,1]; (n,h,w,3) and (n,3,h,w) */
    double srm[MOST], published[MOST]; /* (n,3,h,w) */
};

static double filtered(const struct picture *p, int64_t n, int k, int64_t y, int64_t x)
{
    static const double divisor[3] = { 12, 4, 2 };
    double sum = 0;
    for (int64_t j = 0; j < 25; j++) {
        int64_t v = y + j / 5 - 2, u = x + j % 5 - 2;
        if (v < 0 || v >= p->h || u < 0 || u >= p->w)
            continue;
        const uint8_t *g = &p->grey[((n * p->h + v) * p->w + u) * 3];
        sum += filters[k][j / 5][j % 5] * (g[0] + g[1] + g[2]);
    }
    return sum / divisor[k];
}

static void min_max(double *values, int64_t count)
{
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < count; i++) {
        low = fmin(low, values[i]);
        high = fmax(high, values[i]);
    }
    for (int64_t i = 0; i < count; i++)
        values[i] = (values[i] - low) / fmax(high - low, 1e-12);
}

static void make_picture(struct picture *p, int64_t n, int64_t h, int64_t w)
{
    uint64_t seed = (uint64_t)(n * h * w);
    p->n = n, p->h = h, p->w = w;
    for (int64_t i = 0; i < n * h * w * 3; i++) {
        p->grey[i] = (uint8_t)(il_random_bits(&seed) % 256);
        p->image[i] = (float)p->grey[i] / 255;
    }
    for (int64_t i = 0; i < n; i++) {
        for (int k = 0; k < 3; k++)
            for (int64_t y = 0; y < h; y++)
                for (int64_t x = 0; x < w; x++) {
                    int64_t to = ((i * 3 + k) * h + y) * w + x;
                    p->planes[to] = p->image[((i * h + y) * w + x) * 3 + k];
                    p->srm[to] = filtered(p, i, k, y, x);
                    p->published[to] = fmax(-1, fmin(1, (double)p->planes[to] - p->srm[to]));
                }
        min_max(p->published + i * 3 * h * w, 3 * h * w);
    }
}

/* layout 0: channel by channel; 1: a pixel's channels together; 2: a part of a wider picture. */
static il_tensor *as_tensor(il_scope *s, const struct picture *p, int layout)
{
    il_tensor *planes = il_from_f32(s, p->planes, 4, (int64_t[]){ p->n, 3, p->h, p->w });
    if (layout == 1)
        return il_permute(s, il_from_f32(s, p->image, 4, (int64_t[]){ p->n, p->h, p->w, 3 }), 4, (int[]){ 0, 3, 1, 2 });
    return layout == 0 ? planes : il_slice(s, il_cat(s, (il_tensor *[]){ planes, planes }, 2, 3), 3, 0, p->w);
}

static void expect_near(const il_tensor *t, const double *want, double tolerance, const char *what)
{
    static float got[MOST];
    read_all(got, t);
    for (int64_t i = 0; i < il_numel(t); i++)
        cr_assert(fabs(got[i] - want[i]) <= tolerance * (1 + fabs(want[i])), "%s, value %d: %.9g, expected %.9g", what,
                  (int)i, (double)got[i], want[i]);
}

static struct picture picture; /* too large for the stack */

Test(kernels, residual_in_double_precision)
{
    static const int64_t sizes[][3] = { { 1, 1, 1 }, { 2, 5, 3 }, { 1, 2, 40 }, { 3, 37, 41 }, { 2, 64, 48 } };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        make_picture(&picture, sizes[i][0], sizes[i][1], sizes[i][2]);
        for (int layout = 0; layout < 3; layout++) {
            il_scope *s = figures_scope(false, false);
            il_tensor *image = as_tensor(s, &picture, layout);
            expect_near(il_residual_srm(s, image), picture.srm, 2e-7, "srm"); /* sums of whole numbers are exact */
            expect_near(il_residual_published(s, image), picture.published, 1e-6, "published");
            il_scope_close(s);
        }
    }
}

/* An image that wants a gradient goes through the convolution, with the same result up to rounding. */
Test(kernels, residual_with_a_gradient)
{
    static float grad[MOST];
    il_err e = { 0 };
    make_picture(&picture, 2, 20, 30);
    il_scope *s = figures_scope(false, true);
    il_tensor *image = il_keep(s, as_tensor(s, &picture, 0));
    cr_assert_eq(il_require_grad(image, &e), IL_OK);
    il_tensor *srm = il_residual_srm(s, image);
    expect_near(srm, picture.srm, 1e-4, "srm");
    expect_near(il_residual_published(s, image), picture.published, 1e-4, "published");
    cr_assert_eq(il_backward(s, il_sum(s, il_mul(s, srm, srm)), &e), IL_OK, "%s", e.message);
    read_all(grad, il_grad(s, image));
    cr_expect_gt(fabs(grad[0]), 1e-3);
    il_scope_close(s);
    il_tensor_free(image);
}

/* ---- counts ---- */

static float logit[MOST], target[MOST];

/* One pixel in three is inpainted, in the last picture none. */
static void make_scores(int64_t n, int64_t pixels, double spread)
{
    static const float odd[] = { 0, -0.0f, 1e-8f, -1e-8f, 200, -200, INFINITY, -INFINITY, NAN, 88, -104, 1e4f, -1e4f };
    uint64_t seed = (uint64_t)(n + pixels);
    for (int64_t i = 0; i < n * pixels; i++) {
        logit[i] = (float)(spread * normal(&seed));
        target[i] = i < (n - 1) * pixels && il_random_bits(&seed) % 3 == 0 ? (float)(0.01 + il_random_unit(&seed)) : 0;
    }
    for (int64_t i = 0; i < 13 && i < n * pixels; i++)
        logit[i] = odd[i];
}

enum { CELLS = 2 * IL_SCORE_BINS, COUNTS = 3 * CELLS };

static void expect_equal(il_tensor *a, il_tensor *b, const char *what)
{
    static int64_t x[COUNTS], y[COUNTS];
    size_t count = a ? (size_t)il_numel(a) : 0;
    cr_assert(count > 0 && count <= COUNTS, "%s", what);
    cr_assert_eq(il_dtype_of(a), IL_DTYPE_I64);
    cr_assert_eq(il_read_i64(a, x, count, NULL), IL_OK);
    cr_assert_eq(il_read_i64(b, y, count, NULL), IL_OK, "%s: not as many", what);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(x[i], y[i], "%s, count %zu: %lld, expected %lld", what, i, (long long)x[i], (long long)y[i]);
}

/* tp, fp, fn, tn from (N,2,IL_SCORE_BINS). */
static il_tensor *from_bins(il_scope *s, il_tensor *bins)
{
    il_tensor *low = il_sum_to(s, il_slice(s, bins, 2, 0, IL_SCORE_HALF), 2),
              *high = il_sum_to(s, il_slice(s, bins, 2, IL_SCORE_HALF, IL_SCORE_BINS), 2);
    return il_cat(s, (il_tensor *[]){ high, low }, 2, 1);
}

Test(kernels, counts_as_libtorch)
{
    static const int64_t sizes[][3] = { { 1, 1, 1 }, { 2, 5, 3 }, { 3, 37, 41 }, { 3, 301, 300 } };
    il_torch_threads(1); /* libtorch computes the last few of each thread's share another way */
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const int64_t *z = sizes[i], shape[] = { z[0], 1, z[1], z[2] };
        make_scores(z[0], z[1] * z[2], i % 2 ? 2 : 30);
        il_scope *s = figures_scope(false, false);
        il_tensor *x = il_from_f32(s, logit, 4, shape), *t = il_from_f32(s, target, 4, shape);
        il_tensor *bins = il_histogram(s, x, t, NULL);
        expect_equal(il_count_scores(s, x, t, NULL), bins, "scores");
        expect_equal(il_confusion(s, x, t, NULL), from_bins(s, bins), "confusion");
        il_tensor *wide = il_count_scores(s, il_to(s, x, IL_DTYPE_F64), il_to(s, t, IL_DTYPE_F64),
                                          NULL); /* no kernel for these */
        expect_equal(il_sum_to(s, wide, 2), il_sum_to(s, bins, 2), "double");
        il_scope_close(s);
    }
}

/* Logits on the edges of bins, and their neighbours. */
Test(kernels, counts_at_the_edges)
{
    enum { EDGES = IL_SCORE_BINS - 1, N = 4 * EDGES };
    const int64_t shape[] = { 2, 1, 2, EDGES };
    il_torch_threads(1);
    for (int i = 0; i < N; i++) {
        int steps = i / EDGES - 1;
        float x = (float)il_score_edge(i % EDGES + 1);
        for (; steps != 0; steps += steps < 0 ? 1 : -1)
            x = nextafterf(x, steps < 0 ? -INFINITY : INFINITY);
        logit[i] = x;
        target[i] = (float)(i % 2);
    }
    il_scope *s = figures_scope(false, false);
    il_tensor *x = il_from_f32(s, logit, 4, shape), *t = il_from_f32(s, target, 4, shape);
    expect_equal(il_count_scores(s, x, t, NULL), il_histogram(s, x, t, NULL), "scores");
    expect_equal(il_confusion(s, x, t, NULL), from_bins(s, il_histogram(s, x, t, NULL)), "confusion");
    il_scope_close(s);
}

/* Pixels that do not count, whatever their scores and truths, against the counts of the others alone. */
Test(kernels, counts_leave_out_what_does_not_count)
{
    enum { PIXELS = 61 * 37 };
    static float kept_logit[PIXELS], kept_target[PIXELS], valid[PIXELS];
    il_torch_threads(2);
    for (int share = 1; share <= 3; share++) {
        int64_t kept = 0;
        make_scores(1, PIXELS, 3);
        for (int i = 0; i < PIXELS; i++) {
            target[i] = (float)(i % 2);
            valid[i] = (float)(i % 4 < share);
            if (i % 4 < share) {
                kept_logit[kept] = logit[i];
                kept_target[kept++] = target[i];
            }
        }
        il_scope *s = figures_scope(false, false);
        const int64_t all[] = { 1, 1, 61, 37 }, few[] = { 1, 1, 1, kept };
        il_tensor *x = il_from_f32(s, logit, 4, all), *t = il_from_f32(s, target, 4, all),
                  *v = il_from_f32(s, valid, 4, all);
        il_tensor *a = il_from_f32(s, kept_logit, 4, few), *b = il_from_f32(s, kept_target, 4, few);
        expect_equal(il_count_scores(s, x, t, v), il_histogram(s, a, b, NULL), "scores");
        expect_equal(il_histogram(s, x, t, v), il_histogram(s, a, b, NULL), "composed");
        expect_equal(il_confusion(s, x, t, v), il_confusion(s, a, b, NULL), "confusion");
        il_scope_close(s);
    }
}

Test(kernels, counts_refuse_other_shapes)
{
    il_err e = { 0 };
    il_scope *s = figures_scope(false, false);
    il_tensor *a = il_full(s, 0, IL_DTYPE_F32, 4, (int64_t[]){ 1, 1, 2, 2 }),
              *b = il_full(s, 0, IL_DTYPE_F32, 4, (int64_t[]){ 1, 1, 2, 3 });
    cr_assert_null(il_count_scores(s, a, b, NULL));
    cr_assert_eq(il_scope_status(s, &e), IL_ETORCH);
    cr_assert(strstr(e.message, "count_scores: (1,1,2,2) and (1,1,2,3)"), "%s", e.message);
    il_scope_close(s);
}

/* ---- focal loss ---- */

static double focal(double x, double t, double alpha, double gamma)
{
    double p = x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)),
           q = x < 0 ? 1 / (1 + exp(x)) : exp(-x) / (1 + exp(-x));
    double entropy = fmax(x, 0) - x * t + log1p(exp(-fabs(x))), miss = p * (1 - t) + q * t;
    return (alpha < 0 ? 1 : alpha * t + (1 - alpha) * (1 - t)) * pow(miss, gamma) * entropy;
}

/* loss and gradient of `scale` times the loss, of all pixels where valid is NULL; type IL_DTYPE_F32: by the kernel, IL_DTYPE_F64: composed of libtorch's operations. */
static double loss_of(float *grad, int64_t n, const float *valid, double alpha, double gamma, double scale,
                      il_dtype type)
{
    il_err e = { 0 };
    float value;
    il_scope *s = figures_scope(false, true);
    il_tensor *x = il_keep(s, il_to(s, il_from_f32(s, logit, 2, (int64_t[]){ 1, n }), type));
    cr_assert_eq(il_require_grad(x, &e), IL_OK);
    il_tensor *t = il_to(s, il_from_f32(s, target, 2, (int64_t[]){ 1, n }), type);
    il_tensor *mask = valid ? il_from_f32(s, valid, 2, (int64_t[]){ 1, n }) : NULL;
    il_tensor *loss = il_affine(s, il_focal(s, x, t, mask, alpha, gamma), scale, 0);
    cr_assert_eq(il_scope_status(s, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_ndim(loss), 0);
    read_all(&value, loss);
    cr_assert_eq(il_backward(s, loss, &e), IL_OK, "%s", e.message);
    read_all(grad, il_grad(s, x));
    il_scope_close(s);
    il_tensor_free(x);
    return value;
}

static void check_focal(int64_t n, double alpha, double gamma, double scale)
{
    static float grad[MOST], composed[MOST];
    double sum = 0, got = loss_of(grad, n, NULL, alpha, gamma, scale, IL_DTYPE_F32);
    for (int64_t i = 0; i < n; i++)
        sum += focal(logit[i], target[i], alpha, gamma);
    sum *= scale / (double)n;
    cr_expect(fabs(got - sum) <= 1e-6 * fabs(sum) + 1e-12, "alpha %g, gamma %g: %.9g, expected %.9g", alpha, gamma, got,
              sum);
    double other = loss_of(composed, n, NULL, alpha, gamma, scale, IL_DTYPE_F64);
    cr_expect(fabs(got - other) <= 1e-6 * fabs(sum) + 1e-12, "composed: %.9g", other);
    for (int64_t i = 0; i < n; i++) {
        double x = logit[i], h = 1e-5 * fmax(1, fabs(x) / 100);
        double slope = (focal(x + h, target[i], alpha, gamma) - focal(x - h, target[i], alpha, gamma)) / (2 * h);
        double each = grad[i] * (double)n / scale;
        cr_assert(fabs(each - slope) <= 1e-5 * fabs(slope) + 1e-6,
                  "alpha %g, gamma %g, slope at %g to %g: %.9g, expected %.9g", alpha, gamma, x, (double)target[i],
                  each, slope);
        cr_assert(fabs(grad[i] - composed[i]) <= 2e-6 * fabs(composed[i]) + 3e-7 * scale / (double)n,
                  "composed, at %g to %g: %.9g, %.9g", x, (double)target[i], (double)grad[i], (double)composed[i]);
    }
}

/* The largest logits of float32 training and beyond, targets hard, soft, and none. */
Test(kernels, focal_loss_in_double_precision)
{
    static const double settings[][2] = { { 0.25, 2 }, { 0.75, 3.5 }, { -1, 2 }, { 0, 1 }, { 1, 0 }, { 0.25, 1.5 } };
    static const int64_t sizes[] = { 1, 15, 1517, 20000 };
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < 4; k++)
            for (int kind = 0; kind < 3; kind++) {
                uint64_t seed = (uint64_t)(i * 16 + k * 4 + kind + 1);
                for (int64_t j = 0; j < sizes[k]; j++) {
                    double u = il_random_unit(&seed);
                    logit[j] = (float)((j % 5 == 0 ? 1 : 30) * normal(&seed));
                    logit[j] = j % 100 == 7 ? 1e4f : j % 100 == 9 ? -1e4f : logit[j];
                    target[j] = kind == 0 ? (float)(u < 0.3) : kind == 1 ? (float)u : 0;
                }
                check_focal(sizes[k], settings[i][0], settings[i][1], k == 2 ? 0.4 : 1);
            }
}

/* The mean over the pixels that count; what stands elsewhere does not matter, and gets no gradient. */
Test(kernels, focal_loss_of_the_pixels_that_count)
{
    static const double settings[][2] = { { 0.25, 2 }, { 0.75, 3.5 }, { -1, 2 }, { 1, 0 } };
    static const float odd[] = { INFINITY, -INFINITY, NAN, 1e4f };
    enum { PIXELS = 20000 };
    static float valid[PIXELS], grad[PIXELS];
    for (int k = 0; k < 8; k++) {
        uint64_t seed = (uint64_t)k + 1;
        double alpha = settings[k / 2][0], gamma = settings[k / 2][1], sum = 0, count = 0;
        for (int i = 0; i < PIXELS; i++) {
            valid[i] = il_random_unit(&seed) < 0.6;
            logit[i] = valid[i] != 0 ? (float)(3 * normal(&seed)) : odd[i % 4];
            target[i] = valid[i] != 0 ? (float)il_random_unit(&seed) : odd[i / 4 % 4];
            sum += valid[i] != 0 ? focal(logit[i], target[i], alpha, gamma) : 0;
            count += valid[i];
        }
        double got = loss_of(grad, PIXELS, valid, alpha, gamma, 1, k % 2 ? IL_DTYPE_F64 : IL_DTYPE_F32);
        cr_expect(fabs(got - sum / count) <= 1e-6 * sum / count, "case %d: %.9g, expected %.9g", k, got, sum / count);
        for (int i = 0; i < PIXELS; i++) {
            double x = logit[i], h = 1e-5;
            double slope = valid[i] != 0
                               ? (focal(x + h, target[i], alpha, gamma) - focal(x - h, target[i], alpha, gamma)) /
                                     (2 * h)
                               : 0;
            cr_assert(fabs(grad[i] * count - slope) <= (slope != 0 ? 1e-5 * fabs(slope) + 1e-6 : 0),
                      "case %d, pixel %d: %g, expected %g", k, i, grad[i] * count, slope);
        }
    }
}

/* A mask in which every pixel counts changes no bit. */
Test(kernels, focal_loss_of_a_full_mask)
{
    enum { PIXELS = 20000 };
    static float valid[PIXELS], grad[PIXELS], want[PIXELS];
    uint64_t seed = 3;
    for (int i = 0; i < PIXELS; i++) {
        valid[i] = 1;
        logit[i] = (float)(3 * normal(&seed));
        target[i] = (float)il_random_unit(&seed);
    }
    double all = loss_of(want, PIXELS, NULL, 0.25, 2, 1, IL_DTYPE_F32);
    cr_expect_eq(loss_of(grad, PIXELS, valid, 0.25, 2, 1, IL_DTYPE_F32), all);
    cr_expect_eq(memcmp(grad, want, sizeof grad), 0);
}

/* A target that wants a gradient gets one. */
Test(kernels, focal_loss_of_a_target_with_a_gradient)
{
    il_err e = { 0 };
    float grad[2];
    il_scope *s = figures_scope(false, true);
    il_tensor *t = il_keep(s, il_from_f32(s, (float[]){ 0.5f, 0.25f }, 2, (int64_t[]){ 1, 2 }));
    cr_assert_eq(il_require_grad(t, &e), IL_OK);
    il_tensor *loss = il_focal(s, il_from_f32(s, (float[]){ 1, -2 }, 2, (int64_t[]){ 1, 2 }), t, NULL, 0.25, 2);
    cr_assert_eq(il_backward(s, loss, &e), IL_OK, "%s", e.message);
    read_all(grad, il_grad(s, t));
    for (int i = 0; i < 2; i++) {
        double x = i ? -2 : 1, y = i ? 0.25 : 0.5, h = 1e-6;
        double slope = (focal(x, y + h, 0.25, 2) - focal(x, y - h, 0.25, 2)) / (4 * h);
        cr_expect_float_eq(grad[i], slope, 1e-5, "%g, expected %g", (double)grad[i], slope);
    }
    il_scope_close(s);
    il_tensor_free(t);
}

Test(kernels, focal_loss_refuses_other_shapes)
{
    il_err e = { 0 };
    il_scope *s = figures_scope(false, false);
    il_tensor *a = il_full(s, 0, IL_DTYPE_F32, 2, (int64_t[]){ 2, 2 }),
              *b = il_full(s, 0, IL_DTYPE_F32, 2, (int64_t[]){ 1, 2 });
    cr_assert_null(il_focal(s, a, b, NULL, 0.25, 2));
    cr_assert_eq(il_scope_status(s, &e), IL_ETORCH);
    cr_assert(strstr(e.message, "focal: (2,2) and (1,2)"), "%s", e.message);
    il_scope_close(s);
    s = figures_scope(false, false);
    a = il_full(s, 0, IL_DTYPE_F32, 2, (int64_t[]){ 2, 2 });
    b = il_full(s, 1, IL_DTYPE_F32, 2, (int64_t[]){ 1, 2 });
    cr_assert_null(il_focal(s, a, a, b, 0.25, 2));
    cr_assert_eq(il_scope_status(s, &e), IL_ETORCH);
    cr_assert(strstr(e.message, "focal: (2,2) and (2,2) and (1,2)"), "%s", e.message);
    il_scope_close(s);
}

/* ---- a GPU, where there is one ---- */

static void compute(float *residual, float *loss, int64_t *bins, il_device device, int layout)
{
    const int64_t shape[] = { picture.n, 1, picture.h, picture.w };
    il_err e = { 0 };
    il_scope *s = NULL;
    cr_assert_eq(il_scope_open(&s, IL_OPTS(il_scope_opts, .device = device, .grad = true), &e), IL_OK, "%s", e.message);
    il_tensor *x = il_from_f32(s, logit, 4, shape), *t = il_from_f32(s, target, 4, shape);
    cr_assert_eq(il_require_grad(x, &e), IL_OK);
    il_tensor *value = il_focal(s, x, t, NULL, 0.25, 2);
    cr_assert_eq(il_backward(s, value, &e), IL_OK, "%s", e.message);
    read_all(loss, value);
    read_all(loss + 1, il_grad(s, x));
    read_all(residual, il_residual_published(s, as_tensor(s, &picture, layout)));
    cr_assert_eq(il_read_i64(il_count_scores(s, x, t, NULL), bins, (size_t)picture.n * CELLS, &e), IL_OK, "%s",
                 e.message);
    il_scope_close(s);
}

Test(kernels, gpu_as_cpu)
{
    enum { N = 3, H = 37, W = 241, COUNT = N * H * W };
    static float residual[2][3 * COUNT], loss[2][COUNT + 1];
    static int64_t bins[2][N * CELLS];
    il_device gpu;
    if (il_device_parse(&gpu, "cuda", NULL) != IL_OK)
        cr_skip_test("no GPU");
    make_picture(&picture, N, H, W);
    make_scores(N, H * W, 3);
    for (int i = 0; i < 13; i++)
        logit[i] = (float)i;
    for (int layout = 0; layout < 2; layout++) {
        compute(residual[0], loss[0], bins[0], (il_device){ IL_DEVICE_CPU, 0 }, layout);
        compute(residual[1], loss[1], bins[1], gpu, layout);
        for (int i = 0; i < 3 * COUNT; i++)
            cr_assert_float_eq(residual[1][i], residual[0][i], 1e-6, "residual, value %d", i);
        for (int i = 0; i <= COUNT; i++)
            cr_assert(fabsf(loss[1][i] - loss[0][i]) <= 2e-6f * fabsf(loss[0][i]) + 1e-11f,
                      "loss and gradient, value %d", i);
        int64_t moved = 0; /* the exponentials of two libraries: a score beside an edge may cross it */
        for (int i = 0; i < N * CELLS; i++)
            moved += llabs(bins[1][i] - bins[0][i]);
        cr_expect_leq(moved, 20, "%d pixels in another bin", (int)moved / 2);
    }
}

/* ---- any number of threads ---- */

Test(kernels, results_do_not_depend_on_threads)
{
    enum { N = 3, H = 301, W = 300, COUNT = N * H * W };
    static float grad[2][COUNT], residual[2][3 * COUNT];
    static int64_t bins[2][N * CELLS];
    double loss[2];
    const int64_t shape[] = { N, 1, H, W };
    make_picture(&picture, N, H, W);
    make_scores(N, H * W, 3);
    for (int threads = 1; threads <= 4; threads++) {
        int to = threads > 1;
        il_torch_threads(threads);
        il_scope *s = figures_scope(false, false);
        il_tensor *x = il_from_f32(s, logit, 4, shape), *t = il_from_f32(s, target, 4, shape);
        cr_assert_eq(il_read_i64(il_count_scores(s, x, t, NULL), bins[to], N * CELLS, NULL), IL_OK);
        read_all(residual[to], il_residual_published(s, as_tensor(s, &picture, threads % 2)));
        il_scope_close(s);
        for (int i = 0; i < 13; i++)
            logit[i] = (float)i;
        loss[to] = loss_of(grad[to], COUNT, NULL, 0.25, 2, 1, IL_DTYPE_F32);
        make_scores(N, H * W, 3);
        cr_expect_eq(memcmp(bins[0], bins[to], sizeof bins[0]), 0, "scores, %d threads", threads);
        cr_expect_eq(memcmp(residual[0], residual[to], sizeof residual[0]), 0, "residual, %d threads", threads);
        cr_expect_eq(loss[0], loss[to], "loss, %d threads", threads);
        cr_expect_eq(memcmp(grad[0], grad[to], sizeof grad[0]), 0, "gradient, %d threads", threads);
    }
}
