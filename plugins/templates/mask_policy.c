/* my_plugin.c - mask policy: grey levels up to `low` count as clean, from `high` on as inpainted, those between by share.
 * A mask policy turns the grey levels of a blurred mask into the values that a detector learns. */
#include <stdlib.h>
#include <inpaintlab/plugin.h>

struct my_plugin {
    int64_t low, high;
};

/* What YAML may set. The program refuses any other key, wrong types and values out of range, before this code runs. */
static const il_param_spec my_plugin_params[] = {
    { .name = "low", .type = IL_PARAM_INT, .fallback = "64", .min = 0, .max = 254, .help = "last grey level that is clean" },
    { .name = "high", .type = IL_PARAM_INT, .fallback = "192", .min = 1, .max = 255,
      .help = "first grey level that is inpainted; above low" },
    { .name = NULL },
};

/* What the table cannot tell is checked here. */
static int my_plugin_open(void **out, const il_params *p, il_err *e)
{
    int64_t low = il_params_int(p, "low"), high = il_params_int(p, "high");
    if (high <= low)
        return il_fail(e, IL_EPARAM, "high: %lld is not above low, %lld", (long long)high, (long long)low);
    struct my_plugin *m = malloc(sizeof *m);
    if (!m)
        return il_fail_oom(e);
    *m = (struct my_plugin){ .low = low, .high = high };
    *out = m;
    return IL_OK;
}

/* One grey level -> [0,1]; called for all 256 of them at start. */
static float my_plugin_label(const void *self, uint8_t grey)
{
    const struct my_plugin *m = self;
    if (grey <= m->low)
        return 0.0f;
    if (grey >= m->high)
        return 1.0f;
    return (float)(grey - m->low) / (float)(m->high - m->low);
}

static const il_mask_policy_ops ops = { .label = my_plugin_label };

IL_PLUGIN = {
    .abi = IL_ABI, .kind = IL_KIND_MASK_POLICY, .name = "my_plugin", .revision = 1, /* raise it when results change */
    .summary = "a ramp between two grey levels", .vendor = "my_plugin's authors", .version = "0.1.0",
    .params = my_plugin_params, .open = my_plugin_open, .close = free, .mask_policy = &ops,
};
