/* try_loss.c - checks of losses: shape, extreme logits, gradient, direction, pixels that do not count, memory. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/random.h>
#include "check/leak.h"
#include "check/test_inputs.h"
#include "plugin/model.h"

enum { SIDE = 8, AREA = SIDE * SIDE, COUNT = 2 * AREA };

struct batch {
    const double *logit, *target;
    const double *valid; /* NULL: every pixel counts */
    bool one;            /* only the first of the two pictures */
};

static il_tensor *send(il_scope *s, const double *values, const struct batch *b, il_dtype dtype)
{
    return il_to(s, il_from_bytes(s, values, IL_DTYPE_F64, 4, (int64_t[]){ b->one ? 1 : 2, 1, SIDE, SIDE }), dtype);
}

/* The loss of a batch, and its gradient where gradient is not NULL (a value for each pixel). */
static int loss_of(double *out, double *gradient, const il_plugin_check *c, struct batch b, il_dtype dtype, il_err *e)
{
    il_loss l = { 0 };
    il_scope *s = NULL;
    double *value = NULL, *g = NULL;
    int rc = il_loss_open(&l, &c->choice, e);
    if (!rc)
        rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .grad = gradient != NULL), e);
    if (rc)
        goto done;
    il_tensor *x = send(s, b.logit, &b, dtype), *t = send(s, b.target, &b, dtype);
    il_tensor *valid = b.valid ? send(s, b.valid, &b, dtype) : NULL;
    rc = il_scope_status(s, e);
    if (!rc && gradient)
        rc = il_require_grad(x, e);
    il_tensor *loss = rc ? NULL : il_loss_forward(&l, s, x, t, valid);
    if (!rc)
        rc = il_scope_status(s, e);
    if (!rc && !loss)
        rc = il_fail(e, IL_EPLUGIN, "forward returned neither a tensor nor an error");
    if (!rc && il_ndim(loss) != 0)
        rc = il_fail(e, IL_EPLUGIN, "the loss has %d dimensions; expected a scalar, as il_mean and il_sum return",
                     il_ndim(loss));
    if (!rc)
        rc = il_test_input_read(&value, loss, e);
    if (!rc)
        *out = value[0];
    if (!rc && gradient) {
        rc = il_backward(s, loss, e);
        il_tensor *d = rc ? NULL : il_grad(s, x);
        if (!rc && !d)
            rc = il_fail(e, IL_EPLUGIN, "the logits get no gradient; expected one");
        if (!rc)
            rc = il_test_input_read(&g, d, e);
        if (!rc)
            memcpy(gradient, g, (b.one ? AREA : COUNT) * sizeof *g);
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

static int value(il_plugin_check *c, il_err *e)
{
    double logit[COUNT], target[COUNT], once = 0, again = 0;
    fill(logit, target, 2, 1);
    int rc = loss_of(&once, NULL, c, (struct batch){ logit, target, NULL, false }, IL_DTYPE_F32, e);
    if (!rc)
        rc = loss_of(&again, NULL, c, (struct batch){ logit, target, NULL, false }, IL_DTYPE_F32, e);
    if (!rc && !isfinite(once))
        return il_fail(e, IL_EPLUGIN, "the loss of logits from -2 to 2 is %g; expected a finite number", once);
    if (!rc && once != again)
        return il_fail(e, IL_EPLUGIN, "the same logits give %g and then %g; expected equal bits", once, again);
    if (!rc)
        il_check_step_note(c, "a scalar, %.4g, equal bits twice", once);
    return rc;
}

/* In training, logits may be extreme, and an image may be inpainted nowhere or everywhere. */
static int extremes(il_plugin_check *c, il_err *e)
{
    static const double logits[] = { -100, -30, 0, 30, 100 }, targets[] = { 0, 0.5, 1 };
    double logit[COUNT], target[COUNT], gradient[COUNT], loss = 0;
    for (size_t i = 0; i < sizeof logits / sizeof *logits; i++)
        for (size_t k = 0; k < sizeof targets / sizeof *targets; k++) {
            for (int j = 0; j < COUNT; j++) {
                logit[j] = logits[i];
                target[j] = targets[k];
            }
            int rc = loss_of(&loss, gradient, c, (struct batch){ logit, target, NULL, false }, IL_DTYPE_F32, e);
            if (rc)
                return rc;
            if (!isfinite(loss))
                return il_fail(e, IL_EPLUGIN, "logits of %g, targets of %g: the loss is %g; expected a finite number",
                               logits[i], targets[k], loss);
            if (il_test_input_odd(gradient, COUNT) >= 0)
                return il_fail(e, IL_EPLUGIN,
                               "logits of %g, targets of %g: the gradient is not finite; "
                               "expected finite numbers",
                               logits[i], targets[k]);
        }
    il_check_step_note(c, "finite, and so is the gradient, for logits of -100 to 100 and targets of 0, 0.5, 1");
    return IL_OK;
}

/* Along the gradient and at random; in double precision unless the loss only supports single. */
static int compare_slopes(double *worst, const il_plugin_check *c, il_dtype dtype, il_err *e)
{
    double logit[COUNT], target[COUNT], gradient[COUNT] = { 0 }, moved[COUNT], loss = 0;
    double h = dtype == IL_DTYPE_F64 ? 1e-5 : 1e-2, tolerance = dtype == IL_DTYPE_F64 ? 1e-4 : 3e-2;
    fill(logit, target, 2, 2);
    int rc = loss_of(&loss, gradient, c, (struct batch){ logit, target, NULL, false }, dtype, e);
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
            rc = loss_of(&sides[side], NULL, c, (struct batch){ moved, target, NULL, false }, dtype, e);
        }
        if (rc)
            break;
        double found = (sides[0] - sides[1]) / (2 * h), off = fabs(found - slope) / fmax(fabs(slope), length);
        *worst = fmax(*worst, off);
        if (!(off <= tolerance))
            rc = il_fail(e, IL_EPLUGIN,
                         "the gradient gives %.6g along a direction, finite differences in "
                         "%s precision %.6g; expected agreement within %g %%",
                         slope, dtype == IL_DTYPE_F64 ? "double" : "single", found, 100 * tolerance);
    }
    return rc;
}

