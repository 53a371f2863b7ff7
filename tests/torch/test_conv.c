/* Convolutions and their gradients beside plain loops in double precision. ctest runs this twice: with
 * INPAINTLAB_KERNELS=all, so that matrix products serve wherever they can, and =libtorch, without them. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/random.h>
#include <inpaintlab/tensor.h>
#include "torch/fold.h"

struct shape {
    const char *name;
    int n, in, height, width, out, high, wide; /* wide: of the kernel; 0: as high */
    il_conv_geometry o;
    bool bias, nchw, frozen_x, frozen_weight;
};

static const struct shape shapes[] = {
    { "one tap", 2, 24, 7, 5, 32, 1, 0, { .stride = 1 }, false, false, false, false },
    { "one tap and bias", 3, 32, 4, 6, 8, 1, 0, { .stride = 0 }, true, false, false, false },
    { "one tap, every second pixel", 2, 20, 7, 6, 12, 1, 0, { .stride = 2 }, true, false, false, false },
    { "one tap, few channels, every second pixel", 2, 3, 7, 6, 12, 1, 0, { .stride = 2 }, true, false, false, false },
    { "one tap, padded", 1, 16, 5, 5, 4, 1, 0, { .padding = 1 }, false, false, false, false },
    { "narrowing", 2, 24, 6, 9, 16, 3, 0, { .padding = 1 }, true, false, false, false },
    { "widening", 2, 5, 8, 7, 18, 3, 0, { .padding = 1 }, false, false, false, false },
    { "dilated beyond the picture", 1, 17, 5, 3, 17, 3, 0, { .padding = 4, .dilation = 4 }, true, false, false, false },
    { "dilated, five taps", 2, 4, 9, 8, 3, 5, 0, { .padding = 4, .dilation = 2 }, false, false, false, false },
    { "unpadded", 2, 16, 9, 8, 8, 3, 0, { .stride = 1 }, true, false, false, false },
    { "even kernel", 1, 16, 6, 6, 8, 2, 0, { .padding = 1 }, false, false, false, false },
    { "flat kernel", 1, 16, 6, 6, 8, 3, 1, { .padding = 1 }, false, false, false, false },
    { "strided", 2, 16, 9, 8, 8, 3, 0, { .stride = 2, .padding = 1 }, true, false, false, false },
    { "groups", 2, 16, 6, 6, 8, 3, 0, { .padding = 1, .groups = 4 }, true, false, false, false },
    { "one channel in", 2, 1, 8, 8, 6, 3, 0, { .padding = 1 }, true, false, false, false },
    { "one channel out", 2, 18, 8, 8, 1, 3, 0, { .padding = 1 }, true, false, false, false },
    { "one pixel", 2, 18, 1, 1, 20, 3, 0, { .padding = 1 }, true, false, false, false },
    { "planes", 2, 16, 6, 5, 8, 3, 0, { .padding = 1 }, true, true, false, false },
    { "the picture itself", 2, 3, 8, 8, 16, 3, 0, { .padding = 1 }, true, false, true, false },
    { "one tap of the picture itself", 2, 3, 8, 8, 16, 1, 0, { .stride = 1 }, true, false, true, false },
    { "frozen weight", 2, 16, 8, 8, 16, 3, 0, { .padding = 1 }, true, false, false, true },
    { "frozen weight, one tap", 2, 16, 8, 8, 16, 1, 0, { .stride = 1 }, true, false, false, true },
};

static int or_one(int x)
{
    return x == 0 ? 1 : x;
}

static float *numbers(size_t count, const char *name)
{
    uint64_t state = il_random_seed(7, name);
    float *v = malloc((count + 1) * sizeof *v);
    cr_assert_not_null(v);
    for (size_t i = 0; i < count; i++)
        v[i] = (float)(2 * il_random_unit(&state) - 1);
    return v;
}

/* What the loops work on: the values, and where sums go. */
struct figures {
    size_t xs, ws, ys;
    int64_t tall, broad; /* of the output */
    float *x, *w, *b, *up;
    double *y, *dx, *dw, *db;
};

