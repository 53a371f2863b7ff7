/* residual_kernel.h - the fused noise residual, which the shim offers to core/torch/residual.c. */
#ifndef IL_TORCH_RESIDUAL_KERNEL_H
#define IL_TORCH_RESIDUAL_KERNEL_H

#include <inpaintlab/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* image (N,3,H,W) -> the three filters, or their published form. NULL without an error where only a composition serves: when
 * the image's gradient is wanted, or for types and devices that have no kernel. */
il_tensor *il_kernels_residual(il_scope *s, il_tensor *image, bool published);

#ifdef __cplusplus
}
#endif

#endif
