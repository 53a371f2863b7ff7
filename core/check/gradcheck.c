/* gradcheck.c - compares a model's gradients with finite differences, along one direction for each of some tensors.
 * In double precision if the model supports it, else in single precision with wider steps. Not in training mode, so
 * that batch norm is a fixed map. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/random.h>
#include "check/check_step.h"
#include "check/test_inputs.h"
#include "plugin/model.h"

enum { TENSORS = 12, STEPS = 6 };

/* Steps relative to a tensor's typical value; the best agreement counts, because wide steps cross the kinks of ReLU
 * and narrow ones suffer from rounding. */
struct precision {
    il_dtype dtype;
    double steps[STEPS], tolerance;
};
static const struct precision precisions[] = { { IL_DTYPE_F64, { 1e-4, 1e-5, 1e-6, 1e-3, 1e-2, 1e-7 }, 1e-3 },
                                               { IL_DTYPE_F32, { 1e-2, 3e-3, 3e-2, 1e-3, 1e-1, 3e-4 }, 5e-2 } };

/* il_model_open with parameters of the given type. */
static int open_model(il_model *out, const il_plugin_check *c, il_dtype dtype, il_err *e)
{
    il_model m = { .plugin = c->plugin, .multiple = c->multiple };
    int rc = il_check_step_open(&m.self, c, e);
    if (!rc)
        rc = il_state_new(&m.state, m.device, 1, e);
    if (!rc) {
        il_state_dtype(m.state, dtype);
        rc = c->plugin->model->build(m.self, m.state, e);
    }
    if (!rc)
        rc = il_state_status(m.state, e);
    if (rc)
        il_model_close(&m);
    else
        *out = m;
    return rc;
}

/* The function to differentiate: the logits, weighted by fixed numbers. */
static il_tensor *logits(il_scope *s, const il_model *m, il_dtype dtype)
{
    const il_test_input_size size = il_check_step_suited(m, (il_test_input_size){ 2, 64, 64 });
    return il_model_forward(m, s, il_to(s, il_test_input_image(s, size), dtype), NULL);
}

static il_tensor *weights_of(il_scope *s, const il_tensor *logit, il_dtype dtype)
{
    if (!logit)
        return NULL;
    return il_test_input_noise(s, 3, -1, 1, dtype, 4,
                               (int64_t[]){ il_dim(logit, 0), 1, il_dim(logit, 2), il_dim(logit, 3) });
}

/* Its value, summed here in double precision. */
static int value_of(double *out, const il_model *m, il_dtype dtype, il_err *e)
{
    il_scope *s = NULL;
    double *logit = NULL, *weight = NULL;
    int rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .device = m->device), e);
    if (rc)
        return rc;
    il_tensor *y = logits(s, m, dtype), *w = weights_of(s, y, dtype);
    rc = il_scope_status(s, e);
    if (!rc)
        rc = il_test_input_read(&logit, y, e);
    if (!rc)
        rc = il_test_input_read(&weight, w, e);
    if (!rc) {
        *out = 0;
        for (int64_t i = 0; i < il_numel(y); i++)
            *out += logit[i] * weight[i];
    }
    free(weight);
    free(logit);
    il_scope_close(s);
    return rc;
}

/* values + by * direction, put into the tensor. */
static int put(il_tensor *t, const double *values, double by, const double *direction, il_err *e)
{
    int64_t count = il_numel(t);
    int64_t shape[8];
    double *moved = malloc((size_t)count * sizeof *moved);
    il_scope *s = NULL;
    int rc = moved ? il_scope_open(&s, NULL, e) : il_fail_oom(e);
    for (int64_t i = 0; i < count && !rc; i++)
        moved[i] = values[i] + by * direction[i];
    for (int i = 0; i < il_ndim(t) && !rc; i++)
        shape[i] = il_dim(t, i);
    if (!rc) {
        il_tensor *from = il_from_bytes(s, moved, IL_DTYPE_F64, il_ndim(t), shape);
        rc = il_scope_status(s, e);
        if (!rc)
            rc = il_copy(t, from, e);
    }
    il_scope_close(s);
    free(moved);
    return rc;
}

