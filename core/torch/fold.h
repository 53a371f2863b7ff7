/* fold.h - batch norms folded into the convolutions before them. */
#ifndef IL_TORCH_FOLD_H
#define IL_TORCH_FOLD_H

#include <inpaintlab/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A batch norm with its running statistics as a factor and a summand per channel; all (O). rectified: then max(0, y). */
typedef struct il_fold {
    il_tensor *weight, *bias, *mean, *var;
    bool rectified;
} il_fold;

/* The convolution, that batch norm and rectifier, as one convolution: for evaluation, no gradient is recorded. The scaled
 * weights are kept with `weight` until one of the tensors, or on the CPU the size of x, changes. */
il_tensor *il_conv2d_folded(il_scope *s, il_tensor *x, il_tensor *weight, il_tensor *bias, il_fold norm,
                            il_conv_geometry o);

#ifdef __cplusplus
}
#endif

#endif
