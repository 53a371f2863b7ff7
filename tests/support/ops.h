/* ops.h - tensor operations against figures of PyTorch: values, gradients, changed inputs. */
#ifndef OPS_H
#define OPS_H

#include "figures.h"

enum { MOST_INPUTS = 6 };

#define OP(name, call)                                                                                                 \
    static il_tensor *op_##name(il_scope *s, il_tensor **a)                                                            \
    {                                                                                                                  \
        return call;                                                                                                   \
    }

struct ops_row {
    const char *name;
    il_tensor *(*apply)(il_scope *s, il_tensor **a);
};
#define ROW(name)                                                                                                      \
    {                                                                                                                  \
#name, op_##name                                                                                               \
    }

/* Gradients of sum(out * up). */
static inline void ops_check_gradients(il_scope *s, json_t *figures, il_tensor *out, il_tensor **in, const char *name)
{
    il_err e = { 0 };
    json_t *grads = json_object_get(figures, "grads");
    if (!grads)
        return;
    il_tensor *loss = il_sum(s, il_mul(s, out, figures_tensor(s, json_object_get(figures, "up"))));
    cr_assert_eq(il_backward(s, loss, &e), IL_OK, "%s: %s", name, e.message);
    for (size_t i = 0; i < json_array_size(grads); i++) {
        il_tensor *grad = il_grad(s, in[i]);
        if (json_is_null(json_array_get(grads, i)))
            cr_assert_null(grad, "%s: input %zu has a gradient", name, i);
        else
            figures_compare(grad, json_array_get(grads, i), 2e-5, name);
    }
}

static inline void ops_check_one(json_t *figures, const struct ops_row *row)
{
    il_err e = { 0 };
    const char *name = row->name;
    cr_assert_str_eq(json_string_value(json_object_get(figures, "name")), name);
    json_t *inputs = json_object_get(figures, "in"), *expected;
    il_scope *s = figures_scope(json_is_true(json_object_get(figures, "training")), true);
    il_tensor *in[MOST_INPUTS] = { NULL };
    for (size_t i = 0; i < json_array_size(inputs); i++) {
        in[i] = figures_tensor(s, json_array_get(inputs, i));
        if (i == 5) /* batch norm's count */
            in[i] = il_to(s, in[i], IL_DTYPE_I64);
        if (json_is_true(json_array_get(json_object_get(figures, "wants"), i)))
            cr_assert_eq(il_require_grad(in[i], &e), IL_OK, "%s", e.message);
    }
    il_tensor *out = row->apply(s, in);
    cr_assert_eq(il_scope_status(s, &e), IL_OK, "%s: %s", name, e.message);
    figures_compare(out, json_object_get(figures, "out"), 1e-5, name);
    ops_check_gradients(s, figures, out, in, name);
    const char *index;
    json_object_foreach(json_object_get(figures, "after"), index, expected)
        figures_compare(in[strtol(index, NULL, 10)], expected, 1e-6, name);
    il_scope_close(s);
}

/* One row per case of the file, in its order. */
static inline void ops_check(const char *file, const struct ops_row *rows, size_t count)
{
    json_t *root = figures_load(file);
    cr_assert_eq(json_array_size(root), count, "%zu cases for %zu operations", json_array_size(root), count);
    for (size_t i = 0; i < count; i++)
        ops_check_one(json_array_get(root, i), &rows[i]);
    json_decref(root);
}

#endif
