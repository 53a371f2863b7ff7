/* dull.c - model that cannot tell one pixel from another: the image is replaced by a constant. */
#include "unsound.h"

static int build(void *self, il_state *st, il_err *e)
{
    struct net *m = self;
    m->head = il_conv_declare(st, "head", (il_conv_spec){ .in = 3, .out = 1, .kernel = 1 });
    return il_state_status(st, e);
}

static il_tensor *forward(const void *self, il_scope *s, il_tensor *image, il_tensor **aux)
{
    const struct net *m = self;
    if (aux)
        *aux = NULL;
    return il_conv_apply(s, &m->head, il_affine(s, image, 0, 0.5));
}

UNSOUND_MODEL("dull", build, forward, free);
