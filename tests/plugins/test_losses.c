/* test_losses.c - the losses' values and gradients against PyTorch's (tests/data/oracle/losses.py). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <criterion/criterion.h>
#include <jansson.h>
#include "open.h"

enum { COUNT = 24, MOST_SETTINGS = 8 };

static const int64_t shape[4] = { 2, 1, 3, 4 };

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
    json_object_foreach(json_object_get(row, "settings"), key, value) {
        settings[n++] = key;
        settings[n++] = json_string_value(value);
    }
    return open_plugin(IL_LOSS, json_string_value(json_object_get(row, "loss")), settings);
}

static void close_to(double got, double want, const char *what, size_t row)
{
    cr_expect(fabs(got - want) <= 2e-6 * fabs(want) + 1e-7, "case %zu, %s: %.9g, expected %.9g", row, what, got, want);
}

static void check_case(json_t *row, size_t index)
{
    float logit[COUNT], target[COUNT], want[COUNT], grad[COUNT], value = 0;
    read_numbers(logit, json_object_get(row, "logit"));
    read_numbers(target, json_object_get(row, "target"));
    read_numbers(want, json_object_get(row, "grad"));

    struct opened o = open_case(row);
    il_err e = { 0 };
    il_scope *s = NULL;
    cr_assert_eq(il_scope_open(&s, (il_scope_opts){ .grad = true }, &e), IL_OK, "%s", e.message);
    il_tensor *x = il_keep(s, il_from_f32(s, logit, 4, shape));
    cr_assert_not_null(x);
    cr_assert_eq(il_require_grad(x, &e), IL_OK, "%s", e.message);
    il_tensor *loss = o.plugin->loss->forward(o.self, s, x, il_from_f32(s, target, 4, shape));
    cr_assert_eq(il_scope_status(s, &e), IL_OK, "case %zu: %s", index, e.message);
    cr_assert_eq(il_ndim(loss), 0);
    cr_assert_eq(il_read_f32(loss, &value, 1, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_backward(s, loss, &e), IL_OK, "%s", e.message);
    il_tensor *g = il_grad(s, x);
    cr_assert_not_null(g);
    cr_assert_eq(il_read_f32(g, grad, COUNT, &e), IL_OK, "%s", e.message);

    close_to(value, json_number_value(json_object_get(row, "value")), "value", index);
    for (size_t i = 0; i < COUNT; i++)
        close_to(grad[i], want[i], "gradient", index);
    il_scope_close(s);
    il_tensor_free(x);
    close_plugin(&o);
}

Test(losses, values_and_gradients)
{
    json_error_t why;
    json_t *rows = json_load_file(TEST_DATA "/oracle/losses.json", 0, &why);
    cr_assert_not_null(rows, "%s:%d: %s", why.source, why.line, why.text);
    cr_assert_eq(json_array_size(rows), 19);
    for (size_t i = 0; i < json_array_size(rows); i++)
        check_case(json_array_get(rows, i), i);
    json_decref(rows);
}

/* Settings out of range are refused by the plugin's table. */
Test(losses, refused_settings)
{
    static const char *const bad[][3] = {
        { "focal", "alpha", "1.5" }, { "focal", "gamma", "-1" },  { "focal", "beta", "1" },
        { "bce", "pos_weight", "-2" }, { "bce", "pos_weight", "much" }, { "dice", "smooth", "0" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct opened o = open_plugin(IL_LOSS, bad[i][0], NULL);
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
