/* missing_callback.c - a model that builds but has no forward pass. */
#include "broken.h"

static int build(void *self, il_state *st, il_err *e)
{
    (void)self, (void)st, (void)e;
    return IL_OK;
}

static const il_model_ops ops = { .build = build };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MODEL,
    .name = "missing_callback",
    .revision = 1,
    .open = broken_open,
    .close = broken_close,
    .model = &ops,
};
