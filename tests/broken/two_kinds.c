/* two_kinds.c - a mask policy that is a loss as well. */
#include "broken.h"

static il_tensor *forward(const void *self, il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid)
{
    (void)self, (void)s, (void)target, (void)valid;
    return logit;
}

static const il_mask_policy_ops policy = { .label = broken_label };
static const il_loss_ops loss = { .forward = forward };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MASK_POLICY,
    .name = "two_kinds",
    .revision = 1,
    .open = broken_open,
    .close = broken_close,
    .mask_policy = &policy,
    .loss = &loss,
};
