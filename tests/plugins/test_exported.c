/* test_exported.c - models of torch.export against PyTorch (tests/data/exported): logits in both modes, gradients, buffers, steps. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/exported.h>
#include <inpaintlab/optimizer.h>
#include <inpaintlab/weights.h>
#include "bench/model_values.h"
#include "open.h"

#define OK(call) cr_assert_eq((call), IL_OK, "%s", e.message)
#define FILES TEST_DATA "/exported/"

static il_bundle *read_bundle(const char *path)
{
    il_err e = { 0 };
    il_bundle *b = NULL;
    OK(il_bundle_read(&b, path, &e));
    return b;
}

static double *values_of(const il_tensor *t)
{
    il_err e = { 0 };
    size_t count = (size_t)il_numel(t);
    double *values = calloc(count + 1, sizeof *values);
    cr_assert_not_null(values);
    il_scope *s = NULL;
    OK(il_scope_open(&s, NULL, &e));
    OK(il_read_bytes(il_to(s, (il_tensor *)t, IL_DTYPE_F64), values, count * sizeof *values, &e));
    il_scope_close(s);
    return values;
}

/* The largest difference, relative to the largest value. */
static double difference(const il_tensor *got, const il_tensor *want, double *largest)
{
    cr_assert_eq(il_numel(got), il_numel(want));
    double *a = values_of(got), *b = values_of(want), most = 0;
    for (int64_t i = 0; i < il_numel(want); i++) {
        most = fmax(most, isnan(a[i]) ? HUGE_VAL : fabs(a[i] - b[i]));
        *largest = fmax(*largest, fabs(b[i]));
    }
    free(a);
    free(b);
    return most;
}

/* Every tensor of the figures that begins so. */
static void compare(const il_bundle *got, const il_bundle *want, const char *head, double slack, const char *file)
{
    double most = 0, largest = 0;
    int count = 0;
    for (size_t i = 0; i < il_bundle_count(want); i++) {
        const char *name = il_bundle_name(want, i);
        if (strncmp(name, head, strlen(head)) != 0 || strcmp(name, "after.shift") == 0) /* not in the state dict */
            continue;
        const il_tensor *value = il_bundle_find(got, name);
        cr_assert_not_null(value, "%s: %s is missing", file, name);
        most = fmax(most, difference(value, il_bundle_at(want, i), &largest));
        count++;
    }
    cr_assert_gt(count, 0);
    cr_expect_leq(most, slack * largest, "%s: %s differs by %g of %g", file, head, most, largest);
}

static void check(const char *const *settings, const char *figures)
{
    il_err e = { 0 };
    il_model m = { .order = IL_ORDER_NHWC };
    struct opened o = open_plugin(IL_KIND_MODEL, "exported", settings);
    il_bundle *want = read_bundle(figures), *got = NULL;
    OK(il_state_new(&m.state, (il_device){ 0 }, 1, &e));
    OK(o.plugin->model->build(o.self, m.state, &e));
    cr_expect_null(il_state_warning(m.state), "%s", il_state_warning(m.state));
    m.plugin = o.plugin;
    m.self = o.self;
    OK(il_model_values(&got, &m, want, &e));
    compare(got, want, "testing", 1e-5, figures);
    compare(got, want, "training", 1e-5, figures);
    compare(got, want, "grad.", 1e-4, figures);
    if (!strstr(figures, "vit"))
        compare(got, want, "after.", 1e-6, figures);
    il_bundle_free(got);
    il_bundle_free(want);
    il_state_free(m.state);
    close_plugin(&o);
}

/* The second file of each is of another size than the model was exported with. */
Test(exported, unet)
{
    const char *const settings[] = { "file", FILES "unet.pt2", NULL };
    check(settings, FILES "unet-32x48.safetensors");
    check(settings, FILES "unet-33x41.safetensors");
}

/* Dropout within attention, stochastic depth in both forms: the random numbers are PyTorch's. */
Test(exported, vit)
{
    const char *const settings[] = { "file", FILES "vit.pt2", NULL };
    check(settings, FILES "vit-32x48.safetensors");
    check(settings, FILES "vit-64x24.safetensors");
}

/* Exported by eval(), trained here; two parameters are one tensor. */
Test(exported, mobile)
{
    const char *const settings[] = { "file", FILES "mobile.pt2", "channel", "1", "resize", "true", NULL };
    check(settings, FILES "mobile-32x48.safetensors");
    check(settings, FILES "mobile-45x40.safetensors");
}

/* ---- by itself ---- */

