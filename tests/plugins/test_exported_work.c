/* test_exported_work.c - what is counted of models of torch.export, and training that computes activations a second time. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <inpaintlab/exported.h>
#include <inpaintlab/profile.h>
#include <inpaintlab/tensor.h>
#include <inpaintlab/weights.h>

#define OK(call) cr_assert_eq((call), IL_OK, "%s", e.message)
#define FILES TEST_DATA "/exported/"

static il_exported *open_exported(const char *path, il_state **st)
{
    il_err e = { 0 };
    il_exported *m = NULL;
    OK(il_exported_open(&m, path, (il_device){ 0 }, &e));
    OK(il_state_new(st, (il_device){ 0 }, 0, &e));
    OK(il_exported_state(m, *st, &e));
    return m;
}

static il_tensor *grey(il_scope *s, int64_t n, int64_t channels, int64_t height, int64_t width)
{
    return il_full(s, 0.5, IL_DTYPE_F32, 4, (int64_t[]){ n, channels, height, width });
}

static il_flop_count count(il_flops **out, const il_exported *m, bool training, int64_t height, int64_t width)
{
    il_err e = { 0 };
    il_scope *s = NULL;
    OK(il_flops_new(out, &e));
    OK(il_scope_open(&s, IL_OPTS(il_scope_opts, .training = training, .flops = *out), &e));
    il_exported_output(s, m, grey(s, 1, 3, height, width), "");
    OK(il_scope_status(s, &e));
    il_scope_close(s);
    return il_flops_all(*out);
}

/* Two operations for each multiply-add, from the shapes: convolutions of either kind. */
Test(exported_work, work_of_convolutions)
{
    enum {
        FIRST = 2 * 256 * 6 * 27,
        DOWN = 2 * 64 * 8 * 54,
        UP = 2 * 64 * 8 * 24,
        HEAD = 2 * 256 * 12,
        SIDE = 2 * 64 * 2 * 8
    };
    il_state *st = NULL;
    il_flops *tested = NULL, *trained = NULL;
    il_exported *m = open_exported(FILES "unet.pt2", &st);
    il_flop_count all = count(&tested, m, false, 16, 16);
    cr_expect_eq(all.forward, FIRST + DOWN + UP + HEAD + SIDE, "%lld", (long long)all.forward);
    cr_expect_eq(all.backward, 0);
    cr_expect_eq(il_flops_of(tested, il_state_find(st, "up.weight")).forward, UP);
    all = count(&trained, m, true, 16, 16);
    cr_expect_eq(all.forward, FIRST + DOWN + UP + HEAD + SIDE);
    cr_expect_eq(all.backward, FIRST + 2 * (DOWN + UP + HEAD + SIDE), "the image wants no gradient: %lld",
                 (long long)all.backward);
    il_flops_free(tested);
    il_flops_free(trained);
    il_state_free(st);
    il_exported_free(m);
}

/* 24 patches and a class token of width 16, in two blocks with two heads; in training attention is not one operator. */
Test(exported_work, work_of_a_transformer)
{
    enum {
        T = 25,
        W = 16,
        PATCH = 2 * 24 * 16 * 192,
        QKV = 2 * T * 3 * W * W,
        ATTEND = 2 * 2 * T * T * W,
        OUT = 2 * T * W * W
    };
    enum { MLP = 2 * 2 * T * 2 * W * W, HEAD = 2 * 24 * W, ALL = PATCH + 2 * (QKV + ATTEND + OUT + MLP) + HEAD };
    il_state *st = NULL;
    il_exported *m = open_exported(FILES "vit.pt2", &st);
    for (int training = 0; training < 2; training++) {
        il_flops *f = NULL;
        il_flop_count all = count(&f, m, training, 32, 48);
        cr_expect_eq(all.forward, ALL, "%lld", (long long)all.forward);
        cr_expect_eq(all.backward, training ? 2 * ALL - PATCH : 0, "%lld", (long long)all.backward);
        cr_expect_eq(il_flops_of(f, il_state_find(st, "blocks.0.qkv.weight")).forward, QKV);
        cr_expect_eq(il_flops_of(f, NULL).forward, 2 * ATTEND);
        il_flops_free(f);
    }
    il_state_free(st);
    il_exported_free(m);
}

