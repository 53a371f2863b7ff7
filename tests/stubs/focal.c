/* focal.c - stub loss in place of the default one. */
#include "stub.h"

static const il_param_spec params[] = {
    { "alpha", IL_PARAM_REAL, "0.25", 0, 1, NULL, "weight of class 1" },
    { "gamma", IL_PARAM_REAL, "2", 0, 1e9, NULL, "focus" },
    { 0 },
};
static const il_loss_ops ops = { .forward = stub_loss };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_LOSS,
    .name = "focal",
    .revision = 1,
    .params = params,
    .open = stub_open,
    .close = stub_close,
    .loss = &ops,
};
