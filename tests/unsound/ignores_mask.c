/* ignores_mask.c - loss that counts every pixel, whatever the mask says. */
#include "unsound.h"

static il_tensor *forward(const void *self, il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid)
{
    (void)self, (void)valid;
    return il_mean(s, il_bce_logits(s, logit, target));
}

UNSOUND_LOSS("ignores_mask", forward);