static void work(struct figures *f, int64_t out_at, int64_t in_at, int64_t tap)
{
    f->y[out_at] += (double)f->x[in_at] * f->w[tap];
    f->dx[in_at] += (double)f->up[out_at] * f->w[tap];
    f->dw[tap] += (double)f->up[out_at] * f->x[in_at];
}

/* One output value: the sum over its group's channels and the taps that lie within the picture. */
static void at_output(const struct shape *c, struct figures *f, int n, int out, int64_t row, int64_t column)
{
    int groups = or_one(c->o.groups), per = c->in / groups, wide = c->wide ? c->wide : c->high;
    int64_t out_at = ((n * c->out + out) * f->tall + row) * f->broad + column;
    f->y[out_at] = c->bias ? f->b[out] : 0;
    f->db[out] += f->up[out_at];
    for (int k = 0; k < per; k++)
        for (int i = 0; i < c->high; i++)
            for (int j = 0; j < wide; j++) {
                int64_t h = row * or_one(c->o.stride) - c->o.padding + i * or_one(c->o.dilation);
                int64_t w = column * or_one(c->o.stride) - c->o.padding + j * or_one(c->o.dilation);
                int channel = out / (c->out / groups) * per + k;
                if (h >= 0 && h < c->height && w >= 0 && w < c->width)
                    work(f, out_at, ((n * c->in + channel) * c->height + h) * c->width + w,
                         ((out * per + k) * c->high + i) * wide + j);
            }
}

static struct figures compute(const struct shape *c)
{
    int wide = c->wide ? c->wide : c->high;
    struct figures f = { .xs = (size_t)(c->n * c->in * c->height * c->width),
                         .ws = (size_t)(c->out * (c->in / or_one(c->o.groups)) * c->high * wide) };
    int64_t s = or_one(c->o.stride), d = or_one(c->o.dilation);
    f.tall = (c->height + 2 * c->o.padding - d * (c->high - 1) - 1) / s + 1;
    f.broad = (c->width + 2 * c->o.padding - d * (wide - 1) - 1) / s + 1;
    f.ys = (size_t)(c->n * c->out * f.tall * f.broad);
    f.x = numbers(f.xs, "x"), f.w = numbers(f.ws, "w"), f.b = numbers((size_t)c->out, "b"), f.up = numbers(f.ys, "up");
    f.y = calloc(f.ys, sizeof *f.y), f.dx = calloc(f.xs, sizeof *f.dx);
    f.dw = calloc(f.ws, sizeof *f.dw), f.db = calloc((size_t)c->out, sizeof *f.db);
    cr_assert(f.y && f.dx && f.dw && f.db);
    for (int n = 0; n < c->n; n++)
        for (int out = 0; out < c->out; out++)
            for (int64_t row = 0; row < f.tall; row++)
                for (int64_t column = 0; column < f.broad; column++)
                    at_output(c, &f, n, out, row, column);
    return f;
}

static void release(struct figures *f)
{
    free(f->x), free(f->w), free(f->b), free(f->up);
    free(f->y), free(f->dx), free(f->dw), free(f->db);
}

static void near(const il_tensor *t, const double *expected, size_t count, const char *name, const char *what)
{
    il_err e = { 0 };
    cr_assert_not_null(t, "%s: no %s", name, what);
    cr_assert_eq((size_t)il_numel(t), count, "%s: %s has %zu values", name, what, (size_t)il_numel(t));
    float *got = malloc((count + 1) * sizeof *got);
    cr_assert_not_null(got);
    cr_assert_eq(il_read_f32(t, got, count, &e), IL_OK, "%s", e.message);
    double most = 0;
    for (size_t i = 0; i < count; i++)
        most = fmax(most, fabs(got[i] - expected[i]) / (1 + fabs(expected[i])));
    cr_expect_lt(most, 2e-5, "%s: %s is off by %g", name, what, most);
    free(got);
}

