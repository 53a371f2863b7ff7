/* half_gradient.c - model with two equal paths, one of which is detached from the gradient. */
#include "unsound.h"

static il_tensor *forward(const void *self, il_scope *s, il_tensor *image, il_tensor **aux)
{
    il_tensor *y = net_forward(self, s, image, aux);
    return il_add(s, y, il_detach(s, y));
}

UNSOUND_MODEL("half_gradient", net_build, forward, free);