static double norm_of(const double *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum);
}

/* A direction of length sqrt(n): half the gradient's, half at random, so that a missing part of the true gradient
 * shows as well. *slope: the slope along it by the given gradient. */
static void choose(double *direction, double *slope, const double *gradient, int64_t n, uint64_t seed)
{
    double length = norm_of(gradient, n), along = 0;
    uint64_t state = seed;
    for (int64_t i = 0; i < n; i++) {
        direction[i] = il_random_bits(&state) & 1 ? 1 : -1;
        along += direction[i] * gradient[i];
    }
    for (int64_t i = 0; i < n; i++)
        direction[i] = (along < 0 ? -1 : 1) * direction[i] + (length > 0 ? sqrt((double)n) * gradient[i] / length : 0);
    double scale = sqrt((double)n) / norm_of(direction, n);
    *slope = 0;
    for (int64_t i = 0; i < n; i++) {
        direction[i] *= scale;
        *slope += direction[i] * gradient[i];
    }
}

struct tensor {
    const char *name;
    il_tensor *tensor;
    double *gradient;
};

/* floor: smaller slopes count as 0. *worst is raised to this tensor's disagreement. */
static int try_tensor(double *worst, const il_model *m, const struct tensor *t, const struct precision *p, double floor,
                      il_err *e)
{
    int64_t n = il_numel(t->tensor);
    double *values = NULL, *direction = calloc((size_t)n, sizeof *direction), slope = 0;
    int rc = direction ? il_test_input_read(&values, t->tensor, e) : il_fail_oom(e);
    if (rc)
        goto done;
    choose(direction, &slope, t->gradient, n, il_random_seed(1, t->name));
    double usual = norm_of(values, n) / sqrt((double)n), best = INFINITY, found = 0;
    if (usual < 1e-3)
        usual = 1e-2;
    for (int i = 0; i < STEPS && best > p->tolerance / 10 && !rc; i++) {
        double h = p->steps[i] * usual, high = 0, low = 0;
        rc = put(t->tensor, values, h, direction, e);
        if (!rc)
            rc = value_of(&high, m, p->dtype, e);
        if (!rc)
            rc = put(t->tensor, values, -h, direction, e);
        if (!rc)
            rc = value_of(&low, m, p->dtype, e);
        double difference = (high - low) / (2 * h), off = fabs(difference - slope) / fmax(fabs(slope), floor);
        if (off < best || i == 0) {
            best = off;
            found = difference;
        }
    }
    if (!rc)
        rc = put(t->tensor, values, 0, direction, e);
    if (!rc && !(best <= p->tolerance))
        rc = il_fail(e, IL_EPLUGIN,
                     "%s: the gradient gives %.6g along a direction, finite differences in "
                     "%s precision %.6g; expected agreement within %g %%",
                     t->name, slope, p->dtype == IL_DTYPE_F64 ? "double" : "single", found, 100 * p->tolerance);
    *worst = fmax(*worst, best);

done:
    free(values);
    free(direction);
    return rc;
}

/* Reads the gradients of the chosen tensors. *floor: a thousandth of the steepest one's slope along a random
 * direction. */
static int read_gradients(struct tensor *chosen, size_t count, double *floor, const il_model *m, il_dtype dtype,
                          il_err *e)
{
    il_scope *s = NULL;
    int rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .device = m->device, .grad = true), e);
    if (rc)
        return rc;
    il_tensor *y = logits(s, m, dtype);
    il_tensor *sum = il_sum(s, il_mul(s, y, weights_of(s, y, dtype)));
    rc = il_scope_status(s, e);
    if (!rc)
        rc = il_backward(s, sum, e);
    *floor = 1e-30;
    for (size_t i = 0; i < count && !rc; i++) {
        int64_t n = il_numel(chosen[i].tensor);
        il_tensor *g = il_grad(s, chosen[i].tensor);
        if (g) {
            rc = il_test_input_read(&chosen[i].gradient, g, e);
        } else {
            chosen[i].gradient = calloc((size_t)n, sizeof *chosen[i].gradient);
            rc = chosen[i].gradient ? IL_OK : il_fail_oom(e);
        }
        if (!rc)
            *floor = fmax(*floor, 1e-3 * norm_of(chosen[i].gradient, n));
    }
    il_scope_close(s);
    return rc;
}

