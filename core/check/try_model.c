/* try_model.c - checks of models: tensors, shapes, values, evaluation, weights file, memory. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <inpaintlab/weights.h>
#include "check/leak.h"
#include "check/test_inputs.h"
#include "plugin/any_size.h"
#include "plugin/model.h"

static const il_device cpu = { IL_DEVICE_CPU, 0 };

/* ---- build ---- */

static int same_tensors(const il_state *a, const il_state *b, il_err *e)
{
    if (il_state_count(a) != il_state_count(b))
        return il_fail(e, IL_EPLUGIN, "built twice with equal settings, it has %zu and then %zu tensors",
                       il_state_count(a), il_state_count(b));
    for (size_t i = 0; i < il_state_count(a); i++) {
        il_state_entry x = il_state_at(a, i), y = il_state_at(b, i);
        size_t bytes = (size_t)il_numel(x.tensor) * il_dtype_size(il_dtype_of(x.tensor));
        if (strcmp(x.name, y.name) != 0 || il_numel(x.tensor) != il_numel(y.tensor))
            return il_fail(e, IL_EPLUGIN, "built twice, tensor %zu is %s and then %s; expected equal names and order",
                           i, x.name, y.name);
        char *one = malloc(bytes + 1), *other = malloc(bytes + 1);
        int rc = one && other ? il_read_bytes(x.tensor, one, bytes, e) : il_fail_oom(e);
        if (!rc)
            rc = il_read_bytes(y.tensor, other, bytes, e);
        if (!rc && memcmp(one, other, bytes) != 0)
            rc = il_fail(e, IL_EPLUGIN,
                         "%s: built twice with one seed, its initial values differ; expected "
                         "values that depend only on the seed and the name",
                         x.name);
        free(one);
        free(other);
        if (rc)
            return rc;
    }
    return IL_OK;
}

static int build(il_plugin_check *c, il_err *e)
{
    il_model a = { 0 }, b = { 0 };
    int rc = il_check_step_model_open(&a, c, 1, e);
    if (!rc)
        rc = il_check_step_model_open(&b, c, 1, e);
    if (!rc)
        rc = same_tensors(a.state, b.state, e);
    if (!rc && il_state_params(a.state) == 0)
        rc = il_fail(e, IL_EPLUGIN, "declares no trainable tensor; expected at least one");
    if (!rc)
        il_check_step_note(c, "%zu tensors with unique names, %lld parameters", il_state_count(a.state),
                           (long long)il_state_params(a.state));
    il_model_close(&b);
    il_model_close(&a);
    return rc;
}

/* ---- forward ---- */

/* Logits of an image in evaluation mode; *out belongs to the caller. */
static int logits_of(double **out, const il_model *m, il_tensor *(*make)(il_scope *, il_test_input_size),
                     il_test_input_size size, il_err *e)
{
    il_scope *s = NULL;
    int rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .device = cpu), e);
    if (rc)
        return rc;
    il_tensor *logit = il_model_forward(m, s, make(s, size), NULL);
    rc = il_scope_status(s, e);
    if (!rc && !logit)
        rc = il_fail(e, IL_EPLUGIN, "forward returned neither a tensor nor an error");
    if (!rc)
        rc = il_test_input_read(out, logit, e);
    il_scope_close(s);
    return rc ? il_fail_in(e, "batch of %lld, %lldx%lld", (long long)size.n, (long long)size.width,
                           (long long)size.height)
              : IL_OK;
}

