/* model_values.c - logits in both modes, gradients, and buffers. */
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

static int measure(il_bundle *out, const il_model *m, const il_bundle *in, bool training, il_err *e)
{
    il_scope *s = NULL;
    int rc = il_scope_open(
        &s, IL_OPTS(il_scope_opts, .device = m->device, .precision = m->precision, .training = training), e);
    if (rc)
        return rc;
    il_tensor *image = taken(s, in, "image"), *weight = taken(s, in, "weight");
    il_tensor *logit = image ? il_model_forward(m, s, image, NULL) : NULL;
    rc = il_scope_status(s, e);
    if (!rc)
        rc = add(out, "", training ? "training" : "testing", logit, e);
    if (!rc && training)
        rc = il_backward(s, il_sum(s, weight ? il_mul(s, logit, weight) : logit), e);
    if (!rc && training)
        rc = add_entries(out, s, m->state, e);
    il_scope_close(s);
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
    if (rc) {
        il_bundle_free(b);
        return rc;
    }
    *out = b;
    return IL_OK;
}
