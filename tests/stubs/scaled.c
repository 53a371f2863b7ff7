/* scaled.c - stub model with a setting of free text, which a grid may write as a list. */
#include "stub.h"

static const il_param_spec params[] = { { "mean", IL_PARAM_TEXT, "", 0, 0, NULL, "one number, or three" }, { 0 } };
static const il_model_ops ops = { .build = stub_build, .forward = stub_forward };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MODEL,
    .name = "scaled",
    .revision = 1,
    .params = params,
    .open = stub_open,
    .close = stub_close,
    .model = &ops,
};
