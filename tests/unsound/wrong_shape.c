/* wrong_shape.c - model whose logits are half as large as the image. */
#include "unsound.h"

static il_tensor *forward(const void *self, il_scope *s, il_tensor *image, il_tensor **aux)
{
    return il_max_pool2d(s, net_forward(self, s, image, aux), 2, 2, 0);
}

UNSOUND_MODEL("wrong_shape", net_build, forward, free);
