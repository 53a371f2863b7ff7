/* net.c - stub model with a setting of every type. */
#include "stub.h"

static const il_param_spec params[] = {
    { "size", IL_PARAM_INT, "40", 1, 100, NULL, "millions" },
    { "width", IL_PARAM_REAL, "1", 0.125, 4, NULL, "factor" },
    { "mode", IL_PARAM_TEXT, "plain", 0, 0, "plain|deep", "shape" },
    { "wide", IL_PARAM_BOOL, "false", 0, 0, NULL, "switch" },
    { "file", IL_PARAM_PATH, "", 0, 0, NULL, "a file" },
    { 0 },
};
static const il_model_ops ops = { .build = stub_build, .forward = stub_forward };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MODEL,
    .name = "net",
    .revision = 2,
    .params = params,
    .open = stub_open,
    .close = stub_close,
    .model = &ops,
};
