/* soft.c - mask policy: the grey level itself as a soft target (the paper's first run). */
#include <inpaintlab/plugin.h>

static int soft_open(void **out, const il_params *p, il_err *e)
{
    (void)p;
    (void)e;
    *out = NULL; /* nothing to keep */
    return IL_OK;
}

static void soft_close(void *self)
{
    (void)self;
}

static float soft_label(const void *self, uint8_t grey)
{
    (void)self;
    return (float)grey / 255.0f;
}

static const il_mask_policy_ops ops = { .label = soft_label };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MASK_POLICY,
    .name = "soft",
    .revision = 1,
    .summary = "the blurred mask's grey level / 255 is the target",
    .open = soft_open,
    .close = soft_close,
    .mask_policy = &ops,
};
