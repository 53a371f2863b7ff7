/* odd_name.c - bears a name that YAML and tables could not carry. */
#include "broken.h"

static const il_mask_policy_ops ops = { .label = broken_label };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MASK_POLICY,
    .name = "Odd Name",
    .revision = 1,
    .open = broken_open,
    .close = broken_close,
    .mask_policy = &ops,
};
