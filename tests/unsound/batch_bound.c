/* batch_bound.c - model whose logits depend on the other images in the batch. */
#include "unsound.h"

static il_tensor *forward(const void *self, il_scope *s, il_tensor *image, il_tensor **aux)
{
    il_tensor *y = net_forward(self, s, image, aux);
    return il_add(s, y, il_affine(s, il_sum(s, image), 1e-4, 0));
}

UNSOUND_MODEL("batch_bound", net_build, forward, free);
