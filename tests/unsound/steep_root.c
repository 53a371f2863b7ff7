/* steep_root.c - loss with the square root of the error, whose slope is infinite where the error is 0. */
#include "unsound.h"

static il_tensor *forward(const void *self, il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid)
{
    (void)self;
    il_tensor *x = il_where(s, valid, logit, 0), *p = il_sigmoid(s, x);
    il_tensor *miss = il_lerp(s, p, il_affine(s, p, -1, 1), target);
    return il_mean_where(s, il_mul(s, il_pow(s, miss, 0.5), il_bce_logits(s, x, target)), valid);
}

UNSOUND_LOSS("steep_root", forward);
