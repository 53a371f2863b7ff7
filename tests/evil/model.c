/* model.c - a model that can be planned with. */
#include "evil.h"

static const il_model_ops ops = { .build = stub_build, .forward = stub_forward };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MODEL,
    .name = "evil",
    .revision = 1,
    .open = stub_open,
    .close = stub_close,
    .model = &ops,
};
