#include <string.h>
#include <inpaintlab/state.h>
#include "support/ops.h"

/* ---- every operation against PyTorch ---- */

OP(linear, il_linear(s, a[0], a[1], a[2]))
OP(linear_no_bias, il_linear(s, a[0], a[1], NULL))
OP(layer_norm, il_layer_norm(s, a[0], a[1], a[2], 1e-3))
OP(group_norm, il_group_norm(s, a[0], 3, a[1], a[2], 1e-3))
OP(group_norm_of_sequence, il_group_norm(s, a[0], 2, a[1], a[2], 1e-6))
OP(gelu, il_gelu(s, a[0]))
OP(exp, il_exp(s, a[0]))
OP(embedding, il_embedding(s, a[0], il_to(s, a[1], IL_DTYPE_I64)))
OP(attention, il_attention(s, a[0], a[1], a[2], false))
OP(attention_causal, il_attention(s, a[0], a[1], a[2], true))
OP(pad, il_pad(s, a[0], 1, 2, 0, 3))
OP(pad_cuts, il_pad(s, a[0], -1, 0, 2, -1))
OP(bicubic, il_upsample_bicubic(s, a[0], 7, 5, false))
OP(bicubic_antialias, il_upsample_bicubic(s, a[0], 7, 5, true))
OP(bicubic_shrinks, il_upsample_bicubic(s, a[0], 3, 4, false))
OP(bicubic_antialias_shrinks, il_upsample_bicubic(s, a[0], 3, 4, true))

static const struct ops_row ops[] = {
    ROW(linear),
    ROW(linear_no_bias),
    ROW(layer_norm),
    ROW(group_norm),
    ROW(group_norm_of_sequence),
    ROW(gelu),
    ROW(exp),
    ROW(embedding),
    ROW(attention),
    ROW(attention_causal),
    ROW(pad),
    ROW(pad_cuts),
    ROW(bicubic),
    ROW(bicubic_antialias),
    ROW(bicubic_shrinks),
    ROW(bicubic_antialias_shrinks),
};

Test(transformer, operations_as_pytorch)
{
    ops_check("transformer_figures.json", ops, sizeof ops / sizeof *ops);
}

/* Bits, not near values: a picture's noise is a function of its seed. */
Test(transformer, randn_as_pytorch)
{
    json_t *root = figures_load("randn_figures.json"), *figures;
    size_t i;
    cr_assert_eq(json_array_size(root), 6);
    json_array_foreach(root, i, figures)
    {
        il_err e = { 0 };
        int64_t shape[4];
        float values[100];
        json_t *out = json_object_get(figures, "out"), *sizes = json_object_get(out, "shape");
        json_t *data = json_object_get(out, "data");
        for (size_t k = 0; k < json_array_size(sizes); k++)
            shape[k] = json_integer_value(json_array_get(sizes, k));
        uint64_t seed = strtoull(json_string_value(json_object_get(figures, "seed")), NULL, 10);
        il_scope *s = figures_scope(false, false);
        il_tensor *t = il_randn(s, seed, (int)json_integer_value(json_object_get(figures, "skip")),
                                (int)json_array_size(sizes), shape);
        cr_assert_eq(il_scope_status(s, &e), IL_OK, "%s", e.message);
        cr_assert_eq(il_dtype_of(t), IL_DTYPE_F32);
        cr_assert_eq(il_read_f32(t, values, json_array_size(data), &e), IL_OK, "case %zu: %s", i, e.message);
        for (size_t k = 0; k < json_array_size(data); k++)
            cr_assert_eq(values[k], (float)json_number_value(json_array_get(data, k)), "case %zu: element %zu is %.9g",
                         i, k, (double)values[k]);
        il_scope_close(s);
    }
    json_decref(root);
}

/* ---- errors ---- */

static il_tensor *zeros(il_scope *s, int64_t a, int64_t b, int64_t c, int64_t d)
{
    const int64_t shape[4] = { a, b, c, d };
    int ndim = d ? 4 : c ? 3 : b ? 2 : 1;
    return il_full(s, 0, IL_DTYPE_F32, ndim, shape);
}

static il_tensor *whole(il_scope *s, int64_t value)
{
    return il_full(s, (double)value, IL_DTYPE_I64, 1, (int64_t[]){ 2 });
}

#define WRONG(name, call)                                                                                              \
    static il_tensor *wrong_##name(il_scope *s)                                                                        \
    {                                                                                                                  \
        return call;                                                                                                   \
    }
WRONG(linear, il_linear(s, zeros(s, 2, 3, 0, 0), zeros(s, 5, 4, 0, 0), NULL))
WRONG(linear_bias, il_linear(s, zeros(s, 2, 4, 0, 0), zeros(s, 5, 4, 0, 0), zeros(s, 4, 0, 0, 0)))
WRONG(layer_norm, il_layer_norm(s, zeros(s, 2, 3, 0, 0), zeros(s, 4, 0, 0, 0), zeros(s, 3, 0, 0, 0), 1e-5))
WRONG(layer_norm_scalar,
      il_layer_norm(s, il_full(s, 0, IL_DTYPE_F32, 0, NULL), zeros(s, 4, 0, 0, 0), zeros(s, 4, 0, 0, 0), 1e-5))
