/* full.c - stub mask policy in place of the default one. */
#include "stub.h"

static const il_mask_policy_ops ops = { .label = stub_label };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MASK_POLICY,
    .name = "full",
    .revision = 1,
    .open = stub_open,
    .close = stub_close,
    .mask_policy = &ops,
};