static int slope(il_plugin_check *c, il_err *e)
{
    double logit[COUNT], target[COUNT], gradient[COUNT], loss = 0, worst = 0;
    fill(logit, target, 2, 2);
    bool twice = loss_of(&loss, gradient, c, (struct batch){ logit, target, NULL, false }, IL_DTYPE_F64, NULL) == IL_OK;
    int rc = compare_slopes(&worst, c, twice ? IL_DTYPE_F64 : IL_DTYPE_F32, e);
    if (!rc)
        il_check_step_note(c, "the gradient agrees with finite differences in %s precision to %.1g %%",
                           twice ? "double" : "single", 100 * worst);
    return rc;
}

/* Logits that move to the target's side must lower the loss. */
static int direction(il_plugin_check *c, il_err *e)
{
    static const double steps[] = { -4, 0, 4 };
    double logit[COUNT], target[COUNT], loss[3];
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < COUNT; i++) {
            target[i] = i % 3 == 0;
            logit[i] = steps[k] * (2 * target[i] - 1);
        }
        int rc = loss_of(&loss[k], NULL, c, (struct batch){ logit, target, NULL, false }, IL_DTYPE_F32, e);
        if (rc)
            return rc;
    }
    if (!(loss[0] > loss[1] && loss[1] > loss[2]))
        return il_fail(e, IL_EPLUGIN,
                       "the loss of wrong, undecided and right logits is %.4g, %.4g, %.4g; "
                       "expected it to fall",
                       loss[0], loss[1], loss[2]);
    il_check_step_note(c, "the loss of wrong, undecided and right logits is %.4g, %.4g, %.4g", loss[0], loss[1],
                       loss[2]);
    return IL_OK;
}

/* ---- pixels that do not count ---- */

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-5 * fmax(fabs(a), fabs(b)) + 1e-7;
}

