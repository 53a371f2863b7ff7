/* leaks.c - model whose memory is never freed. */
#include "unsound.h"

static void leave(void *self)
{
    (void)self;
}

UNSOUND_MODEL("leaks", net_build, net_forward, leave);
