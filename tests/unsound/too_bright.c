/* too_bright.c - generator whose images exceed 1. */
#include "unsound.h"

static il_tensor *reconstruct(const void *self, il_scope *s, il_tensor *image)
{
    (void)self;
    return il_affine(s, image, 1, 0.5);
}

static const il_generator_ops ops = { .reconstruct = reconstruct, .multiple = 8 };

IL_PLUGIN = { .abi = IL_ABI,
              .kind = IL_KIND_GENERATOR,
              .name = "too_bright",
              .revision = 1,
              .open = bare_open,
              .close = free,
              .generator = &ops };