static il_exported *open_exported(const char *path, il_state **st)
{
    il_err e = { 0 };
    il_exported *m = NULL;
    OK(il_exported_open(&m, path, (il_device){ 0 }, &e));
    OK(il_state_new(st, (il_device){ 0 }, 0, &e));
    OK(il_exported_state(m, *st, &e));
    return m;
}

static il_scope *open_scope(bool training, il_precision precision)
{
    il_err e = { 0 };
    il_scope *s = NULL;
    OK(il_scope_open(&s, IL_OPTS(il_scope_opts, .training = training, .precision = precision), &e));
    return s;
}

/* Float64, so that rounding cannot hide a wrong step. */
Test(exported, five_steps_of_adam)
{
    il_err e = { 0 };
    il_state *st = NULL;
    il_adam *adam = NULL;
    il_exported *m = open_exported(FILES "double.pt2", &st);
    il_bundle *want = read_bundle(FILES "double.safetensors");
    OK(il_adam_new(&adam, st, IL_OPTS(il_adam_opts, .lr = 0.01), &e));
    for (int i = 0; i < 5; i++) {
        il_scope *s = open_scope(true, IL_PRECISION_FP32);
        il_tensor *image = il_to(s, (il_tensor *)il_bundle_find(want, "image"), IL_DTYPE_F64);
        OK(il_backward(s, il_mean(s, il_pow(s, il_exported_output(s, m, image, "out"), 2)), &e));
        OK(il_adam_step(adam, &e));
        il_scope_close(s);
    }
    for (size_t i = 0; i < il_state_count(st); i++) {
        il_state_entry x = il_state_at(st, i);
        char name[100];
        double largest = 0;
        snprintf(name, sizeof name, "stepped.%s", x.name);
        cr_expect_leq(difference(x.tensor, il_bundle_find(want, name), &largest), 1e-9, "%s", name);
        cr_assert(strncmp(x.name, "side.", 5) == 0 || largest > 0);
    }
    il_bundle_free(want);
    il_adam_free(adam);
    il_state_free(st);
    il_exported_free(m);
    il_exported_free(NULL);
}

/* Tied weights have both names, and are trained once. */
Test(exported, names_of_the_state_dict)
{
    static const char *const names[] = { "stem.weight", "norm.weight", "norm.running_mean", "norm.num_batches_tracked",
                                         "mix.weight",  "again.bias" };
    il_state *st = NULL;
    il_exported *m = open_exported(FILES "mobile.pt2", &st);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_expect_not_null(il_state_find(st, names[i]), "%s", names[i]);
    il_state_free(st);
    il_exported_free(m);
    m = open_exported(FILES "vit.pt2", &st);
    cr_expect_null(il_state_find(st, "shift"), "it is no part of the state dict");
    il_state_free(st);
    il_exported_free(m);
}

static il_tensor *grey(il_scope *s, int64_t n, int64_t channels, int64_t height, int64_t width)
{
    return il_full(s, 0.5, IL_DTYPE_F32, 4, (int64_t[]){ n, channels, height, width });
}

Test(exported, outputs_by_name_and_number)
{
    static const struct {
        const char *output;
        int64_t channels; /* 0: refused */
    } cases[] = { { "", 1 }, { "out", 1 }, { "aux", 2 }, { "0", 2 }, { "1", 1 }, { "2", 0 }, { "mask", 0 } };
    il_state *st = NULL;
    il_exported *m = open_exported(FILES "unet.pt2", &st);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_err e = { 0 };
        il_scope *s = open_scope(false, IL_PRECISION_FP32);
        il_tensor *y = il_exported_output(s, m, grey(s, 1, 3, 16, 16), cases[i].output);
        if (cases[i].channels) {
            OK(il_scope_status(s, &e));
            cr_expect_eq(il_dim(y, 1), cases[i].channels);
        } else {
            cr_assert_neq(il_scope_status(s, &e), IL_OK);
            cr_expect_not_null(strstr(e.message, "unet.pt2: forward gives a dict of aux, out; `output: "), "%s",
                               e.message);
        }
        il_scope_close(s);
    }
    il_state_free(st);
    il_exported_free(m);
}

Test(exported, sizes_it_was_not_exported_for)
{
    static const struct {
        int64_t shape[4];
        const char *text;
    } cases[] = { { { 1, 3, 65, 64 }, "vit.pt2: height 65: the model was exported for up to 8192, multiples of 8" },
                  { { 1, 3, 64, 12 }, "vit.pt2: width 12: the model was exported for up to 8192, multiples of 8" },
                  { { 1, 4, 64, 64 }, "vit.pt2: channels 4: the model was exported for 3 only" } };
    il_state *st = NULL;
    il_exported *m = open_exported(FILES "vit.pt2", &st);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_err e = { 0 };
        const int64_t *n = cases[i].shape;
        il_scope *s = open_scope(false, IL_PRECISION_FP32);
        cr_expect_null(il_exported_output(s, m, grey(s, n[0], n[1], n[2], n[3]), ""));
        cr_assert_neq(il_scope_status(s, &e), IL_OK);
        cr_expect_not_null(strstr(e.message, cases[i].text), "%s", e.message);
        il_scope_close(s);
    }
    il_state_free(st);
    il_exported_free(m);
}

