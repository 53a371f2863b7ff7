/* reserved_setting.c - a setting called as the grid's own key. */
#include "broken.h"

static const il_param_spec params[] = { { "label", IL_PARAM_TEXT, "x", 0, 0, NULL, "taken" }, { 0 } };
static const il_mask_policy_ops ops = { .label = broken_label };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MASK_POLICY,
    .name = "reserved_setting",
    .revision = 1,
    .params = params,
    .open = broken_open,
    .close = broken_close,
    .mask_policy = &ops,
};
