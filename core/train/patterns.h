/* patterns.h - train.freeze and train.lr_of on the tensors of a model. */
#ifndef IL_TRAIN_PATTERNS_H
#define IL_TRAIN_PATTERNS_H

#include <inpaintlab/optimizer.h>
#include "plan/run.h"
#include "plugin/model.h"

/* After the weights are loaded: buffers keep the values that they have now. IL_EPARAM for a pattern that matches nothing, and where
 * nothing is left to train. */
int il_patterns_apply(il_model *m, il_adam *a, const il_training *t, il_err *e);

#endif
