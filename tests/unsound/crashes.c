/* crashes.c - model whose forward pass reads through NULL. */
#include "unsound.h"

static il_tensor *forward(const void *self, il_scope *s, il_tensor *image, il_tensor **aux)
{
    (void)self, (void)aux, (void)image;
    il_tensor **nowhere = getenv("NO_SUCH_VARIABLE_OF_THE_TESTS") ? (il_tensor **)&s : NULL;
    return *(il_tensor *volatile *)nowhere;
}

UNSOUND_MODEL("crashes", net_build, forward, free);
