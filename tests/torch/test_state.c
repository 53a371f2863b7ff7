#include <string.h>
#include <inpaintlab/attention.h>
#include <inpaintlab/layers.h>
#include <inpaintlab/optimizer.h>
#include <inpaintlab/state.h>
#include <inpaintlab/weights.h>
#include "support/figures.h"

#define OK(call) cr_assert_eq((call), IL_OK, "%s", e.message)

static const il_device cpu = { IL_DEVICE_CPU, 0 };

static il_state *fresh(uint64_t seed)
{
    il_err e = { 0 };
    il_state *st = NULL;
    OK(il_state_new(&st, cpu, seed, &e));
    return st;
}

/* ---- declarations ---- */

Test(state, initial_values_as_pytorch)
{
    il_err e = { 0 };
    json_t *root = figures_load("init_figures.json");
    il_state *st = fresh((uint64_t)json_integer_value(json_object_get(root, "seed")));
    il_conv_declare(st, "conv", (il_conv_spec){ .in = 4, .out = 5, .kernel = 3, .opts.groups = 2 });
    il_conv_declare(st, "stem", (il_conv_spec){ .in = 3, .out = 4, .kernel = 3, .no_bias = true, .fan_out = true });
    il_dense_declare(st, "dense", (il_dense_spec){ .in = 6, .out = 4, .no_bias = true });
    OK(il_state_status(st, &e));
    cr_assert_eq(il_state_count(st), 4);
    for (size_t i = 0; i < il_state_count(st); i++) {
        il_state_entry x = il_state_at(st, i);
        cr_assert(x.trainable);
        figures_compare(x.tensor, json_object_get(root, x.name), 1e-7, x.name);
    }
    il_state_free(st);
    json_decref(root);
}

static void read_one(float *out, uint64_t seed, const char *before, const char *name)
{
    int64_t shape[] = { 3, 3 };
    il_state *st = fresh(seed);
    il_state_param(st, before, IL_INIT_KAIMING_UNIFORM, 0, 2, shape);
    cr_assert_eq(il_read_f32(il_state_param(st, name, IL_INIT_KAIMING_UNIFORM, 0, 2, shape), out, 9, NULL), IL_OK);
    il_state_free(st);
}

Test(state, values_depend_on_seed_and_name_alone)
{
    float a[9], b[9];
    read_one(a, 1, "x", "w");
    read_one(b, 1, "other", "w");
    cr_assert_eq(memcmp(a, b, sizeof a), 0);
    read_one(b, 2, "x", "w");
    cr_assert_neq(memcmp(a, b, sizeof a), 0);
    read_one(b, 1, "x", "v");
    cr_assert_neq(memcmp(a, b, sizeof a), 0);
}

Test(state, norm_names_and_values)
{
    static const struct {
        const char *name;
        bool trainable;
        il_dtype dtype;
        int ndim;
        float value;
    } expected[] = { { "n.weight", true, IL_DTYPE_F32, 1, 1 },
                     { "n.bias", true, IL_DTYPE_F32, 1, 0 },
                     { "n.running_mean", false, IL_DTYPE_F32, 1, 0 },
                     { "n.running_var", false, IL_DTYPE_F32, 1, 1 },
                     { "n.num_batches_tracked", false, IL_DTYPE_I64, 0, 0 } };
    il_state *st = fresh(0);
    il_norm_declare(st, "n", 2);
    cr_assert_eq(il_state_count(st), 5);
    cr_assert_eq(il_state_params(st), 4);
    for (size_t i = 0; i < 5; i++) {
        float v[2];
        il_state_entry x = il_state_at(st, i);
        cr_assert_str_eq(x.name, expected[i].name);
        cr_assert_eq(x.trainable, expected[i].trainable);
        cr_assert_eq(il_dtype_of(x.tensor), expected[i].dtype);
        cr_assert_eq(il_ndim(x.tensor), expected[i].ndim);
        cr_assert_eq(il_read_f32(x.tensor, v, (size_t)il_numel(x.tensor), NULL), IL_OK);
        cr_assert_eq(v[0], expected[i].value, "%s is %g", x.name, (double)v[0]);
        cr_assert_eq(il_state_find(st, x.name), x.tensor);
    }
    cr_assert_null(il_state_find(st, "n"));
    il_state_free(st);
    il_state_free(NULL);
}

