/* counts.h - pixels counted on the device, without a copy to the host. */
#ifndef IL_TORCH_COUNTS_H
#define IL_TORCH_COUNTS_H

#include <inpaintlab/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Pixels counted per picture: logit, target (N,1,H,W) -> IL_DTYPE_I64 (N,4): tp, fp, fn, tn. Predicted where
 * sigmoid(logit) > 0.5, which is logit > 0; true where target > 0. valid, of the same shape: only pixels where it is not 0 count; NULL: all.
 * Nothing is copied to the host. */
il_tensor *il_confusion(il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid);

/* Scores counted per picture: logit, target (N,1,H,W) -> IL_DTYPE_I64 (N,2,IL_SCORE_BINS), first where
 * target > 0, then elsewhere, in the bins of base/score_bins.h; those from IL_SCORE_HALF on are what il_confusion predicts.
 * Nothing is copied to the host. One pass over the pixels. */
il_tensor *il_count_scores(il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid);
/* The same numbers by libtorch's operations only; what il_count_scores is compared with. */
il_tensor *il_histogram(il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid);

#ifdef __cplusplus
}
#endif

#endif
