/* network.h - the small latent-inpainting generators of experiments/quickstart (tools/train-generators makes them). */
#ifndef SMALL_NETWORK_H
#define SMALL_NETWORK_H

#include <inpaintlab/tensor.h>

typedef struct network network;

/* Reads generator-*.safetensors; the network is built as the file's notes say. */
int network_read(network **out, const char *path, il_device device, il_err *e);
void network_free(network *g);

/* x (N,3,H,W) in [0,1] -> decoding of its own latents, in [0,1]. H and W are multiples of 8 * stride. */
il_tensor *network_reconstruct(il_scope *s, const network *g, il_tensor *x);

/* patched (N,3,H,W) in [0,1]: a picture whose hole holds a rough fill; mask (N,1,H,W): 1 in the hole, else 0.
 * -> decoding of its latents after those of the hole were blended in. */
il_tensor *network_inpaint(il_scope *s, const network *g, il_tensor *patched, il_tensor *mask);

#endif