static int shapes(il_plugin_check *c, il_err *e)
{
    static const il_test_input_size sizes[] = { { 1, 64, 64 }, { 2, 64, 96 }, { 3, 128, 64 } };
    static const il_test_input_size odd = { 1, 67, 61 };
    char list[3][80];
    il_model m = { 0 };
    int rc = il_check_step_model_open(&m, c, 1, e);
    size_t tensors = rc ? 0 : il_state_count(m.state);
    if (!rc)
        rc = il_any_size_probe(&m, e);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes && !rc; i++) {
        double *values = NULL;
        const il_test_input_size z = il_check_step_suited(&m, sizes[i]);
        snprintf(list[i], sizeof list[i], "%lldx%lldx%lld", (long long)z.n, (long long)z.height, (long long)z.width);
        rc = logits_of(&values, &m, il_test_input_image, z, e);
        free(values);
    }
    if (!rc && il_state_count(m.state) != tensors)
        rc = il_fail(e, IL_EPLUGIN, "forward declared %zu more tensors; expected build to declare all of them",
                     il_state_count(m.state) - tensors);
    if (!rc) {
        double *values = NULL;
        bool takes = logits_of(&values, &m, il_test_input_image, odd, NULL) == IL_OK;
        free(values);
        c->multiple = m.multiple;
        il_check_step_note(c, "(N,1,H,W) for %s, %s and %s; sides of 67 and 61 are %s", list[0], list[1], list[2],
                           takes ? "accepted" : "refused");
    }
    il_model_close(&m);
    return rc;
}

static il_tensor *black(il_scope *s, il_test_input_size z)
{
    return il_full(s, 0, IL_DTYPE_F32, 4, (int64_t[]){ z.n, 3, z.height, z.width });
}

static il_tensor *white(il_scope *s, il_test_input_size z)
{
    return il_full(s, 1, IL_DTYPE_F32, 4, (int64_t[]){ z.n, 3, z.height, z.width });
}

static int logits(il_plugin_check *c, il_err *e)
{
    static const struct {
        const char *name;
        il_tensor *(*make)(il_scope *, il_test_input_size);
    } pictures[] = { { "a black image", black },
                     { "a white image", white },
                     { "a grainy image", il_test_input_image } };
    double low = INFINITY, high = -INFINITY;
    il_model m = { 0 };
    int rc = il_check_step_model_open(&m, c, 1, e);
    const il_test_input_size size = il_check_step_suited(&m, (il_test_input_size){ 2, 64, 64 });
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures && !rc; i++) {
        double *values = NULL;
        rc = logits_of(&values, &m, pictures[i].make, size, e);
        int64_t count = size.n * size.height * size.width, odd = rc || !values ? -1 : il_test_input_odd(values, count);
        if (odd >= 0)
            rc = il_fail(e, IL_EPLUGIN, "%s: the logit at column %lld, row %lld is %g; expected finite numbers",
                         pictures[i].name, (long long)(odd % size.width), (long long)(odd / size.width % size.height),
                         values[odd]);
        for (int64_t k = 0; values && k < count && !rc; k++) {
            low = fmin(low, values[k]);
            high = fmax(high, values[k]);
        }
        free(values);
    }
    if (!rc)
        il_check_step_note(c, "black, white and grainy images give logits from %.3g to %.3g", low, high);
    il_model_close(&m);
    return rc;
}

/* ---- evaluation ---- */

/* The largest difference, relative to the larger value (at least 1). */
static double distance(const double *a, const double *b, int64_t count)
{
    double most = 0;
    for (int64_t i = 0; a && b && i < count; i++)
        most = fmax(most, fabs(a[i] - b[i]) / fmax(1, fmax(fabs(a[i]), fabs(b[i]))));
    return most;
}

/* Equal bits twice, independent of the rest of the batch (except for rounding). */
static int evaluation(il_plugin_check *c, il_err *e)
{
    double *first = NULL, *again = NULL, *single = NULL;
    il_model m = { 0 };
    int rc = il_check_step_model_open(&m, c, 1, e);
    const il_test_input_size alone = il_check_step_suited(&m, (il_test_input_size){ 1, 64, 64 });
    const il_test_input_size pair = { 2, alone.height, alone.width };
    const int64_t one = alone.height * alone.width;
    if (!rc)
        rc = logits_of(&first, &m, il_test_input_image, pair, e);
    if (!rc)
        rc = logits_of(&again, &m, il_test_input_image, pair, e);
    if (!rc)
        rc = logits_of(&single, &m, il_test_input_image, alone, e);
    if (!rc && first && again && memcmp(first, again, (size_t)(2 * one) * sizeof *first) != 0)
        rc = il_fail(e, IL_EPLUGIN,
                     "logits of the same batch differ by up to %.3g; expected equal bits outside "
                     "training",
                     distance(first, again, 2 * one));
    if (!rc && distance(first, single, one) > 1e-3)
        rc = il_fail(e, IL_EPLUGIN,
                     "logits of an image alone and in a batch differ by up to %.3g; "
                     "expected at most 0.001 outside training",
                     distance(first, single, one));
    if (!rc)
        il_check_step_note(c, "equal bits twice; alone and in a batch %.1g apart", distance(first, single, one));
    free(single);
    free(again);
    free(first);
    il_model_close(&m);
    return rc;
}

