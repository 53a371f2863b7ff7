/* test_flops.c - counted work against PyTorch's FlopCounterMode, and memory as the allocator tells it. */
#include <criterion/criterion.h>
#include <string.h>
#include <inpaintlab/profile.h>
#include "plugins/subject.h"
#include "support/figures.h"
#include "torch/bytes.h"

static il_flops *new_flops(void)
{
    il_err e = { 0 };
    il_flops *f = NULL;
    cr_assert_eq(il_flops_new(&f, &e), IL_OK, "%s", e.message);
    return f;
}

static il_tensor *leaf(il_scope *s, int ndim, const int64_t *shape)
{
    il_err e = { 0 };
    il_tensor *t = il_full(s, 0.5, IL_DTYPE_F32, ndim, shape);
    cr_assert_eq(il_require_grad(t, &e), IL_OK, "%s", e.message);
    return t;
}
#define LEAF(s, ...) leaf(s, sizeof((int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t), (int64_t[]){ __VA_ARGS__ })

static void check_layer(json_t *figures, const char *name, il_flops *f, const il_tensor *weight)
{
    json_t *want = json_object_get(figures, name);
    const il_flop_count got = il_flops_of(f, weight);
    cr_expect_eq(got.forward, json_integer_value(json_array_get(want, 0)), "%s: %lld", name, (long long)got.forward);
    if (json_is_integer(json_array_get(want, 1)))
        cr_expect_eq(got.forward + got.backward, json_integer_value(json_array_get(want, 1)), "%s: %lld", name,
                     (long long)got.backward);
}

Test(flops, each_operation)
{
    json_t *root = figures_load("flops/flops.json"), *figures = json_object_get(root, "layers");
    il_flops *f = new_flops();
    il_scope *s = open_scope(IL_OPTS(il_scope_opts, .grad = true, .flops = f)), *nested = il_scope_nest(s);
    il_tensor *x = LEAF(s, 2, 4, 9, 7), *w = LEAF(s, 6, 4, 3, 3), *g = LEAF(s, 6, 2, 3, 3);
    il_tensor *t = LEAF(s, 2, 4, 5, 6), *u = LEAF(s, 4, 3, 2, 2), *a = LEAF(s, 2, 5, 8), *m = LEAF(s, 3, 8);
    il_tensor *q = LEAF(s, 2, 3, 5, 8), *k = LEAF(s, 2, 3, 7, 8), *v = LEAF(s, 2, 3, 7, 8);
    il_conv2d(nested, x, w, NULL, (il_conv_geometry){ .stride = 2, .padding = 1 });
    il_scope_close(nested);
    il_conv2d(s, x, g, NULL, (il_conv_geometry){ .stride = 2, .padding = 1, .groups = 2 });
    il_conv_transpose2d(s, t, u, NULL, (il_conv_geometry){ .stride = 2 });
    il_linear(s, a, m, NULL);
    il_attention(s, q, k, v, false);
    il_err e = { 0 };
    cr_assert_eq(il_scope_status(s, &e), IL_OK, "%s", e.message);
    check_layer(figures, "conv2d", f, w);
    check_layer(figures, "grouped", f, g);
    check_layer(figures, "conv_transpose2d", f, u);
    check_layer(figures, "linear", f, m);
    check_layer(figures, "attention", f, NULL);
    const il_flop_count grouped = il_flops_of(f, g), all = il_flops_all(f);
    cr_expect_eq(grouped.backward, 2 * grouped.forward);
    cr_expect_eq(all.forward, 17280 + 8640 + 5760 + 480 + 6720);
    cr_expect_eq(il_flops_of(f, x).forward, 0);
    il_scope_close(s);
    il_flops_free(f);
    json_decref(root);
}

/* Nothing is counted twice over what wants no gradient: an input, a frozen weight, a scope without gradients. */
Test(flops, backward_only_where_a_gradient_is_wanted)
{
    il_flops *f = new_flops();
    il_scope *s = open_scope(IL_OPTS(il_scope_opts, .grad = true, .flops = f));
    il_tensor *image = il_full(s, 1, IL_DTYPE_F32, 4, (int64_t[]){ 1, 3, 8, 8 }), *x = LEAF(s, 1, 3, 8, 8);
    il_tensor *w = LEAF(s, 5, 3, 1, 1), *frozen = il_full(s, 1, IL_DTYPE_F32, 4, (int64_t[]){ 5, 3, 1, 1 });
    const int64_t once = INT64_C(2) * 5 * 3 * 64;
    il_conv2d(s, image, w, NULL, (il_conv_geometry){ 0 });
    cr_expect_eq(il_flops_of(f, w).backward, once);
    il_conv2d(s, x, frozen, NULL, (il_conv_geometry){ 0 });
    cr_expect_eq(il_flops_of(f, frozen).backward, once);
    il_conv2d(s, image, frozen, NULL, (il_conv_geometry){ 0 });
    cr_expect_eq(il_flops_of(f, frozen).backward, once);
    cr_expect_eq(il_flops_of(f, frozen).forward, 2 * once);
    il_scope *plain = open_scope(IL_OPTS(il_scope_opts, .flops = f));
    il_conv2d(plain, x, w, NULL, (il_conv_geometry){ 0 });
    cr_expect_eq(il_flops_of(f, w).backward, once);
    cr_expect_eq(il_flops_of(f, w).forward, 2 * once);
    il_scope_close(plain);
    il_scope_close(s);
    il_flops_free(f);
}

