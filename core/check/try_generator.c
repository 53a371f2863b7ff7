/* try_generator.c - checks of generators: shape and range of images, randomness from the seed alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "check/leak.h"
#include "check/test_inputs.h"

enum { BATCH = 2, LEAST_SIDE = 64 };

static il_test_input_size size_of(const il_plugin_check *c)
{
    int64_t multiple = c->plugin->generator->multiple, side = (LEAST_SIDE + multiple - 1) / multiple * multiple;
    return (il_test_input_size){ BATCH, side, side + multiple };
}

/* What a loaded instance makes of the test images; *out is the caller's. seeds NULL: reconstruct. */
static int make(double **out, const il_plugin_check *c, void *self, const uint64_t *seeds, il_err *e)
{
    static const char *const prompts[BATCH] = { "", "a lighthouse" };
    const il_generator_ops *ops = c->plugin->generator;
    const il_test_input_size z = size_of(c);
    il_scope *s = NULL;
    int rc = il_scope_open(&s, NULL, e);
    if (rc)
        return rc;
    il_tensor *image = il_test_input_image(s, z), *mask = il_test_input_target(s, z);
    rc = il_scope_status(s, e);
    il_inpaint job = { .image = image, .mask = mask, .prompts = prompts, .seeds = seeds };
    il_tensor *made = rc ? NULL : seeds ? ops->inpaint(self, s, &job) : ops->reconstruct(self, s, image);
    if (!rc)
        rc = il_scope_status(s, e);
    if (!rc && !made)
        rc = il_fail(e, IL_EPLUGIN, "returned neither a tensor nor an error");
    if (!rc && (il_ndim(made) != 4 || il_dim(made, 0) != z.n || il_dim(made, 1) != 3 || il_dim(made, 2) != z.height ||
                il_dim(made, 3) != z.width))
        rc = il_fail(e, IL_EPLUGIN, "its images have %d dimensions and %lld values; expected (%lld,3,%lld,%lld)",
                     il_ndim(made), (long long)il_numel(made), (long long)z.n, (long long)z.height, (long long)z.width);
    if (!rc)
        rc = il_test_input_read(out, made, e);
    for (int64_t i = 0; !rc && i < il_numel(made); i++)
        if (!((*out)[i] >= 0 && (*out)[i] <= 1)) {
            rc = il_fail(e, IL_EPLUGIN, "value %lld of its images is %g; expected 0 to 1", (long long)i, (*out)[i]);
            free(*out);
            *out = NULL;
        }
    il_scope_close(s);
    return rc;
}

static int open_loaded(void **out, const il_plugin_check *c, il_err *e)
{
    void *self = NULL;
    int rc = il_check_step_open(&self, c, e);
    if (!rc && c->plugin->load)
        rc = c->plugin->load(self, (il_device){ IL_DEVICE_CPU, 0 }, e);
    if (rc)
        c->plugin->close(self);
    else
        *out = self;
    return rc;
}

static int reconstruct(il_plugin_check *c, il_err *e)
{
    void *self = NULL;
    double *once = NULL, *again = NULL;
    const il_test_input_size z = size_of(c);
    if (!c->plugin->generator->reconstruct)
        return il_check_step_skip(c, "it does not reconstruct");
    int rc = open_loaded(&self, c, e);
    if (rc)
        return rc;
    rc = make(&once, c, self, NULL, e);
    if (!rc)
        rc = make(&again, c, self, NULL, e);
    if (!rc && memcmp(once, again, (size_t)(z.n * 3 * z.height * z.width) * sizeof *once) != 0)
        rc = il_fail(e, IL_EPLUGIN, "two reconstructions of the same images differ; expected equal bits");
    if (!rc)
        il_check_step_note(c, "(N,3,H,W) in [0,1], equal bits twice");
    free(again);
    free(once);
    c->plugin->close(self);
    return rc;
}

/* Each image has its own seed: changing the second one must not change the first image. */
static int inpaint(il_plugin_check *c, il_err *e)
{
    static const uint64_t seeds[BATCH] = { 1, 2 }, others[BATCH] = { 1, 3 };
    void *self = NULL;
    double *once = NULL, *again = NULL, *other = NULL;
    const il_test_input_size z = size_of(c);
    size_t one = (size_t)(3 * z.height * z.width);
    if (!c->plugin->generator->inpaint)
        return il_check_step_skip(c, "it does not inpaint");
    int rc = open_loaded(&self, c, e);
    if (rc)
        return rc;
    rc = make(&once, c, self, seeds, e);
    if (!rc)
        rc = make(&again, c, self, seeds, e);
    if (!rc)
        rc = make(&other, c, self, others, e);
    if (!rc && memcmp(once, again, 2 * one * sizeof *once) != 0)
        rc = il_fail(e, IL_EPLUGIN, "equal seeds give different images; expected a function of the seeds");
    if (!rc && memcmp(once, other, one * sizeof *once) != 0)
        rc = il_fail(e, IL_EPLUGIN, "the seed of the second image changes the first; expected each to have its own");
    if (!rc)
        il_check_step_note(c, "(N,3,H,W) in [0,1], equal for equal seeds; another seed %s",
                           memcmp(once + one, other + one, one * sizeof *once) ? "changes only its image"
                                                                               : "changes nothing");
    free(other);
    free(again);
    free(once);
    c->plugin->close(self);
    return rc;
}

static int one_round(il_plugin_check *c, il_err *e)
{
    static const uint64_t seeds[BATCH] = { 1, 2 };
    void *self = NULL;
    double *made = NULL;
    int rc = open_loaded(&self, c, e);
    if (rc)
        return rc;
    rc = make(&made, c, self, c->plugin->generator->inpaint ? seeds : NULL, e);
    free(made);
    c->plugin->close(self);
    return rc;
}

static int growth(il_plugin_check *c, il_err *e)
{
    return il_leak_check(c, "open, load, paint, close", one_round, e);
}

const il_check_step il_check_step_generator[] = {
    { "reconstruct", reconstruct, true },
    { "inpaint", inpaint, true },
    { "memory", growth, false },
    { NULL, NULL, false },
};
