/* transformer.c - one transformer block between two projections. */
#include "diffusion/transformer.h"

static void declare_projections(il_state *st, const char *prefix, il_transformer *t, il_transformer_spec spec)
{
    const il_dense_spec square = { .in = spec.channels, .out = spec.channels };
    const il_conv_spec point = { .in = spec.channels, .out = spec.channels, .kernel = 1 };
    const il_name_buf in = il_name("%s.proj_in", prefix), out = il_name("%s.proj_out", prefix);
    if (spec.linear) {
        t->in = il_blocks_dense(st, in.text, square);
        t->out = il_blocks_dense(st, out.text, square);
    } else {
        t->in_conv = il_blocks_conv(st, in.text, point);
        t->out_conv = il_blocks_conv(st, out.text, point);
    }
}

il_transformer il_transformer_declare(il_state *st, const char *prefix, il_transformer_spec spec)
{
    const int width = spec.channels;
    const il_name_buf inner = il_name("%s.transformer_blocks.0", prefix);
    il_transformer t = { 0 };
    t.norm = il_blocks_scale(st, il_name("%s.norm", prefix).text, (il_scale_spec){ width, spec.groups, 1e-6 });
    declare_projections(st, prefix, &t, spec);
    for (int i = 0; i < 3; i++)
        t.norms[i] = il_blocks_scale(st, il_name("%s.norm%d", inner.text, i + 1).text,
                                     (il_scale_spec){ width, 0, 1e-5 });
    t.self = il_blocks_attend(st, il_name("%s.attn1", inner.text).text,
                              (il_attend_spec){ .channels = width, .context = width, .heads = spec.heads });
    t.cross = il_blocks_attend(st, il_name("%s.attn2", inner.text).text,
                               (il_attend_spec){ .channels = width, .context = spec.context, .heads = spec.heads });
    t.gate = il_blocks_dense(st, il_name("%s.ff.net.0.proj", inner.text).text,
                             (il_dense_spec){ .in = width, .out = 8 * width });
    t.down = il_blocks_dense(st, il_name("%s.ff.net.2", inner.text).text,
                             (il_dense_spec){ .in = 4 * width, .out = width });
    return t;
}

/* The first half of the channels times GELU of the second; x (N,L,2C) is freed. */
static il_tensor *gated(il_scope *outer, il_tensor *x)
{
    if (!x)
        return NULL;
    const int64_t width = il_dim(x, 2) / 2;
    il_scope *s = il_scope_nest(outer);
    il_tensor *gate = il_gelu(s, il_slice(s, x, 2, width, 2 * width));
    il_tensor *y = il_lift(s, il_mul(s, il_slice(s, x, 2, 0, width), gate));
    il_scope_close(s);
    return il_blocks_then(x, y);
}

static il_tensor *feed_forward(il_scope *s, const il_transformer *t, il_tensor *x)
{
    il_tensor *h = gated(s, il_dense_apply(s, &t->gate, x));
    return il_blocks_then(h, il_dense_apply(s, &t->down, h));
}

/* x + h; both are freed. */
static il_tensor *add(il_scope *s, il_tensor *x, il_tensor *h)
{
    return il_blocks_then(x, il_blocks_then(h, il_add(s, h, x)));
}

/* x + f(norm(x)), three times; x (N,L,C) is freed. */
static il_tensor *transform(il_scope *s, const il_transformer *t, il_tensor *x, il_tensor *text)
{
    il_tensor *n = il_scale_apply(s, &t->norms[0], x);
    x = add(s, x, il_blocks_then(n, il_attend_apply(s, &t->self, n, n, false)));
    n = il_scale_apply(s, &t->norms[1], x);
    x = add(s, x, il_blocks_then(n, il_attend_apply(s, &t->cross, n, text, false)));
    n = il_scale_apply(s, &t->norms[2], x);
    return add(s, x, il_blocks_then(n, feed_forward(s, t, n)));
}

il_tensor *il_transformer_apply(il_scope *outer, const il_transformer *t, il_tensor *x, il_tensor *text)
{
    if (!x)
        return NULL;
    il_scope *s = il_scope_nest(outer);
    const int64_t height = il_dim(x, 2), width = il_dim(x, 3);
    il_tensor *h = il_scale_apply(s, &t->norm, x);
    if (!t->in.weight)
        h = il_blocks_then(h, il_conv_apply(s, &t->in_conv, h));
    h = il_blocks_then(h, il_to_sequence(s, h));
    if (t->in.weight)
        h = il_blocks_then(h, il_dense_apply(s, &t->in, h));
    h = transform(s, t, h, text);
    if (t->out.weight)
        h = il_blocks_then(h, il_dense_apply(s, &t->out, h));
    h = il_blocks_then(h, il_to_map(s, h, height, width));
    if (!t->out.weight)
        h = il_blocks_then(h, il_conv_apply(s, &t->out_conv, h));
    h = il_lift(s, il_add(s, h, x));
    il_scope_close(s);
    return h;
}