/* Half precision reaches the operators as in Python's autocast. */
Test(exported, half_precision)
{
    il_err e = { 0 };
    il_state *st = NULL;
    il_exported *m = open_exported(FILES "unet.pt2", &st);
    il_scope *s = open_scope(false, IL_PRECISION_BF16);
    il_tensor *y = il_exported_output(s, m, grey(s, 1, 3, 16, 16), "");
    OK(il_scope_status(s, &e));
    cr_expect_eq(il_dtype_of(y), IL_DTYPE_BF16);
    il_scope_close(s);
    il_state_free(st);
    il_exported_free(m);
}

/* The first picture's logits in training, beside a black or a white one. Dropout draws the same. */
static void train_beside(const il_exported *m, float other, float out[16 * 16])
{
    il_err e = { 0 };
    static float pixels[2 * 3 * 16 * 16];
    for (int i = 0; i < 3 * 16 * 16; i++) {
        pixels[i] = (float)(i % 7) / 7;
        pixels[3 * 16 * 16 + i] = other;
    }
    il_scope *s = open_scope(true, IL_PRECISION_FP32);
    il_tensor *image = il_from_f32(s, pixels, 4, (int64_t[]){ 2, 3, 16, 16 });
    il_tensor *y = il_exported_output(s, m, image, "");
    y = il_slice(s, il_slice(s, y, 0, 0, 1), 1, 0, 1);
    OK(il_read_f32(il_upsample_bilinear(s, y, 16, 16), out, 16 * 16, &e));
    il_scope_close(s);
}

/* Exported in training and in evaluation: with both statistics frozen one picture says nothing about another, and no batch is
 * counted; with the mean alone it does. */
Test(exported, frozen_batch_norms_normalise_as_in_tests)
{
    static const char *const files[] = { FILES "unet.pt2", FILES "mobile.pt2" };
    float black[16 * 16], white[16 * 16];
    for (int i = 0; i < 4; i++) {
        il_err e = { 0 };
        il_state *st = NULL;
        size_t matched = 0;
        int64_t batches = -1;
        bool both = i % 2;
        il_exported *m = open_exported(files[i / 2], &st);
        OK(il_state_freeze(&matched, st, both ? "norm*.running_*" : "norm*.running_mean", &e));
        cr_assert_eq(matched, both ? 4 : 2);
        train_beside(m, 0, black);
        train_beside(m, 1, white);
        cr_expect_eq(memcmp(black, white, sizeof black) == 0, both, "%s", files[i / 2]);
        cr_expect(black[0] != black[255], "the picture is seen");
        OK(il_read_i64(il_state_find(st, i / 2 ? "norm.num_batches_tracked" : "norm1.num_batches_tracked"), &batches, 1,
                       &e));
        cr_expect_eq(batches, both ? 0 : 2, "%s: %lld", files[i / 2], (long long)batches);
        il_state_free(st);
        il_exported_free(m);
    }
}

/* In tests nothing is drawn, and no buffer changes. */
Test(exported, tests_change_nothing)
{
    il_err e = { 0 };
    il_state *st = NULL;
    int64_t tracked = -1;
    float mean[6], again[6];
    il_exported *m = open_exported(FILES "unet.pt2", &st);
    OK(il_read_f32(il_state_find(st, "norm1.running_mean"), mean, 6, &e));
    il_scope *s = open_scope(false, IL_PRECISION_FP32);
    double largest = 0;
    il_tensor *a = il_exported_output(s, m, grey(s, 2, 3, 16, 16), "");
    cr_expect_eq(difference(a, il_exported_output(s, m, grey(s, 2, 3, 16, 16), ""), &largest), 0);
    il_scope_close(s);
    OK(il_read_i64(il_state_find(st, "norm1.num_batches_tracked"), &tracked, 1, &e));
    cr_expect_eq(tracked, 0);
    OK(il_read_f32(il_state_find(st, "norm1.running_mean"), again, 6, &e));
    cr_expect_eq(memcmp(mean, again, sizeof mean), 0);
    il_state_free(st);
    il_exported_free(m);
}
