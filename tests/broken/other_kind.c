/* other_kind.c - says it is a loss and brings a mask policy. */
#include "broken.h"

static const il_mask_policy_ops ops = { .label = broken_label };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_LOSS,
    .name = "other_kind",
    .revision = 1,
    .open = broken_open,
    .close = broken_close,
    .mask_policy = &ops,
};