static size_t choose_tensors(struct tensor chosen[TENSORS], size_t *all, const il_state *st)
{
    size_t trainable = 0, count = 0, seen = 0;
    for (size_t i = 0; i < il_state_count(st); i++)
        trainable += il_state_at(st, i).trainable;
    for (size_t i = 0; i < il_state_count(st); i++) {
        il_state_entry x = il_state_at(st, i);
        if (!x.trainable)
            continue;
        /* evenly spaced, including the first and the last */
        size_t wanted = trainable <= TENSORS ? seen : count * (trainable - 1) / (TENSORS - 1);
        if (seen++ == wanted && count < TENSORS)
            chosen[count++] = (struct tensor){ .name = x.name, .tensor = x.tensor };
    }
    *all = trainable;
    return count;
}

/* Moves every parameter a little at random: initial values are a special point, where biases of 0 put whole areas on
 * the kink of a ReLU, which has no gradient to compare with. */
static int shake(const il_state *st, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; i < il_state_count(st) && !rc; i++) {
        il_state_entry x = il_state_at(st, i);
        if (!x.trainable)
            continue;
        int64_t n = il_numel(x.tensor);
        double *values = NULL, *direction = calloc((size_t)n, sizeof *direction);
        uint64_t state = il_random_seed(2, x.name);
        rc = direction ? il_test_input_read(&values, x.tensor, e) : il_fail_oom(e);
        for (int64_t k = 0; k < n && !rc; k++)
            direction[k] = 2 * il_random_unit(&state) - 1;
        if (!rc) {
            double usual = norm_of(values, n) / sqrt((double)n);
            rc = put(x.tensor, values, usual < 1e-3 ? 0.1 : 0.2 * usual, direction, e);
        }
        free(values);
        free(direction);
    }
    return rc;
}

static int try_precision(il_plugin_check *c, il_model *m, const struct precision *p, il_err *e)
{
    struct tensor chosen[TENSORS] = { { 0 } };
    size_t all = 0, count = choose_tensors(chosen, &all, m->state);
    double floor = 0, worst = 0;
    int rc = shake(m->state, e);
    if (!rc)
        rc = read_gradients(chosen, count, &floor, m, p->dtype, e);
    for (size_t i = 0; i < count && !rc; i++)
        rc = try_tensor(&worst, m, &chosen[i], p, floor, e);
    if (!rc)
        il_check_step_note(c, "%zu of %zu tensors agree with finite differences in %s precision to %.1g %%", count, all,
                           p->dtype == IL_DTYPE_F64 ? "double" : "single", 100 * worst);
    for (size_t i = 0; i < count; i++)
        free(chosen[i].gradient);
    return rc;
}

/* Whether the model computes in this type at all: without gradients and with them, where layers are not fused. */
static int try_type(const il_model *m, il_dtype dtype, il_err *e)
{
    double value = 0;
    il_scope *s = NULL;
    int rc = value_of(&value, m, dtype, e);
    if (!rc)
        rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .device = m->device, .grad = true), e);
    if (rc)
        return rc;
    logits(s, m, dtype);
    rc = il_scope_status(s, e);
    il_scope_close(s);
    return rc;
}

int il_check_step_slope(il_plugin_check *c, il_err *e)
{
    for (size_t i = 0; i < sizeof precisions / sizeof *precisions; i++) {
        const struct precision *p = &precisions[i];
        bool last = i + 1 == sizeof precisions / sizeof *precisions;
        il_model m = { 0 };
        int rc = open_model(&m, c, p->dtype, e);
        if (!rc && !last)
            rc = try_type(&m, p->dtype, e);
        if (rc && !last) {
            il_model_close(&m);
            continue;
        }
        if (!rc)
            rc = try_precision(c, &m, p, e);
        il_model_close(&m);
        return rc;
    }
    return IL_OK;
}
