/* threshold.c - mask policy: grey levels from a chosen one on count as inpainted.
 * params: level (128), the first grey level that counts. */
#include <stdlib.h>
#include <inpaintlab/plugin.h>

struct threshold {
    int64_t level;
};

static int threshold_open(void **out, const il_params *p, il_err *e)
{
    struct threshold *t = malloc(sizeof *t);
    if (!t)
        return il_fail_oom(e);
    *t = (struct threshold){ il_params_int(p, "level") };
    *out = t;
    return IL_OK;
}

static float threshold_label(const void *self, uint8_t grey)
{
    const struct threshold *t = self;
    return grey >= t->level ? 1.0f : 0.0f;
}

static const il_param_spec params[] = {
    { .name = "level",
      .type = IL_PARAM_INT,
      .fallback = "128",
      .min = 1,
      .max = 255,
      .help = "first grey level that counts as inpainted" },
    { .name = NULL },
};

static const il_mask_policy_ops ops = { .label = threshold_label };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MASK_POLICY,
    .name = "threshold",
    .revision = 1,
    .summary = "grey levels from `level` on count as inpainted",
    .params = params,
    .open = threshold_open,
    .close = free,
    .mask_policy = &ops,
};
