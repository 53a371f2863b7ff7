/* overflows.c - loss that grows with the exponential of a wrong logit: infinite in single precision from 89 on. */
#include "unsound.h"

static il_tensor *forward(const void *self, il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid)
{
    (void)self;
    il_tensor *sign = il_affine(s, target, -2, 1);
    return il_mean_where(s, il_exp(s, il_mul(s, il_where(s, valid, logit, 0), sign)), valid);
}

UNSOUND_LOSS("overflows", forward);
