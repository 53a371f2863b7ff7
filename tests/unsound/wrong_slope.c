/* wrong_slope.c - loss whose weights depend on the logits, but are detached from the gradient. */
#include "unsound.h"

static il_tensor *forward(const void *self, il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid)
{
    (void)self;
    il_tensor *x = il_where(s, valid, logit, 0);
    il_tensor *miss = il_pow(s, il_sub(s, il_sigmoid(s, x), target), 2);
    return il_mean_where(s, il_mul(s, il_detach(s, miss), il_bce_logits(s, x, target)), valid);
}

UNSOUND_LOSS("wrong_slope", forward);
