/* undefined_symbol.c - wants a function that nobody has. */
#include "broken.h"

int il_no_such_function(void **out, const il_params *p, il_err *e);

static const il_mask_policy_ops ops = { .label = broken_label };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MASK_POLICY,
    .name = "undefined_symbol",
    .revision = 1,
    .open = il_no_such_function,
    .close = broken_close,
    .mask_policy = &ops,
};
