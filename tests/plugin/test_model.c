/* test_model.c - a network as training and tests use it: memory order, folded batch norms, recomputation, precision. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/optimizer.h>
#include <inpaintlab/weights.h>
#include "plugin/model.h"
#include "plugin/registry.h"
#include "support/lab.h"

enum { N = 2, SIDE = 32, PIXELS = N * SIDE * SIDE };

struct bench {
    il_registry *registry;
    il_choice choice;
    il_model model;
};

static struct bench open_bench(const char *name, il_model_opts opts, const char *key, const char *value)
{
    struct bench b = { 0 };
    il_err e = { 0 };
    setenv("INPAINTLAB_PLUGIN_PATH", BUILD_DIR "/plugins", 1);
    LAB_OK(il_registry_open(&b.registry, &e), e);
    LAB_OK(il_registry_find(&b.choice.plugin, b.registry, IL_KIND_MODEL, name, &e), e);
    LAB_OK(il_params_new(&b.choice.params, b.choice.plugin->params, &e), e);
    if (key)
        LAB_OK(il_params_set(b.choice.params, key, value, &e), e);
    b.choice.label = (char *)name;
    LAB_OK(il_model_open(&b.model, &b.choice, opts, &e), e);
    return b;
}

static void close_bench(struct bench *b)
{
    il_model_close(&b->model);
    il_params_free(b->choice.params);
    il_registry_free(b->registry);
}

static const float *noise(void)
{
    static float image[3 * PIXELS];
    unsigned state = 7;
    for (int i = 0; i < 3 * PIXELS; i++) {
        state = state * 1664525u + 1013904223u;
        image[i] = (float)(state >> 8) / 16777216.0f;
    }
    return image;
}

static il_scope *scope(const il_scope_opts *o)
{
    il_scope *s = NULL;
    il_err e = { 0 };
    LAB_OK(il_scope_open(&s, o, &e), e);
    return s;
}

static il_tensor *image_of(il_scope *s)
{
    return il_from_f32(s, noise(), 4, (int64_t[]){ N, 3, SIDE, SIDE });
}

static void logits(float out[PIXELS], const il_model *m, const il_scope_opts *o)
{
    il_err e = { 0 };
    il_scope *s = scope(o);
    il_tensor *y = il_model_forward(m, s, image_of(s), NULL);
    LAB_OK(il_scope_status(s, &e), e);
    cr_assert_eq(il_dtype_of(y), IL_DTYPE_F32);
    LAB_OK(il_read_f32(y, out, PIXELS, &e), e);
    il_scope_close(s);
}

/* One step by hand; the gradient of every tensor is what the caller finds. */
static double backward(const il_model *m, const il_scope_opts *given)
{
    il_err e = { 0 };
    float loss = 0;
    il_scope_opts o = { .size = sizeof o };
    if (given)
        o = *given;
    o.training = true;
    il_scope *s = scope(&o);
    il_tensor *y = il_model_forward(m, s, image_of(s), NULL);
    il_tensor *l = il_mean(s, il_mul(s, y, y));
    LAB_OK(il_backward(s, l, &e), e);
    LAB_OK(il_read_f32(l, &loss, 1, &e), e);
    il_scope_close(s);
    return loss;
}

static double furthest(const float *a, const float *b, int n)
{
    double most = 0;
    for (int i = 0; i < n; i++)
        most = fmax(most, fabs((double)a[i] - b[i]));
    return most;
}

/* Gradients and buffers; slack is a share of each tensor's largest number. */
static void compare_gradients(const struct bench *a, const struct bench *b, double slack)
{
    il_err e = { 0 };
    il_scope *s = scope(NULL);
    for (size_t i = 0; i < il_state_count(a->model.state); i++) {
        il_state_entry x = il_state_at(a->model.state, i), y = il_state_at(b->model.state, i);
        il_tensor *gx = x.trainable ? il_grad(s, x.tensor) : x.tensor,
                  *gy = y.trainable ? il_grad(s, y.tensor) : y.tensor;
        cr_assert_eq(gx == NULL, gy == NULL, "%s", x.name);
        size_t n = gx ? (size_t)il_numel(gx) : 0;
        float *vx = malloc((n + 1) * sizeof *vx), *vy = malloc((n + 1) * sizeof *vy);
        cr_assert(vx && vy);
        if (n) {
            LAB_OK(il_read_f32(gx, vx, n, &e), e);
            LAB_OK(il_read_f32(gy, vy, n, &e), e);
            double size = 0, off = furthest(vx, vy, (int)n);
            for (size_t k = 0; k < n; k++)
                size = fmax(size, fabs(vx[k]));
            cr_expect_leq(off, slack * size, "%s: %g of %g", x.name, off, size);
        }
        free(vx);
        free(vy);
    }
    il_scope_close(s);
}

