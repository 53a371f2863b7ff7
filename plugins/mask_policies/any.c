/* any.c - mask policy: all that the blurred mask touches counts as inpainted (the paper's second run). */
#include <inpaintlab/plugin.h>

static int any_open(void **out, const il_params *p, il_err *e)
{
    (void)p;
    (void)e;
    *out = NULL; /* nothing to keep */
    return IL_OK;
}

static void any_close(void *self)
{
    (void)self;
}

static float any_label(const void *self, uint8_t grey)
{
    (void)self;
    return grey > 0 ? 1.0f : 0.0f;
}

static const il_mask_policy_ops ops = { .label = any_label };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MASK_POLICY,
    .name = "any",
    .revision = 1,
    .summary = "every grey level above 0 counts as inpainted",
    .open = any_open,
    .close = any_close,
    .mask_policy = &ops,
};
