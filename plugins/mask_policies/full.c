/* full.c - mask policy: only what the mask covers fully counts as inpainted (the paper's third run and all later ones). */
#include <inpaintlab/plugin.h>

static int full_open(void **out, const il_params *p, il_err *e)
{
    (void)p;
    (void)e;
    *out = NULL; /* nothing to keep */
    return IL_OK;
}

static void full_close(void *self)
{
    (void)self;
}

static float full_label(const void *self, uint8_t grey)
{
    (void)self;
    return grey == 255 ? 1.0f : 0.0f;
}

static const il_mask_policy_ops ops = { .label = full_label };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MASK_POLICY,
    .name = "full",
    .revision = 1,
    .summary = "only grey level 255 counts as inpainted",
    .open = full_open,
    .close = full_close,
    .mask_policy = &ops,
};
