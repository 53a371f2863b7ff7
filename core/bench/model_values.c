/* model_values.c - logits in both modes, gradients, buffers, and what some steps of training make of the weights. */
#include <inpaintlab/optimizer.h>
#include "base/text.h"
#include "bench/model_values.h"

/* A tensor of the file in the scope, on its device. */
static il_tensor *taken(il_scope *s, const il_bundle *in, const char *name)
{
    const il_tensor *held = il_bundle_find(in, name);
    return held ? il_to(s, (il_tensor *)held, il_dtype_of(held)) : NULL;
}

static int add(il_bundle *out, const char *head, const char *name, const il_tensor *t, il_err *e)
{
    il_text full = { 0 };
    il_text_add(&full, "%s%s", head, name);
    int rc = full.failed ? il_fail_oom(e) : il_bundle_add(out, full.data, t, e);
    il_text_free(&full);
    return rc;
}

static int add_entries(il_bundle *out, il_scope *s, const il_state *st, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; !rc && i < il_state_count(st); i++) {
        const il_state_entry x = il_state_at(st, i);
        const il_tensor *value = x.trainable ? il_grad(s, x.tensor) : x.tensor;
        if (value)
            rc = add(out, x.trainable ? "grad." : "after.", x.name, value, e);
    }
    return rc ? rc : il_scope_status(s, e);
}

static int open_scope(il_scope **out, const il_model *m, bool training, il_err *e)
{
    return il_scope_open(
        out, IL_OPTS(il_scope_opts, .device = m->device, .precision = m->precision, .training = training), e);
}

/* The logits of `image`, and with `training` the gradients of their sum, each times its `weight`. */
static int compute(il_tensor **logit, il_scope *s, const il_model *m, const il_bundle *in, bool training, il_err *e)
{
    il_tensor *image = taken(s, in, "image"), *weight = taken(s, in, "weight");
    *logit = image ? il_model_forward(m, s, image, NULL) : NULL;
    int rc = il_scope_status(s, e);
    if (!rc && training)
        rc = il_backward(s, il_sum(s, weight ? il_mul(s, *logit, weight) : *logit), e);
    return rc;
}

static int measure(il_bundle *out, const il_model *m, const il_bundle *in, bool training, il_err *e)
{
    il_scope *s = NULL;
    il_tensor *logit = NULL;
    int rc = open_scope(&s, m, training, e);
    if (!rc)
        rc = compute(&logit, s, m, in, training, e);
    if (!rc)
        rc = add(out, "", training ? "training" : "testing", logit, e);
    if (!rc && training)
        rc = add_entries(out, s, m->state, e);
    il_scope_close(s);
    return rc;
}

/* The first step takes the gradients that are there. */
static int train(const il_model *m, const il_bundle *in, int64_t steps, il_err *e)
{
    il_adam *adam = NULL;
    int rc = il_adam_new(&adam, m->state, IL_OPTS(il_adam_opts, .lr = 1e-3), e);
    for (int64_t i = 0; i < steps && !rc; i++) {
        il_scope *s = NULL;
        il_tensor *logit = NULL;
        rc = open_scope(&s, m, true, e);
        if (!rc && i > 0)
            rc = compute(&logit, s, m, in, true, e);
        il_scope_close(s);
        if (!rc)
            rc = il_adam_step(adam, e);
    }
    il_adam_free(adam);
    return rc;
}

static int add_steps(il_bundle *out, const il_model *m, const il_bundle *in, il_err *e)
{
    const il_tensor *count = il_bundle_find(in, "steps");
    int64_t steps = 0;
    if (!count)
        return IL_OK;
    if (il_dtype_of(count) != IL_DTYPE_I64 || il_numel(count) != 1)
        return il_fail(e, IL_EFORMAT, "'steps' is not one whole number (I64)");
    int rc = il_read_i64(count, &steps, 1, e);
    if (!rc)
        rc = train(m, in, steps, e);
    for (size_t i = 0; !rc && i < il_state_count(m->state); i++) {
        const il_state_entry x = il_state_at(m->state, i);
        rc = add(out, "stepped.", x.name, x.tensor, e);
    }
    return rc;
}

int il_model_values(il_bundle **out, const il_model *m, const il_bundle *in, il_err *e)
{
    il_bundle *b = NULL;
    const il_tensor *image = il_bundle_find(in, "image");
    if (!image || il_ndim(image) != 4 || il_dim(image, 1) != 3)
        return il_fail(e, IL_EFORMAT, "holds no tensor 'image' of shape (N,3,H,W)");
    int rc = il_bundle_new(&b, e);
    if (!rc)
        rc = measure(b, m, in, false, e);
    if (!rc)
        rc = measure(b, m, in, true, e);
    if (!rc)
        rc = add_steps(b, m, in, e);
    if (rc) {
        il_bundle_free(b);
        return rc;
    }
    *out = b;
    return IL_OK;
}