/* Training and evaluation of one convolution beside f. */
static void compare(const struct shape *c, const struct figures *f, bool training)
{
    il_err e = { 0 };
    il_scope *s = NULL;
    int wide = c->wide ? c->wide : c->high;
    cr_assert_eq(il_scope_open(&s, IL_OPTS(il_scope_opts, .training = training), &e), IL_OK, "%s", e.message);
    il_order order = c->nchw ? IL_ORDER_NCHW : IL_ORDER_NHWC;
    il_tensor *x = il_to_order(s, il_from_f32(s, f->x, 4, (int64_t[]){ c->n, c->in, c->height, c->width }), order);
    il_tensor *w = il_to_order(
        s, il_from_f32(s, f->w, 4, (int64_t[]){ c->out, c->in / or_one(c->o.groups), c->high, wide }), order);
    il_tensor *b = c->bias ? il_from_f32(s, f->b, 1, (int64_t[]){ c->out }) : NULL;
    il_tensor *up = il_from_f32(s, f->up, 4, (int64_t[]){ c->n, c->out, f->tall, f->broad });
    if (training) {
        cr_assert(c->frozen_x || il_require_grad(x, &e) == IL_OK, "%s", e.message);
        cr_assert(c->frozen_weight || il_require_grad(w, &e) == IL_OK, "%s", e.message);
        cr_assert(!b || il_require_grad(b, &e) == IL_OK, "%s", e.message);
    }
    il_tensor *y = il_conv2d(s, x, w, b, c->o);
    cr_assert_eq(il_scope_status(s, &e), IL_OK, "%s: %s", c->name, e.message);
    near(y, f->y, f->ys, c->name, "output");
    if (training) {
        cr_assert_eq(il_backward(s, il_sum(s, il_mul(s, y, up)), &e), IL_OK, "%s: %s", c->name, e.message);
        if (c->frozen_x)
            cr_expect_null(il_grad(s, x), "%s", c->name);
        else
            near(il_grad(s, x), f->dx, f->xs, c->name, "gradient of x");
        if (c->frozen_weight)
            cr_expect_null(il_grad(s, w), "%s", c->name);
        else
            near(il_grad(s, w), f->dw, f->ws, c->name, "gradient of the weight");
        if (b)
            near(il_grad(s, b), f->db, (size_t)c->out, c->name, "gradient of the bias");
    }
    cr_assert_eq(il_scope_status(s, &e), IL_OK, "%s: %s", c->name, e.message);
    il_scope_close(s);
}

/* ---- with a batch norm and a rectifier, in evaluation ---- */

/* Per channel: weight, bias, mean, and a variance above 0. */
static float *norm_numbers(int out, const char *name)
{
    float *v = numbers((size_t)out, name);
    for (int i = 0; strcmp(name, "var") == 0 && i < out; i++)
        v[i] = 0.5F + v[i] * v[i];
    return v;
}

static void rectify(double *y, const struct shape *c, const struct figures *f, float *const norm[4], bool rectified)
{
    size_t pixels = (size_t)(f->tall * f->broad);
    for (size_t i = 0; i < f->ys; i++) {
        size_t o = i / pixels % (size_t)c->out;
        y[i] = (f->y[i] - norm[2][o]) / sqrt(norm[3][o] + 1e-5) * norm[0][o] + norm[1][o];
        if (rectified && y[i] < 0)
            y[i] = 0;
    }
}

static il_tensor *taken(il_scope *s, const struct shape *c, const float *data, int64_t n, int64_t channels,
                        int64_t height, int64_t width)
{
    return il_to_order(s, il_from_f32(s, data, 4, (int64_t[]){ n, channels, height, width }),
                       c->nchw ? IL_ORDER_NCHW : IL_ORDER_NHWC);
}