/* The weights' work alone: NIX's noise filter has none. */
static il_flop_count work_of_state(const il_flops *f, const il_state *st)
{
    il_flop_count sum = { 0 };
    for (size_t i = 0; i < il_state_count(st); i++) {
        const il_flop_count one = il_flops_of(f, il_state_at(st, i).tensor);
        sum.forward += one.forward;
        sum.backward += one.backward;
    }
    return sum;
}

static void check_net(json_t *row)
{
    const char *name = json_string_value(json_object_get(row, "net"));
    const bool nix = strncmp(name, "nix", 3) == 0;
    const int64_t side = json_integer_value(json_object_get(row, "side"));
    struct subject t = open_subject(nix ? "nix" : name, nix ? (const char *[]){ "size", name + 3, NULL } : NULL, NULL);
    il_flops *f = new_flops();
    il_scope *s = open_scope(IL_OPTS(il_scope_opts, .training = true, .flops = f));
    forward(&t, s, il_full(s, 0.5, IL_DTYPE_F32, 4, (int64_t[]){ 1, 3, side, side }), NULL);
    il_scope_close(s);
    const il_flop_count got = work_of_state(f, t.state);
    cr_expect_eq(got.forward, json_integer_value(json_object_get(row, "forward")), "%s at %lld: %lld", name,
                 (long long)side, (long long)got.forward);
    cr_expect_eq(got.forward + got.backward, json_integer_value(json_object_get(row, "training")), "%s at %lld: %lld",
                 name, (long long)side, (long long)got.backward);
    il_flops_free(f);
    close_subject(&t);
}

/* 512x512 and the wide networks at 224x224 take minutes and gigabytes: with INPAINTLAB_FULL_ORACLE. */
Test(flops, networks)
{
    json_t *root = figures_load("flops/flops.json"), *row;
    size_t i, checked = 0;
    json_array_foreach(json_object_get(root, "nets"), i, row)
    {
        const int64_t side = json_integer_value(json_object_get(row, "side"));
        const bool small = side == 64 ||
                           (side == 224 && strcmp(json_string_value(json_object_get(row, "net")), "fcn") == 0);
        if (!small && !subject_full())
            continue;
        check_net(row);
        checked++;
    }
    cr_expect_eq(checked, subject_full() ? 12 : 5);
    json_decref(root);
}

/* Two convolutions; what the second one and later operations take is the second one's. */
Test(bytes, held_peak_and_whose)
{
    il_err e = { 0 };
    il_flops *f = new_flops();
    il_bytes *b = NULL;
    il_scope *before = open_scope(NULL), *s = open_scope(IL_OPTS(il_scope_opts, .flops = f));
    il_tensor *x = il_full(before, 1, IL_DTYPE_F32, 4, (int64_t[]){ 1, 2, 16, 16 });
    il_tensor *first = il_full(before, 1, IL_DTYPE_F32, 4, (int64_t[]){ 4, 2, 1, 1 });
    il_tensor *second = il_full(before, 1, IL_DTYPE_F32, 4, (int64_t[]){ 8, 4, 1, 1 });
    const int64_t kib = 1024;
    cr_assert_eq(il_bytes_start(&b, f, &e), IL_OK, "%s", e.message);
    il_tensor *early = il_affine(s, x, 2, 0); /* before any convolution; a product and a sum of 2 KiB each */
    cr_expect_eq(il_bytes_of(b, NULL), 2 * kib);
    il_tensor *y = il_conv2d(s, early, first, NULL, (il_conv_geometry){ 0 });
    il_scope *nested = il_scope_nest(s);
    il_tensor *z = il_relu(nested, il_conv2d(nested, y, second, NULL, (il_conv_geometry){ 0 }));
    cr_expect_eq(il_bytes_of(b, first), 4 * kib);
    cr_expect_eq(il_bytes_of(b, second), 16 * kib);
    cr_expect_eq(il_bytes_now(b), 22 * kib);
    il_lift(nested, z);
    il_scope_close(nested);
    cr_expect_eq(il_bytes_now(b), 14 * kib);
    cr_expect_geq(il_bytes_peak(b), 22 * kib);
    il_scope_close(s);
    cr_expect_eq(il_bytes_now(b), 0);
    cr_expect_geq(il_bytes_taken(b), 22 * kib); /* a convolution may take a copy of its own */
    cr_expect_leq(il_bytes_taken(b), 2 * 22 * kib);
    il_bytes_free(b);
    il_scope_close(before);
    il_flops_free(f);
}
