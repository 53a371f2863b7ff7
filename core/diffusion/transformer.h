/* transformer.h - the UNet's transformer over the positions of a map: self-attention, attention to the text, gated
 * feed-forward. */
#ifndef IL_DIFFUSION_TRANSFORMER_H
#define IL_DIFFUSION_TRANSFORMER_H

#include "diffusion/blocks.h"

typedef struct il_transformer_spec {
    int channels, heads;
    int context; /* channels of the text */
    int groups;  /* of the first norm */
    bool linear; /* projections by linear layers, not 1x1 convolutions */
} il_transformer_spec;

typedef struct il_transformer {
    il_scale norm;
    il_conv in_conv, out_conv; /* weight NULL where the projections are linear */
    il_dense in, out;          /* weight NULL where they are convolutions */
    il_scale norms[3];
    il_attend self, cross;
    il_dense gate, down;
} il_transformer;

il_transformer il_transformer_declare(il_state *st, const char *prefix, il_transformer_spec spec);
/* x (N,channels,H,W), text (N,L,context) -> (N,channels,H,W) */
il_tensor *il_transformer_apply(il_scope *s, const il_transformer *t, il_tensor *x, il_tensor *text);

#endif