Test(state, keeps_the_first_error)
{
    il_err e = { 0 };
    int64_t shape[] = { 2 };
    il_state *st = fresh(0);
    cr_assert_not_null(il_state_param(st, "w", IL_INIT_ONES, 0, 1, shape));
    cr_assert_null(il_state_param(st, "w", IL_INIT_ONES, 0, 1, shape));
    cr_assert_null(il_state_buffer(st, "v", IL_DTYPE_F32, 0, 1, shape));
    cr_assert_eq(il_state_status(st, &e), IL_ETORCH);
    cr_assert_str_eq(e.message, "w: this name exists already");
    il_state_free(st);
}

Test(state, shared_tensors_are_not_copied)
{
    il_err e = { 0 };
    float out = 0;
    il_scope *s = figures_scope(false, false);
    il_tensor *t = il_full(s, 2, IL_DTYPE_F32, 0, NULL);
    il_state *st = fresh(0);
    OK(il_state_share(st, "t", t, true, &e));
    cr_assert_eq(il_state_share(st, "t", t, true, &e), IL_ETORCH);
    OK(il_copy(il_state_find(st, "t"), il_full(s, 5, IL_DTYPE_F32, 0, NULL), &e));
    OK(il_read_f32(t, &out, 1, &e));
    cr_assert_eq(out, 5);
    il_state_free(st);
    il_scope_close(s);
}

/* ---- loading ---- */

struct stored {
    const char *name;
    int64_t size; /* of one dimension */
};

static il_bundle *bundle_of(const struct stored *list)
{
    il_err e = { 0 };
    il_bundle *b = NULL;
    float data[] = { 10, 11, 12 };
    OK(il_bundle_new(&b, &e));
    for (; list->name; list++)
        OK(il_bundle_add_bytes(b, list->name, IL_DTYPE_F32, 1, &list->size, data, &e));
    return b;
}

