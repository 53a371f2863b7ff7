/* restless.c - model whose logits shift a little with every pass. */
#include "unsound.h"

static il_tensor *forward(const void *self, il_scope *s, il_tensor *image, il_tensor **aux)
{
    struct net *m = (struct net *)self;
    il_tensor *y = net_forward(self, s, image, aux);
    return il_affine(s, y, 1, 1e-6 * m->passes++);
}

UNSOUND_MODEL("restless", net_build, forward, free);
