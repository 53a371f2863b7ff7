/* eager_buffer.c - model that counts its passes in a buffer, outside training too. */
#include "unsound.h"

static int build(void *self, il_state *st, il_err *e)
{
    struct net *m = self;
    m->unused = il_state_buffer(st, "passes", IL_DTYPE_F32, 0, 1, (int64_t[]){ 1 });
    return net_build(self, st, e);
}

static il_tensor *forward(const void *self, il_scope *s, il_tensor *image, il_tensor **aux)
{
    const struct net *m = self;
    il_tensor *next = il_affine(s, m->unused, 1, 1);
    if (next)
        il_copy(m->unused, next, NULL);
    return net_forward(self, s, image, aux);
}

UNSOUND_MODEL("eager_buffer", build, forward, free);
