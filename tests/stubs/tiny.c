/* tiny.c - stub model without settings. */
#include "stub.h"

static const il_model_ops ops = { .build = stub_build, .forward = stub_forward };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MODEL,
    .name = "tiny",
    .revision = 1,
    .open = stub_open,
    .close = stub_close,
    .model = &ops,
};
