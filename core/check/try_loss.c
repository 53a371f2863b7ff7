/* try_loss.c - checks of losses: shape, extreme logits, gradient, direction, memory. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/random.h>
#include "check/leak.h"
#include "check/test_inputs.h"
#include "plugin/model.h"

enum { SIDE = 8, COUNT = 2 * SIDE * SIDE };
static const int64_t shape[] = { 2, 1, SIDE, SIDE };

/* The loss of logits and targets, and its gradient where gradient is not NULL (COUNT values). */
static int loss_of(double *out, double *gradient, const il_trial *c, const double *logit, const double *target,
                   il_dtype dtype, il_err *e)
{
    il_loss l = { 0 };
    il_scope *s = NULL;
    double *value = NULL, *g = NULL;
    int rc = il_loss_open(&l, &c->choice, e);
    if (!rc)
        rc = il_scope_open(&s, (il_scope_opts){ .grad = gradient != NULL }, e);
    if (rc)
        goto done;
    il_tensor *x = il_to(s, il_from_bytes(s, logit, IL_F64, 4, shape), dtype);
    il_tensor *t = il_to(s, il_from_bytes(s, target, IL_F64, 4, shape), dtype);
    rc = il_scope_status(s, e);
    if (!rc && gradient)
        rc = il_require_grad(x, e);
    il_tensor *loss = rc ? NULL : il_loss_forward(&l, s, x, t);
    if (!rc)
        rc = il_scope_status(s, e);
    if (!rc && !loss)
        rc = il_fail(e, IL_EPLUGIN, "forward returned neither a tensor nor an error");
    if (!rc && il_ndim(loss) != 0)
        rc = il_fail(e, IL_EPLUGIN, "the loss has %d dimensions; expected a scalar, as il_mean and il_sum return",
                     il_ndim(loss));
    if (!rc)
        rc = il_probe_read(&value, loss, e);
    if (!rc)
        *out = value[0];
    if (!rc && gradient) {
        rc = il_backward(s, loss, e);
        il_tensor *d = rc ? NULL : il_grad(s, x);
        if (!rc && !d)
            rc = il_fail(e, IL_EPLUGIN, "the logits get no gradient; expected one");
        if (!rc)
            rc = il_probe_read(&g, d, e);
        if (!rc)
            memcpy(gradient, g, COUNT * sizeof *g);
    }

done:
    free(g);
    free(value);
    il_scope_close(s);
    il_loss_close(&l);
    return rc;
}

/* Logits from -range to range, targets from 0 to 1. */
static void fill(double logit[COUNT], double target[COUNT], double range, uint64_t seed)
{
    for (int i = 0; i < COUNT; i++) {
        logit[i] = range * (2 * il_random_unit(&seed) - 1);
        target[i] = i % 3 == 2 ? il_random_unit(&seed) : i % 3;
    }
}

static int value(il_trial *c, il_err *e)
{
    double logit[COUNT], target[COUNT], once = 0, again = 0;
    fill(logit, target, 2, 1);
    int rc = loss_of(&once, NULL, c, logit, target, IL_F32, e);
    if (!rc)
        rc = loss_of(&again, NULL, c, logit, target, IL_F32, e);
    if (!rc && !isfinite(once))
        return il_fail(e, IL_EPLUGIN, "the loss of logits from -2 to 2 is %g; expected a finite number", once);
    if (!rc && once != again)
        return il_fail(e, IL_EPLUGIN, "the same logits give %g and then %g; expected equal bits", once, again);
    if (!rc)
        il_step_note(c, "a scalar, %.4g, equal bits twice", once);
    return rc;
}

/* In training, logits may be extreme, and an image may be inpainted nowhere or everywhere. */
static int extremes(il_trial *c, il_err *e)
{
    static const double logits[] = { -100, -30, 0, 30, 100 }, targets[] = { 0, 0.5, 1 };
    double logit[COUNT], target[COUNT], gradient[COUNT], loss = 0;
    for (size_t i = 0; i < sizeof logits / sizeof *logits; i++)
        for (size_t k = 0; k < sizeof targets / sizeof *targets; k++) {
            for (int j = 0; j < COUNT; j++) {
                logit[j] = logits[i];
                target[j] = targets[k];
            }
            int rc = loss_of(&loss, gradient, c, logit, target, IL_F32, e);
            if (rc)
                return rc;
            if (!isfinite(loss))
                return il_fail(e, IL_EPLUGIN, "logits of %g, targets of %g: the loss is %g; expected a finite number", logits[i],
                               targets[k], loss);
            if (il_probe_odd(gradient, COUNT) >= 0)
                return il_fail(e, IL_EPLUGIN, "logits of %g, targets of %g: the gradient is not finite; "
                               "expected finite numbers", logits[i],
                               targets[k]);
        }
    il_step_note(c, "finite, and so is the gradient, for logits of -100 to 100 and targets of 0, 0.5, 1");
    return IL_OK;
}