/* ---- weights file ---- */

static int through_file(il_model *to, const il_model *from, const char *path, il_err *e)
{
    il_bundle *b = NULL;
    int rc = il_bundle_new(&b, e);
    if (!rc)
        rc = il_state_save(from->state, b, "", e);
    if (!rc)
        rc = il_bundle_write(b, path, e);
    il_bundle_free(b);
    return rc ? rc : il_model_load(to, path, NULL, e);
}

static int round_trip(il_plugin_check *c, il_err *e)
{
    char folder[] = "/tmp/inpaintlab-check-XXXXXX", path[64];
    double *before = NULL, *after = NULL;
    il_model a = { 0 }, b = { 0 };
    if (!mkdtemp(folder))
        return il_fail(e, IL_EIO, "cannot create a folder in /tmp: %s", strerror(errno));
    snprintf(path, sizeof path, "%s/weights", folder);
    int rc = il_check_step_model_open(&a, c, 1, e);
    const il_test_input_size size = il_check_step_suited(&a, (il_test_input_size){ 1, 64, 64 });
    if (!rc)
        rc = il_check_step_model_open(&b, c, 2, e);
    if (!rc)
        rc = through_file(&b, &a, path, e);
    if (!rc)
        rc = logits_of(&before, &a, il_test_input_image, size, e);
    if (!rc)
        rc = logits_of(&after, &b, il_test_input_image, size, e);
    if (!rc && before && after && memcmp(before, after, (size_t)(size.height * size.width) * sizeof *before) != 0)
        rc = il_fail(e, IL_EPLUGIN,
                     "after saving and loading the weights, logits differ by up to %.3g; expected "
                     "equal bits: does the result depend on something outside the state?",
                     distance(before, after, size.height * size.width));
    if (!rc)
        il_check_step_note(c, "saving and loading the weights into another instance gives equal bits");
    free(after);
    free(before);
    il_model_close(&b);
    il_model_close(&a);
    unlink(path);
    rmdir(folder);
    return rc;
}

/* ---- memory ---- */

static int one_round(il_plugin_check *c, il_err *e)
{
    il_model m = { 0 };
    il_scope *s = NULL;
    int rc = il_check_step_model_open(&m, c, 1, e);
    const il_test_input_size size = il_check_step_suited(&m, (il_test_input_size){ 1, 64, 64 });
    if (!rc)
        rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .device = cpu, .training = true), e);
    if (!rc) {
        il_tensor *logit = il_model_forward(&m, s, il_test_input_image(s, size), NULL);
        il_tensor *loss = il_mean(s, il_bce_logits(s, logit, il_test_input_target(s, size)));
        rc = il_scope_status(s, e);
        if (!rc)
            rc = il_backward(s, loss, e);
    }
    il_scope_close(s);
    il_model_close(&m);
    return rc;
}

static int growth(il_plugin_check *c, il_err *e)
{
    return il_leak_check(c, "open, build, forward, backward, close", one_round, e);
}

const il_check_step il_check_step_model[] = {
    { "build", build, true },
    { "shapes", shapes, true },
    { "finite", logits, false },
    { "evaluation", evaluation, false },
    { "gradients", il_check_step_gradients, false },
    { "slope", il_check_step_slope, false },
    { "weights file", round_trip, false },
    { "one batch", il_check_step_overfit, false },
    { "memory", growth, false },
    { NULL, NULL, false },
};
