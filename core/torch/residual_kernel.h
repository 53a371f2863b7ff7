/* residual_kernel.h - the fused noise residual and its filters, which the shim offers to core/torch/residual.c. */
#ifndef IL_TORCH_RESIDUAL_KERNEL_H
#define IL_TORCH_RESIDUAL_KERNEL_H

#include <inpaintlab/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* image (N,3,H,W) -> the three filters, or their published form. NULL without an error where only a composition serves: when
 * the image's gradient is wanted, or for types and devices that have no kernel. */
il_tensor *il_kernels_residual(il_scope *s, il_tensor *image, bool published);

/* Float32 numbers that stay where they are and as they are: sent to each device once, not whenever they are used. */
il_tensor *il_constant(il_scope *s, const float *data, int ndim, const int64_t *shape);

#ifdef __cplusplus
}
#endif

#endif
