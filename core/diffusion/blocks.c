/* blocks.c - layers, residual blocks and attention of the diffusion networks. */
#include "diffusion/blocks.h"

il_tensor *il_blocks_then(il_tensor *old, il_tensor *next)
{
    if (old != next)
        il_tensor_free(old);
    return next;
}

int il_blocks_state(il_state **out, il_device device, il_dtype dtype, il_err *e)
{
    if (dtype != IL_DTYPE_F32 && dtype != IL_DTYPE_F16 && dtype != IL_DTYPE_BF16)
        return il_fail(e, IL_EPARAM, "the type of a network must be float32, float16 or bfloat16");
    int rc = il_state_new(out, device, 0, e);
    if (!rc)
        il_state_dtype(*out, dtype);
    return rc;
}

/* ---- layers ---- */

static il_tensor *declare(il_state *st, const char *prefix, const char *part, int ndim, const int64_t *shape)
{
    return il_state_param(st, il_name("%s.%s", prefix, part).text, IL_INIT_NONE, 0, ndim, shape);
}

il_conv il_blocks_conv(il_state *st, const char *prefix, il_conv_spec spec)
{
    const int64_t shape[4] = { spec.out, spec.in, spec.kernel, spec.kernel };
    il_conv c = { .opts = spec.opts };
    c.weight = declare(st, prefix, "weight", 4, shape);
    if (!spec.no_bias)
        c.bias = declare(st, prefix, "bias", 1, shape);
    return c;
}

il_dense il_blocks_dense(il_state *st, const char *prefix, il_dense_spec spec)
{
    const int64_t shape[2] = { spec.out, spec.in };
    il_dense d = { .weight = declare(st, prefix, "weight", 2, shape) };
    if (!spec.no_bias)
        d.bias = declare(st, prefix, "bias", 1, shape);
    return d;
}

il_scale il_blocks_scale(il_state *st, const char *prefix, il_scale_spec spec)
{
    const int64_t shape[1] = { spec.channels };
    il_scale n = { .spec = spec };
    n.weight = declare(st, prefix, "weight", 1, shape);
    n.bias = declare(st, prefix, "bias", 1, shape);
    return n;
}

/* ---- residual block ---- */

il_resnet il_blocks_resnet(il_state *st, const char *prefix, il_resnet_spec spec)
{
    const il_conv_spec first = { .in = spec.in, .out = spec.out, .kernel = 3, .opts = { .padding = 1 } };
    const il_conv_spec second = { .in = spec.out, .out = spec.out, .kernel = 3, .opts = { .padding = 1 } };
    il_resnet r = { 0 };
    r.norm1 = il_blocks_scale(st, il_name("%s.norm1", prefix).text, (il_scale_spec){ spec.in, spec.groups, spec.eps });
    r.conv1 = il_blocks_conv(st, il_name("%s.conv1", prefix).text, first);
    if (spec.time > 0)
        r.time = il_blocks_dense(st, il_name("%s.time_emb_proj", prefix).text,
                                 (il_dense_spec){ .in = spec.time, .out = spec.out });
    r.norm2 = il_blocks_scale(st, il_name("%s.norm2", prefix).text, (il_scale_spec){ spec.out, spec.groups, spec.eps });
    r.conv2 = il_blocks_conv(st, il_name("%s.conv2", prefix).text, second);
    if (spec.in != spec.out)
        r.shortcut = il_blocks_conv(st, il_name("%s.conv_shortcut", prefix).text,
                                    (il_conv_spec){ .in = spec.in, .out = spec.out, .kernel = 1 });
    return r;
}

/* h + the time embedding, one value per image and channel */
static il_tensor *add_time(il_scope *s, const il_resnet *r, il_tensor *h, il_tensor *time)
{
    if (!r->time.weight)
        return h;
    il_tensor *shift = il_dense_apply(s, &r->time, time);
    if (!shift)
        return NULL;
    shift = il_reshape(s, shift, 4, (int64_t[]){ il_dim(shift, 0), il_dim(shift, 1), 1, 1 });
    return il_blocks_then(h, il_add(s, h, shift));
}

il_tensor *il_blocks_resnet_apply(il_scope *outer, const il_resnet *r, il_tensor *x, il_tensor *time)
{
    il_scope *s = il_scope_nest(outer);
    il_tensor *h = il_scale_apply(s, &r->norm1, x);
    h = il_blocks_then(h, il_silu(s, h));
    h = il_blocks_then(h, il_conv_apply(s, &r->conv1, h));
    h = add_time(s, r, h, time);
    h = il_blocks_then(h, il_scale_apply(s, &r->norm2, h));
    h = il_blocks_then(h, il_silu(s, h));
    h = il_blocks_then(h, il_conv_apply(s, &r->conv2, h));
    il_tensor *y = il_add(s, r->shortcut.weight ? il_conv_apply(s, &r->shortcut, x) : x, h);
    y = il_lift(s, y);
    il_scope_close(s);
    return y;
}

/* ---- attention ---- */

il_attend il_blocks_attend(il_state *st, const char *prefix, il_attend_spec spec)
{
    static const char *const usual[] = { "to_q", "to_k", "to_v", "to_out.0" };
    const char *const *names = spec.names ? spec.names : usual;
    const il_dense_spec own = { spec.channels, spec.channels, !spec.bias };
    const il_dense_spec other = { spec.context, spec.channels, !spec.bias };
    il_attend a = { .heads = spec.heads };
    a.q = il_blocks_dense(st, il_name("%s.%s", prefix, names[0]).text, own);
    a.k = il_blocks_dense(st, il_name("%s.%s", prefix, names[1]).text, other);
    a.v = il_blocks_dense(st, il_name("%s.%s", prefix, names[2]).text, other);
    a.out = il_blocks_dense(st, il_name("%s.%s", prefix, names[3]).text,
                            (il_dense_spec){ spec.channels, spec.channels, false });
    return a;
}
