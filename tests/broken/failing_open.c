/* failing_open.c - sound, but never opens. */
#include "broken.h"

static int never(void **out, const il_params *p, il_err *e)
{
    (void)out, (void)p;
    return il_fail(e, IL_EPLUGIN, "this plugin never opens");
}

static const il_mask_policy_ops ops = { .label = broken_label };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MASK_POLICY,
    .name = "failing_open",
    .revision = 1,
    .open = never,
    .close = broken_close,
    .mask_policy = &ops,
};
