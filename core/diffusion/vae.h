/* vae.h - the kinds of autoencoders: their options, their layers, their two passes. */
#ifndef IL_DIFFUSION_VAE_H
#define IL_DIFFUSION_VAE_H

#include <inpaintlab/diffusion.h>
#include "diffusion/blocks.h"
#include "diffusion/named.h"
#include "diffusion/options.h"

enum {
    IL_VAE_BLOCKS = 8,
    IL_VAE_LAYERS = 8,
    IL_VAE_CONDITIONS = 5,
    IL_TINY_LAYERS = 64,
    IL_VAE_CHANNELS = 65536 /* at most */
};

/* ---- AutoencoderKL, AutoencoderKLFlux2; AsymmetricAutoencoderKL, whose decoder also sees what lies outside a mask ---- */

typedef struct il_kl_half_options {
    int channels[IL_VAE_BLOCKS], blocks, layers; /* of the decoder too: by falling resolution */
} il_kl_half_options;

typedef struct il_kl_options {
    il_kl_half_options encoder, decoder;
    int latents, groups;
    bool quant, post_quant, attention;
    bool masked; /* AsymmetricAutoencoderKL */
} il_kl_options;

/* Residual blocks at one resolution, then a convolution that changes the resolution; scale.weight NULL: none. */
typedef struct il_kl_block {
    il_resnet resnets[IL_VAE_LAYERS + 1];
    int count;
    il_conv scale;
} il_kl_block;

typedef struct il_kl_half {
    il_conv in, out;
    il_kl_block blocks[IL_VAE_BLOCKS];
    int nblocks;
    il_resnet before, after; /* the middle */
    il_scale attend_norm;
    il_attend attend; /* q.weight NULL: none */
    il_scale norm;
} il_kl_half;

typedef struct il_kl {
    il_kl_half encoder, decoder;
    il_conv quant, post_quant; /* weight NULL: none */
    il_conv conditions[IL_VAE_CONDITIONS];
} il_kl;

void il_kl_declare(il_kl *k, il_state *st, const il_kl_options *o);
/* x, which is freed -> (N,2*latents,h,w): mean and log variance */
il_tensor *il_kl_encode(il_scope *s, const il_kl *k, il_tensor *x);
/* x, which is freed -> (N,3,H,W). mask (N,1,H,W), 1 where the image (N,3,H,W) is not to be seen; both NULL: no image. */
il_tensor *il_kl_decode(il_scope *s, const il_kl *k, il_tensor *x, il_tensor *image, il_tensor *mask);

/* ---- AutoencoderTiny: sequences of layers; pictures are in [0,1] ---- */

typedef enum il_tiny_kind { IL_TINY_CONV, IL_TINY_BLOCK, IL_TINY_RELU, IL_TINY_DOUBLE } il_tiny_kind;

typedef struct il_tiny_layer_options {
    il_tiny_kind kind;
    int in, out;
    bool bare;   /* a convolution without bias; in the encoder it halves the sides */
    bool pooled; /* a block that begins with a normed branch, as in TAEF2 */
} il_tiny_layer_options;

typedef struct il_tiny_half_options {
    il_tiny_layer_options layers[IL_TINY_LAYERS];
    int count;
} il_tiny_half_options;

typedef struct il_tiny_options {
    il_tiny_half_options encoder, decoder;
} il_tiny_options;

typedef struct il_tiny_layer {
    il_tiny_kind kind;
    il_conv convs[3];     /* the first alone: a convolution */
    il_conv wide, narrow; /* of the normed branch; wide.weight NULL: none */
    il_scale norm;
} il_tiny_layer;

typedef struct il_tiny {
    il_tiny_layer encoder[IL_TINY_LAYERS], decoder[IL_TINY_LAYERS];
    int nencoder, ndecoder;
} il_tiny;

void il_tiny_declare(il_tiny *t, il_state *st, const il_tiny_options *o);
il_tensor *il_tiny_encode(il_scope *s, const il_tiny *t, il_tensor *x); /* x is freed */
il_tensor *il_tiny_decode(il_scope *s, const il_tiny *t, il_tensor *x);

/* ---- options ---- */

typedef struct il_vae_options {
    bool is_tiny;
    il_kl_options kl;
    il_tiny_options tiny;
    int latents, halvings; /* how often the sides are halved */
    double scaling;
} il_vae_options;

/* From config.json; wrong and unsupported values are recorded as c's error. */
void il_vae_options_read(il_vae_options *o, il_options *c);
/* From the shapes of tensors under diffusers' names. IL_EFORMAT, without the file's name. */
int il_vae_options_infer(il_vae_options *o, const il_named *n, il_err *e);

/* ---- files without config.json ---- */

/* What to read for `path`: itself, a single file; or TAESD's encoder and decoder, where it names one of them or their folder.
 * *second NULL: none. The caller frees both. */
int il_vae_find(char **first, char **second, const char *path, il_err *e);
/* Their tensors by diffusers' names. */
int il_vae_read(il_named **out, const char *first, const char *second, il_err *e);

#endif
