/* empty_name.c - bears no name. */
#include "broken.h"

static const il_mask_policy_ops ops = { .label = broken_label };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MASK_POLICY,
    .name = "",
    .revision = 1,
    .open = broken_open,
    .close = broken_close,
    .mask_policy = &ops,
};
