/* steep_root.c - loss with the square root of the error, whose slope is infinite where the error is 0. */
#include "unsound.h"

static il_tensor *forward(const void *self, il_scope *s, il_tensor *logit, il_tensor *target)
{
    (void)self;
    il_tensor *p = il_sigmoid(s, logit);
    il_tensor *miss = il_lerp(s, p, il_affine(s, p, -1, 1), target);
    return il_mean(s, il_mul(s, il_pow(s, miss, 0.5), il_bce_logits(s, logit, target)));
}

UNSOUND_LOSS("steep_root", forward);
