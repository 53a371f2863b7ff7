/* test_losses.c - the losses' values and gradients against PyTorch's (tests/data/oracle/losses.py); with a mask against those of
 * the pixels that count alone. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "open.h"

enum { COUNT = 24, MOST_SETTINGS = 8 };

static void read_numbers(float *out, const json_t *list)
{
    cr_assert_eq(json_array_size(list), COUNT);
    for (size_t i = 0; i < COUNT; i++)
        out[i] = (float)json_number_value(json_array_get(list, i));
}

static struct opened open_case(json_t *row)
{
    const char *settings[2 * MOST_SETTINGS + 1] = { 0 };
    size_t n = 0;
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(row, "settings"), key, value)
    {
        settings[n++] = key;
        settings[n++] = json_string_value(value);
    }
    return open_plugin(IL_KIND_LOSS, json_string_value(json_object_get(row, "loss")), settings);
}

static void close_to(double got, double want, const char *what, size_t row)
{
    cr_expect(fabs(got - want) <= 2e-6 * fabs(want) + 1e-7, "case %zu, %s: %.9g, expected %.9g", row, what, got, want);
}

/* Pixels of a batch for a loss; values are row-major. */
struct pixels {
    int64_t shape[4];
    const float *logit, *target, *valid; /* valid NULL: every pixel counts */
};

static size_t count_of(const struct pixels *p)
{
    return (size_t)(p->shape[0] * p->shape[1] * p->shape[2] * p->shape[3]);
}

