/* attention.c - declares and applies the layers of transformers. */
#include <inpaintlab/attention.h>
#include <inpaintlab/layers.h>

il_dense il_dense_declare(il_state *st, const char *prefix, il_dense_spec spec)
{
    const int64_t shape[2] = { spec.out, spec.in };
    il_dense d = { 0 };
    d.weight = il_state_param(st, il_name("%s.weight", prefix).text, IL_INIT_NORMAL, 0, 2, shape);
    if (!spec.no_bias)
        d.bias = il_state_param(st, il_name("%s.bias", prefix).text, IL_INIT_ZEROS, 0, 1, shape);
    return d;
}

il_tensor *il_dense_apply(il_scope *s, const il_dense *d, il_tensor *x)
{
    return il_linear(s, x, d->weight, d->bias);
}

il_scale il_scale_declare(il_state *st, const char *prefix, il_scale_spec spec)
{
    const int64_t shape[1] = { spec.channels };
    il_scale n = { .spec = spec };
    n.weight = il_state_param(st, il_name("%s.weight", prefix).text, IL_INIT_ONES, 0, 1, shape);
    n.bias = il_state_param(st, il_name("%s.bias", prefix).text, IL_INIT_ZEROS, 0, 1, shape);
    return n;
}

il_tensor *il_scale_apply(il_scope *s, const il_scale *n, il_tensor *x)
{
    if (n->spec.groups > 0)
        return il_group_norm(s, x, n->spec.groups, n->weight, n->bias, n->spec.eps);
    return il_layer_norm(s, x, n->weight, n->bias, n->spec.eps);
}

/* ---- attention ---- */

/* (N,L,C) -> (N,heads,L,C/heads) */
static il_tensor *split(il_scope *s, il_tensor *x, int heads)
{
    if (!x)
        return NULL;
    const int64_t shape[4] = { il_dim(x, 0), il_dim(x, 1), heads, il_dim(x, 2) / heads };
    return il_permute(s, il_reshape(s, x, 4, shape), 4, (int[]){ 0, 2, 1, 3 });
}

/* (N,heads,L,D) -> (N,L,heads*D) */
static il_tensor *merge(il_scope *s, il_tensor *x)
{
    if (!x)
        return NULL;
    const int64_t shape[3] = { il_dim(x, 0), il_dim(x, 2), il_dim(x, 1) * il_dim(x, 3) };
    return il_reshape(s, il_permute(s, x, 4, (int[]){ 0, 2, 1, 3 }), 3, shape);
}

il_tensor *il_attend_apply(il_scope *outer, const il_attend *a, il_tensor *x, il_tensor *context, bool causal)
{
    il_scope *s = il_scope_nest(outer);
    il_tensor *q = split(s, il_dense_apply(s, &a->q, x), a->heads);
    il_tensor *k = split(s, il_dense_apply(s, &a->k, context), a->heads);
    il_tensor *v = split(s, il_dense_apply(s, &a->v, context), a->heads);
    x = il_dense_apply(s, &a->out, merge(s, il_attention(s, q, k, v, causal)));
    x = il_lift(s, x);
    il_scope_close(s);
    return x;
}

/* ---- maps and sequences: what lies between is given up, so that it does not keep the input's memory ---- */

il_tensor *il_to_sequence(il_scope *s, il_tensor *x)
{
    if (!x)
        return NULL;
    const int64_t shape[3] = { il_dim(x, 0), il_dim(x, 1), il_dim(x, 2) * il_dim(x, 3) };
    il_tensor *flat = il_reshape(s, x, 3, shape), *y = il_permute(s, flat, 3, (int[]){ 0, 2, 1 });
    il_tensor_free(flat);
    return y;
}

il_tensor *il_to_map(il_scope *s, il_tensor *x, int64_t height, int64_t width)
{
    if (!x)
        return NULL;
    const int64_t shape[4] = { il_dim(x, 0), il_dim(x, 2), height, width };
    il_tensor *flat = il_permute(s, x, 3, (int[]){ 0, 2, 1 }), *y = il_reshape(s, flat, 4, shape);
    il_tensor_free(flat);
    return y;
}
