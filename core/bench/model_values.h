/* model_values.h - what a model computes for given images, to be compared with another program. */
#ifndef IL_BENCH_MODEL_VALUES_H
#define IL_BENCH_MODEL_VALUES_H

#include <inpaintlab/weights.h>
#include "plugin/model.h"

/* From the tensors `image` (N,3,H,W) and, if it is there, `weight` (N,1,H,W) of `in`: `testing` and `training`, the logits in both
 * modes; `grad.NAME`, the gradient of sum(training * weight) for each parameter; `after.NAME`, each buffer after that step, which
 * stays in the model. */
int il_model_values(il_bundle **out, const il_model *m, const il_bundle *in, il_err *e);

#endif