/* The loss and, into grad, its gradient. */
static float loss_of(float *grad, const struct opened *o, const struct pixels *p)
{
    float value = NAN;
    il_err e = { 0 };
    il_scope *s = NULL;
    cr_assert_eq(il_scope_open(&s, IL_OPTS(il_scope_opts, .grad = true), &e), IL_OK, "%s", e.message);
    il_tensor *x = il_keep(s, il_from_f32(s, p->logit, 4, p->shape));
    cr_assert_not_null(x);
    cr_assert_eq(il_require_grad(x, &e), IL_OK, "%s", e.message);
    il_tensor *target = il_from_f32(s, p->target, 4, p->shape);
    il_tensor *valid = p->valid ? il_from_f32(s, p->valid, 4, p->shape) : NULL;
    il_tensor *loss = o->plugin->loss->forward(o->self, s, x, target, valid);
    cr_assert_eq(il_scope_status(s, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_ndim(loss), 0);
    cr_assert_eq(il_read_f32(loss, &value, 1, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_backward(s, loss, &e), IL_OK, "%s", e.message);
    il_tensor *g = il_grad(s, x);
    cr_assert_not_null(g);
    cr_assert_eq(il_read_f32(g, grad, count_of(p), &e), IL_OK, "%s", e.message);
    il_scope_close(s);
    il_tensor_free(x);
    return value;
}

static struct pixels read_case(float logit[COUNT], float target[COUNT], const json_t *row)
{
    read_numbers(logit, json_object_get(row, "logit"));
    read_numbers(target, json_object_get(row, "target"));
    return (struct pixels){ { 2, 1, 3, 4 }, logit, target, NULL };
}

static void values_and_gradients(json_t *row, size_t index)
{
    float logit[COUNT], target[COUNT], want[COUNT], grad[COUNT];
    struct pixels p = read_case(logit, target, row);
    read_numbers(want, json_object_get(row, "grad"));
    struct opened o = open_case(row);
    close_to(loss_of(grad, &o, &p), json_number_value(json_object_get(row, "value")), "value", index);
    for (size_t i = 0; i < COUNT; i++)
        close_to(grad[i], want[i], "gradient", index);
    close_plugin(&o);
}

/* The pixels where keep is true, as a batch of their own of that shape; from[] tells where each stood. */
static void cut(float *logit, float *target, size_t *from, const struct pixels *p, const bool *keep)
{
    for (size_t i = 0, n = 0; i < count_of(p); i++)
        if (keep[i]) {
            logit[n] = p->logit[i];
            target[n] = p->target[i];
            from[n++] = i;
        }
}

/* With a mask the loss is that of the pixels that count alone, whatever stands elsewhere, and so is the gradient there;
 * elsewhere it is 0. */
static void compare_with_cut(const struct opened *o, struct pixels p, const bool *keep, const int64_t shape[4],
                             size_t index)
{
    float logit[COUNT], target[COUNT], valid[COUNT], grad[COUNT], part_logit[COUNT], part_target[COUNT],
        part_grad[COUNT];
    size_t from[COUNT], n = 0;
    cut(part_logit, part_target, from, &p, keep);
    for (size_t i = 0; i < COUNT; i++) {
        static const float odd[] = { INFINITY, NAN, -1e30f, 3 };
        valid[i] = keep[i];
        logit[i] = keep[i] ? p.logit[i] : odd[i % 4];
        target[i] = keep[i] ? p.target[i] : odd[(i + 1) % 4];
    }
    const struct pixels part = { { shape[0], shape[1], shape[2], shape[3] }, part_logit, part_target, NULL };
    double want = loss_of(part_grad, o, &part);
    p.logit = logit;
    p.target = target;
    p.valid = valid;
    close_to(loss_of(grad, o, &p), want, "masked value", index);
    for (size_t i = 0; i < COUNT; i++) {
        if (keep[i])
            close_to(grad[i], part_grad[n], "masked gradient", index);
        else
            cr_expect(grad[i] == 0, "case %zu: pixel %zu does not count and gets %g", index, i, grad[i]);
        n += keep[i];
    }
}

/* A rectangle of both pictures, one picture of two, and pixels here and there of one picture. */
static void masks(json_t *row, size_t index)
{
    float logit[COUNT], target[COUNT];
    bool keep[COUNT];
    struct pixels p = read_case(logit, target, row);
    struct opened o = open_case(row);
    for (int i = 0; i < COUNT; i++)
        keep[i] = i / 4 % 3 < 2 && i % 4 >= 1; /* rows 0 and 1, columns 1 to 3 */
    compare_with_cut(&o, p, keep, (int64_t[]){ 2, 1, 2, 3 }, index);
    for (int i = 0; i < COUNT; i++)
        keep[i] = i >= COUNT / 2;
    compare_with_cut(&o, p, keep, (int64_t[]){ 1, 1, 3, 4 }, index);
    memcpy(p.shape, (int64_t[]){ 1, 1, 4, 6 }, sizeof p.shape);
    for (int i = 0; i < COUNT; i++)
        keep[i] = i * i % 7 == 2; /* 6 of 24 */
    compare_with_cut(&o, p, keep, (int64_t[]){ 1, 1, 1, 6 }, index);
    close_plugin(&o);
}

/* All pixels count, by a mask that says so; and none. */
static void full_and_empty(json_t *row, size_t index)
{
    float logit[COUNT], target[COUNT], valid[COUNT], grad[COUNT], want_grad[COUNT];
    struct pixels p = read_case(logit, target, row);
    struct opened o = open_case(row);
    double want = loss_of(want_grad, &o, &p);
    for (size_t i = 0; i < COUNT; i++)
        valid[i] = 1;
    p.valid = valid;
    close_to(loss_of(grad, &o, &p), want, "full mask", index);
    for (size_t i = 0; i < COUNT; i++)
        close_to(grad[i], want_grad[i], "full mask's gradient", index);
    memset(valid, 0, sizeof valid);
    float none = loss_of(grad, &o, &p);
    cr_expect(none == 0, "case %zu: the loss of no pixel is %g", index, none);
    for (size_t i = 0; i < COUNT; i++)
        cr_expect(grad[i] == 0, "case %zu: no pixel counts and %zu gets %g", index, i, grad[i]);
    close_plugin(&o);
}

static void each_case(void (*check)(json_t *row, size_t index))
{
    json_error_t why;
    json_t *rows = json_load_file(TEST_DATA "/oracle/losses.json", 0, &why);
    cr_assert_not_null(rows, "%s:%d: %s", why.source, why.line, why.text);
    cr_assert_eq(json_array_size(rows), 19);
    for (size_t i = 0; i < json_array_size(rows); i++)
        check(json_array_get(rows, i), i);
    json_decref(rows);
}

Test(losses, values_and_gradients)
{
    each_case(values_and_gradients);
}

Test(losses, masks)
{
    each_case(masks);
}

Test(losses, full_and_empty_masks)
{
    each_case(full_and_empty);
}

/* Settings out of range are refused by the plugin's table. */
Test(losses, refused_settings)
{
    static const char *const bad[][3] = {
        { "focal", "alpha", "1.5" },   { "focal", "gamma", "-1" },      { "focal", "beta", "1" },
        { "bce", "pos_weight", "-2" }, { "bce", "pos_weight", "much" }, { "dice", "smooth", "0" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct opened o = open_plugin(IL_KIND_LOSS, bad[i][0], NULL);
        il_err e = { 0 };
        il_params *p = NULL;
        cr_assert_eq(il_params_new(&p, o.plugin->params, &e), IL_OK, "%s", e.message);
        int rc = il_params_set(p, bad[i][1], bad[i][2], &e);
        cr_expect_eq(rc, IL_EPARAM, "%s takes %s: %s", bad[i][0], bad[i][1], bad[i][2]);
        cr_expect_neq(e.message[0], '\0');
        il_params_free(p);
        close_plugin(&o);
    }
}