WRONG(groups, il_group_norm(s, zeros(s, 2, 6, 2, 2), 4, zeros(s, 6, 0, 0, 0), zeros(s, 6, 0, 0, 0), 1e-5))
WRONG(no_groups, il_group_norm(s, zeros(s, 2, 6, 2, 2), 0, zeros(s, 6, 0, 0, 0), zeros(s, 6, 0, 0, 0), 1e-5))
WRONG(index_high, il_embedding(s, zeros(s, 5, 3, 0, 0), whole(s, 5)))
WRONG(index_low, il_embedding(s, zeros(s, 5, 3, 0, 0), whole(s, -1)))
WRONG(index_type, il_embedding(s, zeros(s, 5, 3, 0, 0), zeros(s, 2, 0, 0, 0)))
WRONG(rows, il_embedding(s, zeros(s, 5, 0, 0, 0), whole(s, 0)))
WRONG(attention, il_attention(s, zeros(s, 1, 2, 3, 4), zeros(s, 1, 2, 3, 5), zeros(s, 1, 2, 3, 5), false))
WRONG(attention_dims, il_attention(s, zeros(s, 2, 3, 4, 0), zeros(s, 2, 3, 4, 0), zeros(s, 2, 3, 4, 0), false))
WRONG(pad, il_pad(s, zeros(s, 3, 0, 0, 0), 1, 1, 1, 1))
WRONG(pad_all, il_pad(s, zeros(s, 1, 1, 2, 2), -3, 0, 0, 0))
WRONG(bicubic, il_upsample_bicubic(s, zeros(s, 2, 3, 0, 0), 4, 4, true))
WRONG(bicubic_size, il_upsample_bicubic(s, zeros(s, 1, 1, 2, 2), 0, 4, false))
WRONG(randn, il_randn(s, 0, -1, 1, (int64_t[]){ 3 }))
WRONG(randn_shape, il_randn(s, 0, 0, 1, (int64_t[]){ -3 }))

Test(transformer, wrong_operands)
{
    static const struct {
        il_tensor *(*apply)(il_scope *s);
        const char *part;
    } wrong[] = {
        { wrong_linear, "linear: (2,3) with weight (5,4): " },
        { wrong_linear_bias, "linear: (2,4) with weight (5,4) and bias (4): " },
        { wrong_layer_norm, "layer_norm: (2,3) with weight (4) and bias (3): " },
        { wrong_layer_norm_scalar, "there is no last dimension" },
        { wrong_groups, "group_norm: (2,6,2,2) with weight (6) and bias (6): " },
        { wrong_no_groups, "0 groups, expected at least 1" },
        { wrong_index_high, "embedding: (5,3) by index (2): index 5 is not in 0 to 4" },
        { wrong_index_low, "index -1 is not in 0 to 4" },
        { wrong_index_type, "the index is not of type int64" },
        { wrong_rows, "the rows come from two dimensions" },
        { wrong_attention, "attention: (1,2,3,4) and (1,2,3,5) and (1,2,3,5): " },
        { wrong_attention_dims, "expected four dimensions" },
        { wrong_pad, "pad: (3): " },
        { wrong_pad_all, "pad: (1,1,2,2): " },
        { wrong_bicubic, "upsample_bicubic: (2,3): " },
        { wrong_bicubic_size, "upsample_bicubic: (1,1,2,2): " },
        { wrong_randn, "randn: cannot skip -1 draws" },
        { wrong_randn_shape, "randn: " },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        il_err e = { 0 };
        il_scope *s = figures_scope(false, false);
        cr_assert_null(wrong[i].apply(s), "case %zu", i);
        cr_assert_eq(il_scope_status(s, &e), IL_ETORCH, "case %zu", i);
        cr_assert_not_null(strstr(e.message, wrong[i].part), "case %zu: '%s' lacks '%s'", i, e.message, wrong[i].part);
        cr_assert_null(strchr(e.message, '\n'));
        cr_assert_null(il_exp(s, NULL)); /* the first error stays */
        il_scope_status(s, &e);
        cr_assert_not_null(strstr(e.message, wrong[i].part), "case %zu: '%s' replaced the error", i, e.message);
        il_scope_close(s);
    }
}

OP(null_linear, il_linear(s, NULL, *a, NULL))
OP(null_weight, il_linear(s, *a, NULL, NULL))
OP(null_layer_norm, il_layer_norm(s, *a, *a, NULL, 0))
OP(null_group_norm, il_group_norm(s, *a, 1, NULL, *a, 0))
OP(null_gelu, il_gelu(s, a[1]))
OP(null_exp, il_exp(s, a[1]))
OP(null_embedding, il_embedding(s, *a, NULL))
OP(null_attention, il_attention(s, *a, *a, NULL, false))
OP(null_pad, il_pad(s, a[1], 1, 1, 1, 1))

Test(transformer, null_gives_null)
{
    static const struct ops_row rows[] = {
        ROW(null_linear), ROW(null_weight),    ROW(null_layer_norm), ROW(null_group_norm), ROW(null_gelu),
        ROW(null_exp),    ROW(null_embedding), ROW(null_attention),  ROW(null_pad),
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        il_err e = { 0 };
        il_scope *s = figures_scope(false, false);
        il_tensor *some[] = { zeros(s, 2, 2, 0, 0), NULL };
        cr_assert_null(rows[i].apply(s, some));
        cr_assert_eq(il_scope_status(s, &e), IL_ETORCH);
        cr_assert_not_null(strstr(e.message, "is missing"), "%s: %s", rows[i].name, e.message);
        il_scope_close(s);
        cr_assert_null(rows[i].apply(NULL, some), "%s without a scope", rows[i].name);
    }
}
