/* vae_tiny.c - AutoencoderTiny (TAESD and its kin): blocks of three convolutions, in a row. */
#include "diffusion/vae.h"

enum { POOL_WIDER = 4, POOL_GROUPS = 4 };

static il_conv declare_conv(il_state *st, const char *name, int in, int out, bool bare, int stride)
{
    return il_blocks_conv(
        st, name,
        (il_conv_spec){
            .in = in, .out = out, .kernel = 3, .opts = { .padding = 1, .stride = stride }, .no_bias = bare });
}

static il_conv declare_point(il_state *st, const char *name, int in, int out)
{
    return il_blocks_conv(st, name, (il_conv_spec){ .in = in, .out = out, .kernel = 1, .no_bias = true });
}

static void declare_block(il_tiny_layer *l, il_state *st, const char *name, const il_tiny_layer_options *o)
{
    const int wide = POOL_WIDER * o->in;
    for (int i = 0; i < 3; i++)
        l->convs[i] = declare_conv(st, il_name("%s.conv.%d", name, 2 * i).text, i ? o->out : o->in, o->out, false, 1);
    if (!o->pooled)
        return;
    l->wide = declare_point(st, il_name("%s.pool.0", name).text, o->in, wide);
    l->norm = il_blocks_scale(st, il_name("%s.pool.1", name).text, (il_scale_spec){ wide, POOL_GROUPS, 1e-5 });
    l->narrow = declare_point(st, il_name("%s.pool.3", name).text, wide, o->in);
}

static void declare_half(il_tiny_layer *layers, il_state *st, const il_tiny_half_options *o, bool encoder)
{
    for (int i = 0; i < o->count; i++) {
        const il_tiny_layer_options *x = &o->layers[i];
        il_name_buf name = il_name("%s.layers.%d", encoder ? "encoder" : "decoder", i);
        layers[i].kind = x->kind;
        if (x->kind == IL_TINY_CONV)
            layers[i].convs[0] = declare_conv(st, name.text, x->in, x->out, x->bare, encoder && x->bare ? 2 : 1);
        else if (x->kind == IL_TINY_BLOCK)
            declare_block(&layers[i], st, name.text, x);
    }
}

void il_tiny_declare(il_tiny *t, il_state *st, const il_tiny_options *o)
{
    t->nencoder = o->encoder.count;
    t->ndecoder = o->decoder.count;
    declare_half(t->encoder, st, &o->encoder, true);
    declare_half(t->decoder, st, &o->decoder, false);
}

/* ---- a pass ---- */

static il_tensor *apply_branch(il_scope *s, const il_tiny_layer *l, il_tensor *x)
{
    il_tensor *h = il_conv_apply(s, &l->wide, x);
    h = il_blocks_then(h, il_scale_apply(s, &l->norm, h));
    h = il_blocks_then(h, il_relu(s, h));
    h = il_blocks_then(h, il_conv_apply(s, &l->narrow, h));
    return il_blocks_then(h, il_add(s, x, h));
}

static il_tensor *apply_block(il_scope *outer, const il_tiny_layer *l, il_tensor *x)
{
    il_scope *s = il_scope_nest(outer);
    il_tensor *in = l->wide.weight ? apply_branch(s, l, x) : x, *h = in;
    for (int i = 0; i < 3; i++) {
        il_tensor *next = il_conv_apply(s, &l->convs[i], h);
        h = i < 2 ? il_blocks_then(next, il_relu(s, next)) : next;
    }
    h = il_lift(s, il_relu(s, il_add(s, h, in)));
    il_scope_close(s);
    return h;
}

static il_tensor *apply(il_scope *s, const il_tiny_layer *layers, int count, il_tensor *x)
{
    for (int i = 0; i < count && x; i++)
        switch (layers[i].kind) {
        case IL_TINY_CONV: x = il_blocks_then(x, il_conv_apply(s, &layers[i].convs[0], x)); break;
        case IL_TINY_BLOCK: x = il_blocks_then(x, apply_block(s, &layers[i], x)); break;
        case IL_TINY_RELU: x = il_blocks_then(x, il_relu(s, x)); break;
        case IL_TINY_DOUBLE: x = il_blocks_then(x, il_upsample_nearest(s, x, 2 * il_dim(x, 2), 2 * il_dim(x, 3)));
        }
    return x;
}

il_tensor *il_tiny_encode(il_scope *s, const il_tiny *t, il_tensor *x)
{
    return apply(s, t->encoder, t->nencoder, x);
}

il_tensor *il_tiny_decode(il_scope *s, const il_tiny *t, il_tensor *x)
{
    if (!x)
        return NULL;
    il_tensor *three = il_full(s, 3, il_dtype_of(x), 1, (int64_t[]){ 1 });
    x = il_blocks_then(x, il_div(s, x, three));
    x = il_blocks_then(x, il_tanh(s, x));
    x = il_blocks_then(x, il_mul(s, x, three));
    return apply(s, t->decoder, t->ndecoder, x);
}
