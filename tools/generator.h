/* generator.h - the small latent-inpainting generators of experiments/quickstart (tools/train-generators makes them). */
#ifndef GENERATOR_H
#define GENERATOR_H

#include <inpaintlab/tensor.h>

typedef struct generator generator;

/* Reads generator-*.safetensors; the network is built as the file's notes say. */
int generator_read(generator **out, const char *path, il_err *e);
void generator_free(generator *g);

/* x (N,3,H,W) in [0,1] -> decoding of its own latents, in [0,1]. H and W are multiples of 8 * stride. */
il_tensor *generator_reconstruct(il_scope *s, const generator *g, il_tensor *x);

/* patched (N,3,H,W) in [0,1]: a picture whose hole holds a rough fill; mask (N,1,H,W): 1 in the hole, else 0.
 * -> decoding of its latents after those of the hole were blended in. */
il_tensor *generator_inpaint(il_scope *s, const generator *g, il_tensor *patched, il_tensor *mask);

#endif
