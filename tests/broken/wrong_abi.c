/* wrong_abi.c - of another ABI: neither its constructor nor its open may run. */
#include "broken.h"

__attribute__((constructor)) static void start(void)
{
    setenv("BROKEN_PLUGIN_RAN", "constructor", 1);
}

static const il_mask_policy_ops ops = { .label = broken_label };

IL_PLUGIN = {
    .abi = IL_ABI + 1,
    .kind = IL_KIND_MASK_POLICY,
    .name = "wrong_abi",
    .revision = 1,
    .open = broken_open,
    .close = broken_close,
    .mask_policy = &ops,
};
