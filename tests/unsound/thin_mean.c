/* thin_mean.c - loss that sums over the pixels that count and divides by all of them. */
#include "unsound.h"

static il_tensor *forward(const void *self, il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid)
{
    (void)self;
    return il_mean(s, il_where(s, valid, il_bce_logits(s, il_where(s, valid, logit, 0), target), 0));
}

UNSOUND_LOSS("thin_mean", forward);
