/* model.c - instances of model and loss plugins. */
#include <stdio.h>
#include <string.h>
#include <inpaintlab/weights.h>
#include "plugin/model.h"
#include "torch/rules.h"

/* Channels last where it is faster: on the CPU as measured (results/benchmarks), on CUDA for the types of its tensor
 * cores, as NVIDIA recommends. */
static il_order order_for(il_model_opts o)
{
    return o.device.kind == IL_DEVICE_CPU || o.precision != IL_PRECISION_FP32 ? IL_ORDER_NHWC : IL_ORDER_NCHW;
}

int il_model_open(il_model *out, const il_choice *choice, il_model_opts opts, il_err *e)
{
    il_model m = { .plugin = choice->plugin,
                   .device = opts.device,
                   .precision = opts.precision,
                   .twice = opts.twice,
                   .order = order_for(opts) };
    int rc = il_torch_rules(opts.device, opts.precision, opts.varied, e);
    if (!rc && m.plugin->open)
        rc = m.plugin->open(&m.self, choice->params, e);
    if (!rc)
        rc = il_state_new(&m.state, opts.device, opts.seed, e);
    if (!rc)
        rc = m.plugin->model->build(m.self, m.state, e);
    if (!rc)
        rc = il_state_status(m.state, e);
    if (!rc && opts.twice)
        rc = il_state_double(m.state, e);
    if (!rc)
        rc = il_state_order(m.state, m.order, e);
    if (rc) {
        il_fail_in(e, "model %s", choice->label);
        il_model_close(&m);
        return rc;
    }
    *out = m;
    return IL_OK;
}

void il_model_close(il_model *m)
{
    if (m->plugin && m->plugin->close && m->self)
        m->plugin->close(m->self);
    il_state_free(m->state);
    memset(m, 0, sizeof *m);
}

/* Losses and counts need float32 logits, whatever the network's precision. */
static il_tensor *not_half(il_scope *s, il_tensor *t)
{
    il_dtype type = il_dtype_of(t);
    return type == IL_DTYPE_F16 || type == IL_DTYPE_BF16 ? il_to(s, t, IL_DTYPE_F32) : t;
}

/* "(1,2,64,64)" */
static void write_shape(char *to, size_t size, const il_tensor *t)
{
    size_t n = 0;
    for (int i = 0; i < il_ndim(t) && n < size; i++)
        n += (size_t)snprintf(to + n, size - n, "%c%lld", i ? ',' : '(', (long long)il_dim(t, i));
    if (n < size)
        snprintf(to + n, size - n, "%s", n ? ")" : "()");
}

static il_tensor *refuse_shape(const il_model *m, il_scope *s, const il_tensor *logit, const il_tensor *image)
{
    char shape[100];
    write_shape(shape, sizeof shape, logit);
    return il_scope_fail(
        s, IL_EPLUGIN, "model %s: the output has the shape %s; expected logits of shape (%lld,1,%lld,%lld)",
        m->plugin->name, shape, (long long)il_dim(image, 0), (long long)il_dim(image, 2), (long long)il_dim(image, 3));
}

il_tensor *il_model_forward(const il_model *m, il_scope *s, il_tensor *image, il_tensor **aux)
{
    il_tensor *input = m->twice && image ? il_to(s, image, IL_DTYPE_F64) : image;
    il_tensor *logit = m->plugin->model->forward(m->self, s, il_to_order(s, input, m->order), aux);
    if (!logit || !image)
        return NULL;
    bool fits = il_ndim(logit) == 4 && il_dim(logit, 0) == il_dim(image, 0) && il_dim(logit, 1) == 1 &&
                il_dim(logit, 2) == il_dim(image, 2) && il_dim(logit, 3) == il_dim(image, 3);
    if (!fits)
        return refuse_shape(m, s, logit, image);
    if (aux && *aux)
        *aux = not_half(s, *aux);
    return not_half(s, logit);
}

int il_model_load(il_model *m, const char *path, const char *const *skip, il_err *e)
{
    il_bundle *b = NULL;
    int rc = il_bundle_read(&b, path, e);
    if (rc)
        return rc;
    rc = il_state_load(m->state, b, IL_OPTS(il_load_opts, .skip = skip), e);
    il_bundle_free(b);
    return rc ? il_fail_in(e, "%s", path) : rc;
}

int il_loss_open(il_loss *out, const il_choice *choice, il_err *e)
{
    il_loss l = { .plugin = choice->plugin };
    int rc = l.plugin->open ? l.plugin->open(&l.self, choice->params, e) : IL_OK;
    if (rc)
        return il_fail_in(e, "loss %s", choice->label);
    *out = l;
    return IL_OK;
}

void il_loss_close(il_loss *l)
{
    if (l->plugin && l->plugin->close && l->self)
        l->plugin->close(l->self);
    memset(l, 0, sizeof *l);
}

il_tensor *il_loss_forward(const il_loss *l, il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid)
{
    if (logit && target && il_dtype_of(logit) == IL_DTYPE_F64) /* libtorch would compute in the target's type */
        target = il_to(s, target, IL_DTYPE_F64);
    il_tensor *loss = l->plugin->loss->forward(l->self, s, logit, target, valid);
    if (loss && il_numel(loss) != 1)
        return il_scope_fail(s, IL_EPLUGIN, "loss %s: returned %lld values; expected one", l->plugin->name,
                             (long long)il_numel(loss));
    return loss;
}
