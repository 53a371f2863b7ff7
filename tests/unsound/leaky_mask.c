/* leaky_mask.c - loss whose value heeds the mask, but whose gradient does not. */
#include "unsound.h"

static il_tensor *forward(const void *self, il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid)
{
    (void)self;
    il_tensor *all = il_mean(s, il_bce_logits(s, logit, target));
    il_tensor *some = il_mean_where(s, il_bce_logits(s, logit, target), valid);
    return il_add(s, il_detach(s, il_sub(s, some, all)), all);
}

UNSOUND_LOSS("leaky_mask", forward);
