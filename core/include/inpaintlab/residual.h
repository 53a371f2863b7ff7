/* residual.h - noise residuals by Steganalysis Rich Model filters (Fridrich and Kodovsky 2012): NIX-Net's second input. */
#ifndef IL_RESIDUAL_H
#define IL_RESIDUAL_H

#include <inpaintlab/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Three 5x5 kernels (K1/12, K2/4, K3/2), each applied to the sum of the three channels of the 0..255 picture, zero
 * padding 2. image (N,3,H,W) in [0,1] -> (N,3,H,W). */
il_tensor *il_residual_srm(il_scope *s, il_tensor *image);

/* As the published NIX-Net was trained: image - srm, clamped to [-1, 1], then min-max to [0, 1] per picture. */
il_tensor *il_residual_published(il_scope *s, il_tensor *image);

/* The field's usual form: srm truncated to [-level, level]. */
il_tensor *il_residual_truncated(il_scope *s, il_tensor *image, double level);

#ifdef __cplusplus
}
#endif
#endif
