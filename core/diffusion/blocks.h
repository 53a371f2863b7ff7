/* blocks.h - building blocks of the diffusion networks: small structs whose tensors are borrowed from an il_state,
 * declared once with state-dict names and applied in every pass. Weights are left unset (IL_INIT_NONE). */
#ifndef IL_DIFFUSION_BLOCKS_H
#define IL_DIFFUSION_BLOCKS_H

#include <inpaintlab/attention.h>
#include <inpaintlab/layers.h>

/* Frees a temporary that `next` was computed from, so that long chains keep two tensors instead of all. */
il_tensor *il_blocks_then(il_tensor *old, il_tensor *next);

/* A state for a network's weights of this type, all unset. */
int il_blocks_state(il_state **out, il_device device, il_dtype dtype, il_err *e);

/* ---- layers ---- */

il_conv il_blocks_conv(il_state *st, const char *prefix, il_conv_spec spec);

il_dense il_blocks_dense(il_state *st, const char *prefix, il_dense_spec spec);
il_scale il_blocks_scale(il_state *st, const char *prefix, il_scale_spec spec);

/* ---- residual block: norm, SiLU, convolution, twice; the time embedding is added in between ---- */

typedef struct il_resnet_spec {
    int in, out;
    int time; /* channels of the time embedding; 0: none */
    int groups;
    double eps;
} il_resnet_spec;

typedef struct il_resnet {
    il_scale norm1, norm2;
    il_conv conv1, conv2, shortcut; /* shortcut.weight NULL: in equals out */
    il_dense time;                  /* weight NULL: none */
} il_resnet;

il_resnet il_blocks_resnet(il_state *st, const char *prefix, il_resnet_spec spec);
/* x (N,in,H,W); time (N or 1, spec.time) after its SiLU, or NULL -> (N,out,H,W) */
il_tensor *il_blocks_resnet_apply(il_scope *s, const il_resnet *r, il_tensor *x, il_tensor *time);

/* ---- attention over sequences (N,L,C) ---- */

typedef struct il_attend_spec {
    int channels;
    int context; /* channels of the input of keys and values */
    int heads;
    bool bias;                /* of query, key and value; the output always has one */
    const char *const *names; /* of query, key, value, output; NULL: to_q, to_k, to_v, to_out.0 */
} il_attend_spec;

il_attend il_blocks_attend(il_state *st, const char *prefix, il_attend_spec spec);

#endif
