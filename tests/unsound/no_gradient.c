/* no_gradient.c - model with a parameter that forward does not use. */
#include "unsound.h"

static int build(void *self, il_state *st, il_err *e)
{
    struct net *m = self;
    m->unused = il_state_param(st, "idle", IL_INIT_ONES, 0, 1, (int64_t[]){ 4 });
    return net_build(self, st, e);
}

UNSOUND_MODEL("no_gradient", build, net_forward, free);
