/* attention.h - the layers of transformers as small structs whose tensors are lent by an il_state: linear layers, norms
 * without running statistics, attention; and maps (N,C,H,W) as sequences (N,L,C). */
#ifndef IL_ATTENTION_H
#define IL_ATTENTION_H

#include <inpaintlab/state.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct il_dense {
    il_tensor *weight; /* (out, in) */
    il_tensor *bias;   /* (out) or NULL */
} il_dense;

typedef struct il_dense_spec {
    int in, out;
    bool no_bias;
} il_dense_spec;

/* Declares prefix.weight (IL_INIT_NORMAL) and prefix.bias (zeros). Errors stay in st. */
il_dense il_dense_declare(il_state *st, const char *prefix, il_dense_spec spec);
il_tensor *il_dense_apply(il_scope *s, const il_dense *d, il_tensor *x); /* (…,in) -> (…,out) */

typedef struct il_scale_spec {
    int channels;
    int groups; /* of a group norm; 0: layer norm over the last dimension */
    double eps;
} il_scale_spec;

typedef struct il_scale {
    il_tensor *weight, *bias; /* (channels) */
    il_scale_spec spec;
} il_scale;

/* Declares prefix.weight (ones) and prefix.bias (zeros). */
il_scale il_scale_declare(il_state *st, const char *prefix, il_scale_spec spec);
il_tensor *il_scale_apply(il_scope *s, const il_scale *n, il_tensor *x);

/* Attention with several heads. Its layers are declared one by one, as their names and their order differ from network to
 * network. `heads` divides the channels that q, k and v give. */
typedef struct il_attend {
    il_dense q, k, v, out;
    int heads;
} il_attend;

/* x (N,L,C); context (N,S,C'), or x itself for self-attention -> (N,L,C). causal: position i sees positions up to i. */
il_tensor *il_attend_apply(il_scope *s, const il_attend *a, il_tensor *x, il_tensor *context, bool causal);

/* (N,C,H,W) <-> (N,H*W,C), row by row */
il_tensor *il_to_sequence(il_scope *s, il_tensor *x);
il_tensor *il_to_map(il_scope *s, il_tensor *x, int64_t height, int64_t width);

#ifdef __cplusplus
}
#endif
#endif