/* The folded weights follow every change: of a weight, of running statistics, of a file that is loaded. */
Test(model, folded_batch_norm_is_batch_norm)
{
    static float folded[PIXELS], plain[PIXELS], before[PIXELS];
    struct bench b = open_bench("unet", (il_model_opts){ .seed = 3 }, NULL, NULL);
    logits(before, &b.model, NULL);
    backward(&b.model, NULL); /* moves the running statistics */
    logits(folded, &b.model, NULL);
    logits(plain, &b.model, IL_OPTS(il_scope_opts, .grad = true));
    cr_expect_gt(furthest(before, folded, PIXELS), 1e-3);
    cr_expect_lt(furthest(folded, plain, PIXELS), 1e-5);

    il_adam *adam = NULL;
    il_err e = { 0 };
    LAB_OK(il_adam_new(&adam, b.model.state, IL_OPTS(il_adam_opts, .lr = 0.1), &e), e);
    backward(&b.model, NULL);
    LAB_OK(il_adam_step(adam, &e), e);
    il_adam_free(adam);
    memcpy(before, folded, sizeof before);
    logits(folded, &b.model, NULL);
    logits(plain, &b.model, IL_OPTS(il_scope_opts, .grad = true));
    cr_expect_gt(furthest(before, folded, PIXELS), 1e-3);
    cr_expect_lt(furthest(folded, plain, PIXELS), 1e-5 * furthest(before, plain, PIXELS));

    il_bundle *weights = NULL;
    struct bench other = open_bench("unet", (il_model_opts){ .seed = 4 }, NULL, NULL);
    LAB_OK(il_bundle_new(&weights, &e), e);
    LAB_OK(il_state_save(other.model.state, weights, "", &e), e);
    LAB_OK(il_state_load(b.model.state, weights, NULL, &e), e);
    logits(folded, &b.model, NULL);
    logits(plain, &other.model, NULL);
    cr_expect_eq(furthest(folded, plain, PIXELS), 0);
    il_bundle_free(weights);
    close_bench(&other);
    close_bench(&b);
}

static void check_recompute(const char *name, const char *key, const char *value, double slack)
{
    struct bench kept = open_bench(name, (il_model_opts){ .seed = 3 }, key, value);
    struct bench again = open_bench(name, (il_model_opts){ .seed = 3 }, key, value);
    double a = backward(&kept.model, IL_OPTS(il_scope_opts, .seed = 9));
    double b = backward(&again.model, IL_OPTS(il_scope_opts, .seed = 9, .recompute = true));
    cr_expect_eq(a, b, "%s: loss %.9g, recomputed %.9g", name, a, b);
    compare_gradients(&kept, &again, slack); /* buffers too: running statistics move once */
    close_bench(&kept);
    close_bench(&again);
}

Test(model, recomputation_changes_nothing)
{
    il_torch_threads(1);
    check_recompute("unet", NULL, NULL, 0);
    check_recompute("nix", "width", "4", 1e-5); /* the order in which gradients are added up */
    check_recompute("fcn", NULL, NULL, 0);
}

/* Losses of a few steps on one batch. */
static void train(double losses[5], il_precision precision)
{
    il_adam *adam = NULL;
    il_err e = { 0 };
    struct bench b = open_bench("unet", (il_model_opts){ .seed = 3, .precision = precision }, NULL, NULL);
    LAB_OK(il_adam_new(&adam, b.model.state, IL_OPTS(il_adam_opts, .lr = 1e-3), &e), e);
    for (int i = 0; i < 5; i++) {
        losses[i] = backward(&b.model, IL_OPTS(il_scope_opts, .precision = precision));
        LAB_OK(il_adam_step(adam, &e), e);
    }
    for (size_t i = 0; i < il_state_count(b.model.state); i++) {
        il_state_entry x = il_state_at(b.model.state, i);
        cr_expect(il_dtype_of(x.tensor) == IL_DTYPE_F32 || il_dtype_of(x.tensor) == IL_DTYPE_I64, "%s", x.name);
    }
    il_adam_free(adam);
    close_bench(&b);
}