/* What stands where pixels do not count changes nothing, and gets no gradient. */
static int mask_hole(const il_plugin_check *c, double logit[COUNT], double target[COUNT], il_err *e)
{
    double valid[COUNT], gradient[COUNT], before = 0, after = 0;
    for (int i = 0; i < COUNT; i++)
        valid[i] = i % SIDE < SIDE / 2;
    int rc = loss_of(&before, gradient, c, (struct batch){ logit, target, valid, false }, IL_DTYPE_F32, e);
    if (rc)
        return rc;
    for (int i = 0; i < COUNT; i++)
        if (!valid[i]) {
            if (gradient[i] != 0)
                return il_fail(e, IL_EPLUGIN, "a pixel that does not count gets a gradient of %.4g; expected 0",
                               gradient[i]);
            logit[i] = i % 2 ? 20 : -20;
            target[i] = 1 - target[i];
        }
    rc = loss_of(&after, NULL, c, (struct batch){ logit, target, valid, false }, IL_DTYPE_F32, e);
    if (!rc && !near(before, after))
        return il_fail(e, IL_EPLUGIN,
                       "other pixels where they do not count: the loss goes from %.6g to %.6g; expected no change",
                       before, after);
    return rc;
}

/* All count: as without a mask. None of the second picture: as the first alone. None at all: nothing. */
static int mask_pictures(const il_plugin_check *c, const double logit[COUNT], const double target[COUNT], il_err *e)
{
    double valid[COUNT], gradient[COUNT], loss[5];
    for (int i = 0; i < COUNT; i++)
        valid[i] = 1;
    int rc = loss_of(&loss[0], NULL, c, (struct batch){ logit, target, NULL, false }, IL_DTYPE_F32, e);
    if (!rc)
        rc = loss_of(&loss[1], NULL, c, (struct batch){ logit, target, valid, false }, IL_DTYPE_F32, e);
    if (!rc && !near(loss[0], loss[1]))
        return il_fail(e, IL_EPLUGIN, "a mask in which every pixel counts gives %.6g, none %.6g; expected the same",
                       loss[1], loss[0]);
    memset(valid + AREA, 0, AREA * sizeof *valid);
    if (!rc)
        rc = loss_of(&loss[2], NULL, c, (struct batch){ logit, target, valid, false }, IL_DTYPE_F32, e);
    if (!rc)
        rc = loss_of(&loss[3], NULL, c, (struct batch){ logit, target, NULL, true }, IL_DTYPE_F32, e);
    if (!rc && !near(loss[2], loss[3]))
        return il_fail(e, IL_EPLUGIN,
                       "a picture beside one that does not count costs %.6g, alone %.6g; expected the same", loss[2],
                       loss[3]);
    memset(valid, 0, sizeof valid);
    if (!rc)
        rc = loss_of(&loss[4], gradient, c, (struct batch){ logit, target, valid, false }, IL_DTYPE_F32, e);
    for (int i = 0; i < COUNT && !rc; i++)
        if (loss[4] != 0 || gradient[i] != 0)
            return il_fail(e, IL_EPLUGIN, "no pixel counts: the loss is %.4g and a gradient %.4g; expected 0", loss[4],
                           gradient[i]);
    return rc;
}

static int mask(il_plugin_check *c, il_err *e)
{
    double logit[COUNT], target[COUNT];
    fill(logit, target, 2, 4);
    int rc = mask_pictures(c, logit, target, e);
    if (!rc)
        rc = mask_hole(c, logit, target, e);
    if (!rc)
        il_check_step_note(c, "pixels that do not count change nothing and get no gradient");
    return rc;
}

static int one_round(il_plugin_check *c, il_err *e)
{
    double logit[COUNT], target[COUNT], gradient[COUNT], loss = 0;
    fill(logit, target, 2, 3);
    return loss_of(&loss, gradient, c, (struct batch){ logit, target, NULL, false }, IL_DTYPE_F32, e);
}

static int growth(il_plugin_check *c, il_err *e)
{
    return il_leak_check(c, "open, forward, backward, close", one_round, e);
}

const il_check_step il_check_step_loss[] = {
    { "value", value, true },  { "extremes", extremes, false },
    { "slope", slope, false }, { "direction", direction, false },
    { "mask", mask, false },   { "memory", growth, false },
    { NULL, NULL, false },
};