/* Along the gradient and at random; in double precision unless the loss only supports single. */
static int compare_slopes(double *worst, const il_trial *c, il_dtype dtype, il_err *e)
{
    double logit[COUNT], target[COUNT], gradient[COUNT] = { 0 }, moved[COUNT], loss = 0;
    double h = dtype == IL_F64 ? 1e-5 : 1e-2, tolerance = dtype == IL_F64 ? 1e-4 : 3e-2;
    fill(logit, target, 2, 2);
    int rc = loss_of(&loss, gradient, c, logit, target, dtype, e);
    double length = 0;
    for (int i = 0; i < COUNT; i++)
        length += gradient[i] * gradient[i];
    length = sqrt(length);
    uint64_t state = 5;
    for (int trial = 0; trial < 8 && !rc; trial++) {
        double slope = 0, sides[2], direction[COUNT];
        for (int i = 0; i < COUNT; i++) {
            direction[i] = (il_random_bits(&state) & 1 ? 1 : -1) + (length > 0 ? 12 * gradient[i] / length : 0);
            slope += direction[i] * gradient[i];
        }
        for (int side = 0; side < 2 && !rc; side++) {
            for (int i = 0; i < COUNT; i++)
                moved[i] = logit[i] + (side ? -h : h) * direction[i];
            rc = loss_of(&sides[side], NULL, c, moved, target, dtype, e);
        }
        if (rc)
            break;
        double found = (sides[0] - sides[1]) / (2 * h), off = fabs(found - slope) / fmax(fabs(slope), length);
        *worst = fmax(*worst, off);
        if (!(off <= tolerance))
            rc = il_fail(e, IL_EPLUGIN, "the gradient gives %.6g along a direction, finite differences in "
                         "%s precision %.6g; expected agreement within %g %%",
                         slope, dtype == IL_F64 ? "double" : "single", found,
                         100 * tolerance);
    }
    return rc;
}

static int slope(il_trial *c, il_err *e)
{
    double logit[COUNT], target[COUNT], gradient[COUNT], loss = 0, worst = 0;
    fill(logit, target, 2, 2);
    bool twice = loss_of(&loss, gradient, c, logit, target, IL_F64, NULL) == IL_OK;
    int rc = compare_slopes(&worst, c, twice ? IL_F64 : IL_F32, e);
    if (!rc)
        il_step_note(c, "the gradient agrees with finite differences in %s precision to %.1g %%", twice ? "double" : "single",
                     100 * worst);
    return rc;
}

/* Logits that move to the target's side must lower the loss. */
static int direction(il_trial *c, il_err *e)
{
    static const double steps[] = { -4, 0, 4 };
    double logit[COUNT], target[COUNT], loss[3];
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < COUNT; i++) {
            target[i] = i % 3 == 0;
            logit[i] = steps[k] * (2 * target[i] - 1);
        }
        int rc = loss_of(&loss[k], NULL, c, logit, target, IL_F32, e);
        if (rc)
            return rc;
    }
    if (!(loss[0] > loss[1] && loss[1] > loss[2]))
        return il_fail(e, IL_EPLUGIN, "the loss of wrong, undecided and right logits is %.4g, %.4g, %.4g; "
                       "expected it to fall", loss[0],
                       loss[1], loss[2]);
    il_step_note(c, "the loss of wrong, undecided and right logits is %.4g, %.4g, %.4g", loss[0], loss[1], loss[2]);
    return IL_OK;
}

static int one_round(il_trial *c, il_err *e)
{
    double logit[COUNT], target[COUNT], gradient[COUNT], loss = 0;
    fill(logit, target, 2, 3);
    return loss_of(&loss, gradient, c, logit, target, IL_F32, e);
}

static int growth(il_trial *c, il_err *e)
{
    return il_growth_check(c, "open, forward, backward, close", one_round, e);
}

const il_check_step il_step_loss[] = {
    { "value", value, true }, { "extremes", extremes, false }, { "slope", slope, false },
    { "direction", direction, false }, { "memory", growth, false }, { NULL, NULL, false },
};