Test(state, load)
{
    static const char *const skip_w[] = { "w*", NULL };
    static const struct {
        struct stored file[5];
        il_load_opts opts;
        const char *message; /* NULL: it loads */
        float w0;            /* afterwards; 1 at first */
    } cases[] = {
        { { { "w", 2 }, { "v", 3 } }, { 0 }, NULL, 10 },
        { { { "v", 3 }, { "w", 2 }, { "num_batches_tracked", 1 } }, { 0 }, NULL, 10 },
        { { { "m.w", 2 }, { "m.v", 3 }, { "x", 1 } }, { .prefix = "m." }, NULL, 10 },
        { { { "w", 3 }, { "v", 3 } }, { .skip = skip_w }, NULL, 1 },
        { { { "v", 3 } }, { .skip = skip_w }, NULL, 1 },
        { { { "w", 2 } }, { 0 }, "tensor v is missing", 1 },
        { { { "m.w", 2 } }, { .prefix = "m." }, "tensor m.v is missing", 1 },
        { { { "w", 2 }, { "v", 2 } }, { 0 }, "tensor v has shape (2); expected (3)", 1 },
        { { { "w", 2 }, { "v", 3 }, { "z", 1 } }, { 0 }, "tensor z: the model has no tensor of this name", 1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_err e = { 0 };
        float w[2];
        il_state *st = fresh(0);
        il_tensor *t = il_state_param(st, "w", IL_INIT_ONES, 0, 1, (int64_t[]){ 2 });
        il_state_param(st, "v", IL_INIT_ONES, 0, 1, (int64_t[]){ 3 });
        il_state_buffer(st, "num_batches_tracked", IL_DTYPE_I64, 0, 1, (int64_t[]){ 1 });
        il_bundle *b = bundle_of(cases[i].file);
        il_load_opts opts = cases[i].opts;
        opts.size = sizeof opts;
        int rc = il_state_load(st, b, &opts, &e);
        cr_assert_eq(rc, cases[i].message ? IL_EFORMAT : IL_OK, "case %zu: %s", i, e.message);
        cr_assert_str_eq(e.message, cases[i].message ? cases[i].message : "", "case %zu", i);
        OK(il_read_f32(t, w, 2, &e));
        cr_assert_eq(w[0], cases[i].w0, "case %zu: %g", i, (double)w[0]);
        il_bundle_free(b);
        il_state_free(st);
    }
}

Test(state, save_then_load)
{
    il_err e = { 0 };
    float a[36], b[36];
    il_bundle *file = NULL;
    il_conv_spec spec = { .in = 2, .out = 2, .kernel = 3 };
    il_state *one = fresh(1), *two = fresh(2);
    il_conv_declare(one, "c", spec);
    il_conv_declare(two, "c", spec);
    OK(il_bundle_new(&file, &e));
    OK(il_state_save(one, file, "model.", &e));
    cr_assert_str_eq(il_bundle_name(file, 1), "model.c.bias");
    OK(il_state_load(two, file, IL_OPTS(il_load_opts, .prefix = "model."), &e));
    OK(il_read_f32(il_state_find(one, "c.weight"), a, 36, &e));
    OK(il_read_f32(il_state_find(two, "c.weight"), b, 36, &e));
    cr_assert_eq(memcmp(a, b, sizeof a), 0);
    il_bundle_free(file);
    il_state_free(one);
    il_state_free(two);
}

/* ---- types of parameters ---- */

Test(state, types_are_those_declared)
{
    il_err e = { 0 };
    int64_t shape[] = { 2, 2 };
    il_state *st = fresh(3), *plain = fresh(3);
    float a[4], b[4];
    il_tensor *full = il_state_param(st, "full", IL_INIT_KAIMING_UNIFORM, 0, 2, shape);
    il_state_dtype(st, IL_DTYPE_F16);
    il_tensor *half = il_state_param(st, "half", IL_INIT_KAIMING_UNIFORM, 0, 2, shape);
    il_tensor *none = il_state_param(st, "none", IL_INIT_NONE, 0, 2, shape);
    il_tensor *count = il_state_buffer(st, "count", IL_DTYPE_I64, 3, 0, NULL);
    OK(il_state_status(st, &e));
    cr_assert_eq(il_dtype_of(full), IL_DTYPE_F32);
    cr_assert_eq(il_dtype_of(half), IL_DTYPE_F16);
    cr_assert_eq(il_dtype_of(none), IL_DTYPE_F16);
    cr_assert_eq(il_dtype_of(count), IL_DTYPE_I64);
    cr_assert_eq(il_state_params(st), 12);
    OK(il_read_f32(half, a, 4, &e));
    OK(il_read_f32(il_state_param(plain, "half", IL_INIT_KAIMING_UNIFORM, 0, 2, shape), b, 4, &e));
    for (int i = 0; i < 4; i++)
        cr_assert(a[i] != 0 && fabsf(a[i] - b[i]) < 1e-3f, "%g is not %g rounded", (double)a[i], (double)b[i]);
    il_state_free(plain);
    il_state_free(st);
}

Test(state, load_converts_types)
{
    static const struct {
        il_dtype file, state;
        float expected[2];
    } cases[] = {
        { IL_DTYPE_F32, IL_DTYPE_F16, { 0.0999755859375f, 2048 } }, /* 2049 has no float16 */
        { IL_DTYPE_F32, IL_DTYPE_BF16, { 0.10009765625f, 2048 } },
        { IL_DTYPE_F16, IL_DTYPE_F32, { 0.0999755859375f, 2048 } },
        { IL_DTYPE_F64, IL_DTYPE_F32, { 0.1f, 2049 } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_err e = { 0 };
        float out[2], data[] = { 0.1f, 2049 };
        int64_t shape[] = { 2 };
        il_bundle *b = NULL;
        il_state *st = fresh(0);
        il_scope *s = figures_scope(false, false);
        il_state_dtype(st, cases[i].state);
        il_tensor *w = il_state_param(st, "w", IL_INIT_NONE, 0, 1, shape);
        OK(il_bundle_new(&b, &e));
        OK(il_bundle_add(b, "w", il_to(s, il_from_f32(s, data, 1, shape), cases[i].file), &e));
        OK(il_state_load(st, b, NULL, &e));
        cr_assert_eq(il_dtype_of(w), cases[i].state);
        OK(il_read_f32(w, out, 2, &e));
        for (int k = 0; k < 2; k++)
            cr_assert_eq(out[k], cases[i].expected[k], "case %zu: %.9g", i, (double)out[k]);
        il_scope_close(s);
        il_bundle_free(b);
        il_state_free(st);
    }
}

Test(state, unset_parameters_want_no_gradient)
{
    il_err e = { 0 };
    int64_t shape[] = { 3 };
    il_state *st = fresh(0);
    il_scope *s = figures_scope(true, true);
    il_tensor *w = il_state_param(st, "w", IL_INIT_NONE, 0, 1, shape),
              *v = il_state_param(st, "v", IL_INIT_ONES, 0, 1, shape);
    OK(il_copy(w, v, &e));
    OK(il_backward(s, il_sum(s, il_mul(s, w, v)), &e));
    cr_assert_null(il_grad(s, w));
    cr_assert_not_null(il_grad(s, v));
    il_scope_close(s);
    il_state_free(st);
}

/* ---- Adam ---- */

static const char *const names[] = { "w", "idle", "late" };

/* The loss of make_tensor_figures.py at one step, counted from 0. */
static void adam_step(il_state *st, il_adam *a, int step)
{
    il_err e = { 0 };
    il_scope *s = figures_scope(true, false);
    il_tensor *w = il_state_find(st, "w"), *late = il_state_find(st, "late");
    il_tensor *loss = il_affine(s, il_sum(s, il_pow(s, w, 3)), step + 1, 0);
    if (step >= 2)
        loss = il_add(s, loss, il_sum(s, il_mul(s, late, w)));
    OK(il_backward(s, il_adam_scaled(a, s, loss), &e));
    cr_assert_not_null(il_grad(s, w));
    OK(il_adam_step(a, &e));
    cr_assert_null(il_grad(s, w), "gradients stay after the step");
    il_scope_close(s);
}

static il_state *adam_start(json_t *run)
{
    il_err e = { 0 };
    il_state *st = fresh(0);
    il_scope *s = figures_scope(false, false);
    for (int i = 0; i < 3; i++) {
        il_tensor *t = il_state_param(st, names[i], IL_INIT_ZEROS, 0, 1, (int64_t[]){ 4 });
        OK(il_copy(t, figures_tensor(s, json_object_get(json_object_get(run, "start"), names[i])), &e));
    }
    il_scope_close(s);
    return st;
}

static il_adam *adam_for(il_state *st, json_t *run, bool decoupled)
{
    il_err e = { 0 };
    il_adam *a = NULL;
    il_adam_opts o = { .size = sizeof(il_adam_opts),
                       .lr = 1,
                       .decoupled = decoupled,
                       .weight_decay = json_number_value(json_object_get(run, "weight_decay")) };
    OK(il_adam_new(&a, st, &o, &e));
    il_adam_rate(a, json_number_value(json_object_get(run, "lr")));
    return a;
}

static void compare_adam(const char *figures, bool decoupled, size_t runs)
{
    json_t *root = figures_load(figures), *run;
    size_t i;
    json_array_foreach(root, i, run)
    {
        il_state *st = adam_start(run);
        il_adam *a = adam_for(st, run, decoupled);
        for (int step = 0; step < 5; step++) {
            json_t *expected = json_array_get(json_object_get(run, "steps"), (size_t)step);
            adam_step(st, a, step);
            for (int k = 0; k < 3; k++)
                figures_compare(il_state_find(st, names[k]), json_object_get(expected, names[k]), 1e-7, names[k]);
        }
        il_adam_free(a);
        il_state_free(st);
    }
    cr_assert_eq(i, runs);
    json_decref(root);
}

Test(adam, as_pytorch)
{
    compare_adam("adam_figures.json", false, 2);
    compare_adam("adamw_figures.json", true, 1);
}

/* A rate of its own for two parameters, and clipping: as torch.optim's groups and clip_grad_norm_. An earlier pattern's factor
 * gives way to a later one's. With scaling, gradients are clipped after the loss's scale was taken out. */
static void compare_parts(const char *figures, bool decoupled, bool scaling)
{
    il_err e = { 0 };
    size_t matched = 0;
    json_t *root = figures_load(figures), *run = json_array_get(root, 0), *factors = json_object_get(run, "factors");
    il_adam *a = NULL;
    il_state *st = adam_start(run);
    il_adam_opts o = { .size = sizeof(il_adam_opts),
                       .lr = json_number_value(json_object_get(run, "lr")),
                       .decoupled = decoupled,
                       .scaling = scaling,
                       .weight_decay = json_number_value(json_object_get(run, "weight_decay")),
                       .clip = json_number_value(json_object_get(run, "clip")) };
    OK(il_adam_new(&a, st, &o, &e));
    OK(il_adam_factor(&matched, a, "[wl]*", 77, &e));
    cr_expect_eq(matched, 2);
    for (int k = 0; k < 3; k++)
        OK(il_adam_factor(&matched, a, names[k], json_number_value(json_object_get(factors, names[k])), &e));
    OK(il_adam_factor(&matched, a, "nothing", 3, &e));
    cr_expect_eq(matched, 0);
    cr_expect_eq(il_adam_factor(&matched, a, "w", 0, &e), IL_EPARAM);
    for (int step = 0; step < 5; step++) {
        json_t *expected = json_array_get(json_object_get(run, "steps"), (size_t)step);
        adam_step(st, a, step);
        for (int k = 0; k < 3; k++)
            figures_compare(il_state_find(st, names[k]), json_object_get(expected, names[k]), 1e-6, names[k]);
    }
    il_adam_free(a);
    il_state_free(st);
    json_decref(root);
}

Test(adam, parts_and_clipping_as_pytorch)
{
    compare_parts("adam_parts_figures.json", false, false);
    compare_parts("adamw_parts_figures.json", true, false);
    compare_parts("adam_parts_figures.json", false, true);
}

static void read_all(float out[3][4], const il_state *st)
{
    il_err e = { 0 };
    for (int k = 0; k < 3; k++)
        OK(il_read_f32(il_state_find(st, names[k]), out[k], 4, &e));
}

/* No gradient, no weight decay; the others train on. */
Test(adam, frozen_parameters_stay_bit_for_bit)
{
    il_err e = { 0 };
    float before[3][4], after[3][4];
    size_t matched = 0;
    json_t *root = figures_load("adam_figures.json"), *run = json_array_get(root, 1);
    for (int decoupled = 0; decoupled < 2; decoupled++) {
        il_state *st = adam_start(run);
        il_adam *a = adam_for(st, run, decoupled);
        read_all(before, st);
        OK(il_state_freeze(&matched, st, "l*e", &e));
        cr_expect_eq(matched, 1);
        cr_expect(il_state_frozen(st, 2) && !il_state_frozen(st, 0));
        OK(il_state_freeze(&matched, st, "nothing*", &e));
        cr_expect_eq(matched, 0);
        for (int step = 0; step < 5; step++)
            adam_step(st, a, step);
        read_all(after, st);
        cr_expect_neq(memcmp(before[0], after[0], sizeof before[0]), 0);
        cr_expect_eq(memcmp(before[2], after[2], sizeof before[2]), 0);
        il_adam_free(a);
        il_state_free(st);
    }
    json_decref(root);
}

/* What batch norm computes in training, and its running mean, variance and count then. */
static void norm_in_training(float y[8], float kept[3], const char *frozen, bool training)
{
    il_err e = { 0 };
    size_t matched = 0;
    int64_t count = 0, shape[] = { 2, 1, 2, 2 };
    const float x[] = { 1, 2, 3, 4, 5, 6, 7, 9 };
    il_state *st = fresh(0);
    il_norm n = il_norm_declare(st, "n", 1);
    if (frozen)
        OK(il_state_freeze(&matched, st, frozen, &e));
    il_scope *s = figures_scope(training, false);
    il_tensor *out = il_norm_apply(s, &n, il_from_f32(s, x, 4, shape));
    OK(il_read_f32(out, y, 8, &e));
    OK(il_state_restore(st, &e));
    OK(il_read_f32(n.mean, kept, 1, &e));
    OK(il_read_f32(n.var, kept + 1, 1, &e));
    OK(il_read_i64(n.tracked, &count, 1, &e));
    kept[2] = (float)count;
    il_scope_close(s);
    il_state_free(st);
}

/* Batch norm of frozen statistics normalises by them; with weight and bias frozen alone it does not, as in PyTorch. */
Test(state, frozen_batch_norm)
{
    float plain[8], tested[8], y[8], kept[3];
    norm_in_training(tested, kept, NULL, false);
    norm_in_training(plain, kept, NULL, true);
    cr_expect(kept[0] > 0.4f && kept[1] > 1.5f && kept[2] == 1, "%g %g %g", (double)kept[0], (double)kept[1],
              (double)kept[2]);
    norm_in_training(y, kept, "n.*", true);
    cr_expect(kept[0] == 0 && kept[1] == 1 && kept[2] == 0);
    cr_expect_eq(memcmp(y, tested, sizeof y), 0);
    norm_in_training(y, kept, "n.[wb]*", true);
    cr_expect(kept[0] > 0.4f && kept[1] > 1.5f && kept[2] == 1);
    cr_expect_eq(memcmp(y, plain, sizeof y), 0);
    norm_in_training(y, kept, "n.running_mean", true); /* one of the two: restored afterwards */
    cr_expect(kept[0] == 0 && kept[1] > 1.5f && kept[2] == 1);
    cr_expect_eq(memcmp(y, plain, sizeof y), 0);
}

Test(adam, a_resumed_run_is_bit_identical)
{
    il_err e = { 0 };
    float straight[3][4], resumed[3][4];
    json_t *root = figures_load("adam_figures.json"), *run = json_array_get(root, 1);
    il_state *st = adam_start(run);
    il_adam *a = adam_for(st, run, false);
    il_bundle *b = NULL;
    for (int step = 0; step < 5; step++) {
        if (step == 1) { /* `late` has no moments yet */
            OK(il_bundle_new(&b, &e));
            OK(il_state_save(st, b, "model.", &e));
            OK(il_adam_save(a, b, "adam.", &e));
        }
        adam_step(st, a, step);
    }
    for (int k = 0; k < 3; k++)
        OK(il_read_f32(il_state_find(st, names[k]), straight[k], 4, &e));
    cr_assert_not_null(il_bundle_find(b, "adam.w.exp_avg_sq"));
    cr_assert_null(il_bundle_find(b, "adam.idle.step"), "a parameter without gradient has moments");
    il_state *again = adam_start(run);
    il_adam *a2 = adam_for(again, run, false);
    OK(il_state_load(again, b, IL_OPTS(il_load_opts, .prefix = "model."), &e));
    OK(il_adam_load(a2, b, "adam.", &e));
    for (int step = 1; step < 5; step++)
        adam_step(again, a2, step);
    for (int k = 0; k < 3; k++) {
        OK(il_read_f32(il_state_find(again, names[k]), resumed[k], 4, &e));
        cr_assert_eq(memcmp(straight[k], resumed[k], sizeof straight[k]), 0, "%s differs", names[k]);
    }
    il_bundle_free(b);
    il_adam_free(a);
    il_adam_free(a2);
    il_adam_free(NULL);
    il_state_free(st);
    il_state_free(again);
    json_decref(root);
}

Test(adam, load_refuses_what_does_not_fit)
{
    static const struct {
        struct stored file[5];
        const char *message;
    } cases[] = {
        { { { "a.w.exp_avg", 2 } }, "tensor a.w: exp_avg, exp_avg_sq and step must come together" },
        { { { "a.w.exp_avg", 3 } }, "tensor a.w.exp_avg has shape (3), which does not fit its parameter" },
        { { { "a.z.exp_avg", 2 } }, "tensors a.*: some do not belong to a parameter of the model" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_err e = { 0 };
        il_adam *a = NULL;
        il_state *st = fresh(0);
        il_state_param(st, "w", IL_INIT_ONES, 0, 1, (int64_t[]){ 2 });
        OK(il_adam_new(&a, st, IL_OPTS(il_adam_opts, .lr = 1), &e));
        il_bundle *b = bundle_of(cases[i].file);
        cr_assert_eq(il_adam_load(a, b, "a.", &e), IL_EFORMAT);
        cr_assert_str_eq(e.message, cases[i].message);
        il_bundle_free(b);
        il_adam_free(a);
        il_state_free(st);
    }
}
