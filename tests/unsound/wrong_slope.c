/* wrong_slope.c - loss whose weights depend on the logits, but are detached from the gradient. */
#include "unsound.h"

static il_tensor *forward(const void *self, il_scope *s, il_tensor *logit, il_tensor *target)
{
    (void)self;
    il_tensor *miss = il_pow(s, il_sub(s, il_sigmoid(s, logit), target), 2);
    return il_mean(s, il_mul(s, il_detach(s, miss), il_bce_logits(s, logit, target)));
}

UNSOUND_LOSS("wrong_slope", forward);