Test(model, half_precision_is_near_and_kept_out_of_the_weights)
{
    static float full[PIXELS], half[PIXELS];
    double exact[5], rounded[5];
    struct bench a = open_bench("unet", (il_model_opts){ .seed = 3 }, NULL, NULL);
    struct bench b = open_bench("unet", (il_model_opts){ .seed = 3, .precision = IL_PRECISION_BF16 }, NULL, NULL);
    logits(full, &a.model, NULL);
    logits(half, &b.model, IL_OPTS(il_scope_opts, .precision = IL_PRECISION_BF16));
    double off = furthest(full, half, PIXELS);
    cr_expect(off > 0 && off < 0.05, "off by %g", off);
    close_bench(&a);
    close_bench(&b);
    train(exact, IL_PRECISION_FP32);
    train(rounded, IL_PRECISION_BF16);
    for (int i = 0; i < 5; i++)
        cr_expect(fabs(rounded[i] / exact[i] - 1) < 0.05, "step %d: %g, in float32 %g", i, rounded[i], exact[i]);
    cr_expect_lt(rounded[4], 0.8 * rounded[0]);
}

/* A 1x1 kernel of three channels, channels last, takes another way (tensor.cpp); the figures of NIX-Net go through it. */
Test(model, pointwise_convolution_of_few_channels)
{
    enum { IN = 3, OUT = 5 };
    static float w[OUT * IN], y[2][N * OUT * SIDE * SIDE / 4], g[2][OUT * IN];
    for (int i = 0; i < OUT * IN; i++)
        w[i] = (float)i / 7 - 1;
    for (int order = IL_ORDER_NCHW; order <= IL_ORDER_NHWC; order++) {
        il_err e = { 0 };
        il_scope *s = scope(IL_OPTS(il_scope_opts, .grad = true));
        il_tensor *weight = il_from_f32(s, w, 4, (int64_t[]){ OUT, IN, 1, 1 });
        LAB_OK(il_require_grad(weight, &e), e);
        il_tensor *x = il_to_order(s, image_of(s), (il_order)order);
        il_tensor *out = il_conv2d(s, x, weight, NULL, (il_conv_geometry){ .stride = 2 });
        LAB_OK(il_backward(s, il_mean(s, il_mul(s, out, out)), &e), e);
        LAB_OK(il_read_f32(out, y[order], sizeof y[order] / sizeof *y[order], &e), e);
        LAB_OK(il_read_f32(il_grad(s, weight), g[order], OUT * IN, &e), e);
        il_scope_close(s);
    }
    cr_expect_lt(furthest(y[0], y[1], N * OUT * SIDE * SIDE / 4), 1e-6);
    cr_expect_lt(furthest(g[0], g[1], OUT * IN), 1e-6);
}

/* A loss that overflows float16 halves the scale and leaves the weights alone; the next one moves them as without scaling. */
Test(model, a_scaled_loss_gives_the_same_step)
{
    enum { COUNT = 4 };
    float value[2][COUNT], start[COUNT] = { 1, -2, 3, 0.5f };
    for (int scaling = 0; scaling < 2; scaling++) {
        il_err e = { 0 };
        il_state *st = NULL;
        il_adam *adam = NULL;
        LAB_OK(il_state_new(&st, (il_device){ 0 }, 1, &e), e);
        il_tensor *p = il_state_param(st, "p", IL_INIT_ZEROS, 0, 1, (int64_t[]){ COUNT });
        LAB_OK(il_adam_new(&adam, st, IL_OPTS(il_adam_opts, .lr = 0.1, .scaling = scaling), &e), e);
        for (int step = 0; step < 3; step++) {
            il_scope *s = scope(IL_OPTS(il_scope_opts, .training = true));
            if (step == 0)
                LAB_OK(il_copy(p, il_from_f32(s, start, 1, (int64_t[]){ COUNT }), &e), e);
            bool overflow = scaling && step == 1;
            il_tensor *loss = il_affine(s, il_sum(s, il_mul(s, p, p)), overflow ? INFINITY : 1, 0);
            if (scaling || step != 1) { /* the step that overflows does not count */
                LAB_OK(il_backward(s, il_adam_scaled(adam, s, loss), &e), e);
                LAB_OK(il_adam_step(adam, &e), e);
            }
            il_scope_close(s);
        }
        LAB_OK(il_read_f32(p, value[scaling], COUNT, &e), e);
        il_adam_free(adam);
        il_state_free(st);
    }
    cr_expect_lt(furthest(value[0], value[1], COUNT), 1e-6, "%g %g", value[0][0], value[1][0]);
    cr_expect_gt(furthest(value[0], start, COUNT), 0.1);
}
