/* nan_logits.c - model that divides by the image's brightness: 0/0 where it is black. */
#include "unsound.h"

static il_tensor *forward(const void *self, il_scope *s, il_tensor *image, il_tensor **aux)
{
    il_tensor *y = net_forward(self, s, image, aux), *mean = il_mean(s, image);
    return il_mul(s, y, il_div(s, mean, mean));
}

UNSOUND_MODEL("nan_logits", net_build, forward, free);
