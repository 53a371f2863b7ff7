/* wrong_way.c - loss with the target inverted. */
#include "unsound.h"

static il_tensor *forward(const void *self, il_scope *s, il_tensor *logit, il_tensor *target)
{
    (void)self;
    return il_mean(s, il_bce_logits(s, logit, il_affine(s, target, -1, 1)));
}

UNSOUND_LOSS("wrong_way", forward);
