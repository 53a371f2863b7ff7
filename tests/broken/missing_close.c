/* missing_close.c - opens but cannot close. */
#include "broken.h"

static const il_mask_policy_ops ops = { .label = broken_label };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MASK_POLICY,
    .name = "missing_close",
    .revision = 1,
    .open = broken_open,
    .mask_policy = &ops,
};
