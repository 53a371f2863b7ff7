/* bad_default.c - a setting whose default is out of its own range. */
#include "broken.h"

static const il_param_spec params[] = { { "level", IL_PARAM_INT, "300", 0, 255, NULL, "grey level" }, { 0 } };
static const il_mask_policy_ops ops = { .label = broken_label };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MASK_POLICY,
    .name = "bad_default",
    .revision = 1,
    .params = params,
    .open = broken_open,
    .close = broken_close,
    .mask_policy = &ops,
};
