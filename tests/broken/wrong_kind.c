/* wrong_kind.c - of a kind that does not exist. */
#include "broken.h"

static const il_mask_policy_ops ops = { .label = broken_label };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = (il_kind)9,
    .name = "wrong_kind",
    .revision = 1,
    .open = broken_open,
    .close = broken_close,
    .mask_policy = &ops,
};