/* All pictures, the first alone, all again: what is kept with the weight must fit each time. Then after a change. */
static void compare_folded(const struct shape *c, const struct figures *f, bool rectified)
{
    static const char *const names[] = { "norm", "shift", "mean", "var" };
    float *norm[4];
    il_tensor *t[4], *b = NULL;
    il_err e = { 0 };
    il_scope *s = NULL;
    double *y = malloc((f->ys + 1) * sizeof *y);
    cr_assert_eq(il_scope_open(&s, NULL, &e), IL_OK, "%s", e.message);
    for (int i = 0; i < 4; i++) {
        norm[i] = norm_numbers(c->out, names[i]);
        t[i] = il_from_f32(s, norm[i], 1, (int64_t[]){ c->out });
    }
    const il_fold fold = { t[0], t[1], t[2], t[3], rectified };
    il_tensor *w = taken(s, c, f->w, c->out, c->in / or_one(c->o.groups), c->high, c->wide ? c->wide : c->high);
    if (c->bias)
        b = il_from_f32(s, f->b, 1, (int64_t[]){ c->out });
    rectify(y, c, f, norm, rectified);
    for (int pass = 0; pass < 3; pass++) {
        int64_t n = pass == 1 ? 1 : c->n;
        il_tensor *out = il_conv2d_folded(s, taken(s, c, f->x, n, c->in, c->height, c->width), w, b, fold, c->o);
        cr_assert_eq(il_scope_status(s, &e), IL_OK, "%s: %s", c->name, e.message);
        near(out, y, f->ys * (size_t)n / (size_t)c->n, c->name, rectified ? "rectified" : "folded");
    }
    for (int i = 0; i < c->out; i++)
        norm[1][i] += 1;
    cr_assert_eq(il_copy(t[1], il_from_f32(s, norm[1], 1, (int64_t[]){ c->out }), &e), IL_OK, "%s", e.message);
    rectify(y, c, f, norm, rectified);
    near(il_conv2d_folded(s, taken(s, c, f->x, c->n, c->in, c->height, c->width), w, b, fold, c->o), y, f->ys, c->name,
         "changed");
    il_scope_close(s);
    for (int i = 0; i < 4; i++)
        free(norm[i]);
    free(y);
}

Test(conv, folded_as_plain_loops)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct figures f = compute(&shapes[i]);
        compare_folded(&shapes[i], &f, false);
        compare_folded(&shapes[i], &f, true);
        release(&f);
    }
}

Test(conv, as_plain_loops)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct figures f = compute(&shapes[i]);
        compare(&shapes[i], &f, true);
        compare(&shapes[i], &f, false);
        release(&f);
    }
}

/* The gradient is the sum over two uses of a weight and over two backward passes. */
Test(conv, a_weight_used_twice)
{
    const struct shape c = { "twice", 2, 18, 6, 5, 18, 3, 0, { .padding = 1 }, false, false, false, false };
    struct figures f = compute(&c);
    il_err e = { 0 };
    il_scope *s = NULL;
    cr_assert_eq(il_scope_open(&s, IL_OPTS(il_scope_opts, .training = true), &e), IL_OK, "%s", e.message);
    il_tensor *x = il_to_order(s, il_from_f32(s, f.x, 4, (int64_t[]){ 2, 18, 6, 5 }), IL_ORDER_NHWC);
    il_tensor *w = il_to_order(s, il_from_f32(s, f.w, 4, (int64_t[]){ 18, 18, 3, 3 }), IL_ORDER_NHWC);
    il_tensor *up = il_from_f32(s, f.up, 4, (int64_t[]){ 2, 18, 6, 5 });
    cr_assert_eq(il_require_grad(w, &e), IL_OK, "%s", e.message);
    for (int pass = 0; pass < 2; pass++) {
        il_tensor *y = il_add(s, il_conv2d(s, x, w, NULL, c.o), il_conv2d(s, x, w, NULL, c.o));
        cr_assert_eq(il_backward(s, il_sum(s, il_mul(s, y, up)), &e), IL_OK, "%s", e.message);
    }
    for (size_t i = 0; i < f.ws; i++)
        f.dw[i] *= 4;
    near(il_grad(s, w), f.dw, f.ws, c.name, "gradient of the weight");
    il_scope_close(s);
    release(&f);
}
