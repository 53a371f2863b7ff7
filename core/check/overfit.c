/* overfit.c - checks of models in training: every parameter gets a gradient, evaluation changes nothing, one batch
 * can be learnt. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/optimizer.h>
#include "check/check_step.h"
#include "check/test_inputs.h"
#include "plugin/model.h"

static const il_device cpu = { IL_DEVICE_CPU, 0 };

/* ---- what a forward pass changes ---- */

/* The bytes of every tensor, one after the other. */
static int snapshot(char **out, const il_state *st, il_err *e)
{
    size_t size = 0;
    for (size_t i = 0; i < il_state_count(st); i++) {
        const il_tensor *t = il_state_at(st, i).tensor;
        size += (size_t)il_numel(t) * il_dtype_size(il_dtype_of(t));
    }
    char *bytes = malloc(size + 1), *at = bytes;
    int rc = bytes ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; i < il_state_count(st) && !rc; i++) {
        const il_tensor *t = il_state_at(st, i).tensor;
        size_t n = (size_t)il_numel(t) * il_dtype_size(il_dtype_of(t));
        rc = il_read_bytes(t, at, n, e);
        at += n;
    }
    if (rc)
        free(bytes);
    else
        *out = bytes;
    return rc;
}

struct changes {
    size_t parameters, buffers;
    const char *first; /* name of the first changed tensor */
};

static struct changes compare(const il_state *st, const char *before, const char *after)
{
    struct changes found = { 0, 0, NULL };
    size_t at = 0;
    for (size_t i = 0; i < il_state_count(st); i++) {
        il_state_entry x = il_state_at(st, i);
        size_t n = (size_t)il_numel(x.tensor) * il_dtype_size(il_dtype_of(x.tensor));
        if (memcmp(before + at, after + at, n) != 0) {
            found.parameters += x.trainable;
            found.buffers += !x.trainable;
            found.first = found.first ? found.first : x.name;
        }
        at += n;
    }
    return found;
}

/* One pass; in training mode with gradients of the loss, including the auxiliary head's if there is one. *s is the
 * caller's. */
static int pass(il_scope **s, il_tensor **loss, const il_model *m, bool training, il_err *e)
{
    int rc = il_scope_open(s, IL_OPTS(il_scope_opts, .device = cpu, .training = training, .seed = 1), e);
    if (rc)
        return rc;
    const il_test_input_size pair = il_check_step_suited(m, (il_test_input_size){ 2, 64, 64 });
    il_tensor *aux = NULL, *target = il_test_input_target(*s, pair);
    il_tensor *logit = il_model_forward(m, *s, il_test_input_image(*s, pair), training ? &aux : NULL);
    il_tensor *sum = il_mean(*s, il_bce_logits(*s, logit, target));
    if (aux)
        sum = il_add(*s, sum, il_mean(*s, il_bce_logits(*s, aux, target)));
    rc = il_scope_status(*s, e);
    if (!rc && training)
        rc = il_backward(*s, sum, e);
    *loss = sum;
    return rc;
}

static int changes_of(struct changes *out, il_model *m, bool training, il_err *e)
{
    char *before = NULL, *after = NULL;
    il_scope *s = NULL;
    il_tensor *loss;
    int rc = snapshot(&before, m->state, e);
    if (!rc)
        rc = pass(&s, &loss, m, training, e);
    if (!rc)
        rc = snapshot(&after, m->state, e);
    if (!rc)
        *out = compare(m->state, before, after);
    il_scope_close(s);
    free(after);
    free(before);
    return rc;
}

/* ---- gradients ---- */

static int every_gradient(il_model *m, il_err *e)
{
    il_scope *s = NULL;
    il_tensor *loss;
    int rc = pass(&s, &loss, m, true, e);
    for (size_t i = 0; i < il_state_count(m->state) && !rc; i++) {
        il_state_entry x = il_state_at(m->state, i);
        if (!x.trainable)
            continue;
        il_tensor *g = il_grad(s, x.tensor);
        double *values = NULL;
        if (!g)
            rc = il_fail(e, IL_EPLUGIN, "%s gets no gradient; expected every trainable tensor to take part in forward",
                         x.name);
        else
            rc = il_test_input_read(&values, g, e);
        if (!rc && il_test_input_odd(values, il_numel(g)) >= 0)
            rc = il_fail(e, IL_EPLUGIN, "%s: its gradient contains a value that is not finite", x.name);
        free(values);
    }
    il_scope_close(s);
    return rc;
}

int il_check_step_gradients(il_plugin_check *c, il_err *e)
{
    il_model m = { 0 };
    struct changes evaluating = { 0 }, training = { 0 };
    int rc = il_check_step_model_open(&m, c, 1, e);
    if (!rc)
        rc = changes_of(&evaluating, &m, false, e);
    if (!rc && evaluating.first)
        rc = il_fail(e, IL_EPLUGIN, "%s changes outside training; expected buffers to change only in training",
                     evaluating.first);
    if (!rc)
        rc = changes_of(&training, &m, true, e);
    if (!rc && training.parameters)
        rc = il_fail(e, IL_EPLUGIN,
                     "forward itself changes %zu parameters in training; expected only the optimizer "
                     "to change them",
                     training.parameters);
    if (!rc)
        rc = every_gradient(&m, e);
    if (!rc)
        il_check_step_note(c, "every trainable tensor gets one; %zu buffers change in training, none outside",
                           training.buffers);
    il_model_close(&m);
    return rc;
}

/* ---- overfitting one batch ---- */

enum { STEPS = 150 };
static const double enough = 0.5; /* of the first loss */

/* Trains on one batch until the loss is low enough. */
static int learn(double *first, double *lowest, int *steps, il_plugin_check *c, double lr, il_err *e)
{
    il_model m = { 0 };
    il_adam *adam = NULL;
    int rc = il_check_step_model_open(&m, c, 1, e);
    if (!rc)
        rc = il_adam_new(&adam, m.state, IL_OPTS(il_adam_opts, .lr = lr), e);
    *lowest = INFINITY;
    for (*steps = 0; *steps < STEPS && !rc; ++*steps) {
        il_scope *s = NULL;
        il_tensor *loss = NULL;
        float value = NAN;
        rc = pass(&s, &loss, &m, true, e);
        if (!rc)
            rc = il_read_f32(loss, &value, 1, e);
        il_scope_close(s);
        if (!rc && *steps == 0)
            *first = (double)value;
        *lowest = fmin(*lowest, (double)value);
        if (!rc && (*lowest < enough * *first || !isfinite(value)))
            break;
        if (!rc)
            rc = il_adam_step(adam, e);
    }
    il_adam_free(adam);
    il_model_close(&m);
    return rc;
}

int il_check_step_overfit(il_plugin_check *c, il_err *e)
{
    static const double rates[] = { 1e-2, 1e-3 };
    double first = 0, lowest = 0, best = INFINITY;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        int steps = 0, rc = learn(&first, &lowest, &steps, c, rates[i], e);
        if (rc)
            return rc;
        if (lowest < enough * first) {
            il_check_step_note(c, "loss %.3f falls to %.3f in %d steps of Adam at %g", first, lowest, steps, rates[i]);
            return IL_OK;
        }
        best = fmin(best, lowest);
    }
    return il_fail(e, IL_EPLUGIN,
                   "two images cannot be learnt: the loss only falls from %.3f to %.3f in "
                   "%d steps of Adam; expected below half",
                   first, best, STEPS);
}
