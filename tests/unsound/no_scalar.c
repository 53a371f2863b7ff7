/* no_scalar.c - loss that returns one number per image. */
#include "unsound.h"

static il_tensor *forward(const void *self, il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid)
{
    (void)self, (void)valid;
    return il_sum_to(s, il_bce_logits(s, logit, target), 1);
}

UNSOUND_LOSS("no_scalar", forward);
