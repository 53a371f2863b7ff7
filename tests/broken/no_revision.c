/* no_revision.c - results of it could not be told from those of a later one. */
#include "broken.h"

static const il_mask_policy_ops ops = { .label = broken_label };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MASK_POLICY,
    .name = "no_revision",
    .open = broken_open,
    .close = broken_close,
    .mask_policy = &ops,
};
