/* figures.h - reads the JSON figures of tests/data: tensors as {"shape": […], "data": […]}. */
#ifndef FIGURES_H
#define FIGURES_H

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <inpaintlab/tensor.h>

static inline json_t *figures_load(const char *name)
{
    json_error_t why;
    char path[1000];
    snprintf(path, sizeof path, "%s/%s", TEST_DATA, name);
    json_t *root = json_load_file(path, 0, &why);
    cr_assert_not_null(root, "%s: %s", path, why.text);
    return root;
}

static inline il_scope *figures_scope(bool training, bool grad)
{
    il_err e = { 0 };
    il_scope *s = NULL;
    il_scope_opts opts = {
        .size = sizeof opts, .device = { IL_DEVICE_CPU, 0 }, .training = training, .grad = grad, .seed = 5
    };
    cr_assert_eq(il_scope_open(&s, &opts, &e), IL_OK, "%s", e.message);
    return s;
}

/* A float tensor; whole numbers (an all-integer array) stay float too. */
static inline il_tensor *figures_tensor(il_scope *s, json_t *j)
{
    int64_t shape[8];
    json_t *sizes = json_object_get(j, "shape"), *data = json_object_get(j, "data");
    size_t ndim = json_array_size(sizes), count = json_array_size(data);
    for (size_t i = 0; i < ndim; i++)
        shape[i] = json_integer_value(json_array_get(sizes, i));
    float *values = malloc((count + 1) * sizeof *values);
    cr_assert_not_null(values);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)json_number_value(json_array_get(data, i));
    il_tensor *t = il_from_f32(s, values, (int)ndim, shape);
    free(values);
    cr_assert_not_null(t);
    return t;
}

/* Same shape, and every value within tolerance * (1 + |expected|). */
static inline void figures_compare(const il_tensor *t, json_t *expected, double tolerance, const char *what)
{
    il_err e = { 0 };
    cr_assert_not_null(t, "%s: no tensor", what);
    json_t *sizes = json_object_get(expected, "shape"), *data = json_object_get(expected, "data");
    cr_assert_eq(il_ndim(t), (int)json_array_size(sizes), "%s: %d dimensions", what, il_ndim(t));
    for (int i = 0; i < il_ndim(t); i++)
        cr_assert_eq(il_dim(t, i), json_integer_value(json_array_get(sizes, (size_t)i)), "%s: size %d", what, i);
    size_t count = (size_t)il_numel(t);
    cr_assert_eq(count, json_array_size(data), "%s: figures lack values", what);
    float *values = malloc((count + 1) * sizeof *values);
    cr_assert_not_null(values);
    cr_assert_eq(il_read_f32(t, values, count, &e), IL_OK, "%s: %s", what, e.message);
    for (size_t i = 0; i < count; i++) {
        double want = json_number_value(json_array_get(data, i));
        cr_assert(fabs(values[i] - want) <= tolerance * (1 + fabs(want)), "%s: element %zu is %.9g, expected %.9g",
                  what, i, (double)values[i], want);
    }
    free(values);
}

#endif