/* Bytes that wait for the backward pass; gradients and buffers come to lie in *out. */
static int64_t train_once(il_bundle **out, const char *path, bool recompute, il_precision precision)
{
    il_err e = { 0 };
    il_state *st = NULL;
    il_bytes *bytes = NULL;
    il_scope *s = NULL;
    il_exported *m = open_exported(path, &st);
    OK(il_scope_open(&s, IL_OPTS(il_scope_opts, .training = true, .recompute = recompute, .precision = precision), &e));
    il_tensor *image = il_randn(s, 7, 0, 4, (int64_t[]){ 2, 3, 64, 96 });
    OK(il_bytes_start(&bytes, NULL, &e));
    il_tensor *y = il_exported_output(s, m, image, "");
    OK(il_scope_status(s, &e));
    int64_t held = il_bytes_now(bytes);
    il_bytes_free(bytes);
    OK(il_backward(s, il_sum(s, il_mul(s, y, y)), &e));
    OK(il_bundle_new(out, &e));
    for (size_t i = 0; i < il_state_count(st); i++) {
        il_state_entry x = il_state_at(st, i);
        il_tensor *grad = x.trainable ? il_grad(s, x.tensor) : x.tensor;
        if (grad)
            OK(il_bundle_add(*out, x.name, grad, &e));
    }
    OK(il_scope_status(s, &e));
    il_scope_close(s);
    il_state_free(st);
    il_exported_free(m);
    return held;
}

/* The largest difference, relative to the largest value. */
static double difference(const il_tensor *a, const il_tensor *b)
{
    il_err e = { 0 };
    size_t count = (size_t)il_numel(b);
    double *values = calloc(2 * count + 1, sizeof *values), most = 0, largest = 0;
    cr_assert(values && il_numel(a) == il_numel(b));
    il_scope *s = NULL;
    OK(il_scope_open(&s, NULL, &e));
    OK(il_read_bytes(il_to(s, (il_tensor *)a, IL_DTYPE_F64), values, count * sizeof *values, &e));
    OK(il_read_bytes(il_to(s, (il_tensor *)b, IL_DTYPE_F64), values + count, count * sizeof *values, &e));
    il_scope_close(s);
    for (size_t i = 0; i < count; i++) {
        most = fmax(most, fabs(values[i] - values[count + i]));
        largest = fmax(largest, fabs(values[count + i]));
    }
    free(values);
    return largest > 0 ? most / largest : most;
}

/* The same gradients and buffers, dropout and stochastic depth included, from less memory; writing in place keeps parts whole. */
static void check_recompute(const char *path, il_precision precision, double slack, double share)
{
    il_bundle *kept = NULL, *again = NULL;
    int64_t all = train_once(&kept, path, false, precision), some = train_once(&again, path, true, precision);
    cr_expect_lt((double)some, share * (double)all, "%s: %lld of %lld bytes", path, (long long)some, (long long)all);
    cr_assert_eq(il_bundle_count(kept), il_bundle_count(again), "%s", path);
    for (size_t i = 0; i < il_bundle_count(kept); i++) {
        const il_tensor *got = il_bundle_find(again, il_bundle_name(kept, i));
        cr_assert_not_null(got, "%s", il_bundle_name(kept, i));
        double off = difference(got, il_bundle_at(kept, i));
        cr_expect_leq(off, slack, "%s: %s differs by %g", path, il_bundle_name(kept, i), off);
    }
    il_bundle_free(kept);
    il_bundle_free(again);
}

Test(exported_work, recomputation_changes_nothing)
{
    il_torch_threads(1);
    check_recompute(FILES "unet.pt2", IL_PRECISION_FP32, 0, 0.9);
    check_recompute(FILES "vit.pt2", IL_PRECISION_FP32, 0, 0.7);
    check_recompute(FILES "mobile.pt2", IL_PRECISION_FP32, 0, 0.9);
    check_recompute(FILES "vit.pt2", IL_PRECISION_BF16, 0.02, 0.8); /* sums in another order */
}
