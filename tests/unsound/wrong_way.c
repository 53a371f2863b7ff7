/* wrong_way.c - loss with the target inverted. */
#include "unsound.h"

static il_tensor *forward(const void *self, il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid)
{
    (void)self;
    return il_mean_where(s, il_bce_logits(s, il_where(s, valid, logit, 0), il_affine(s, target, -1, 1)), valid);
}

UNSOUND_LOSS("wrong_way", forward);
