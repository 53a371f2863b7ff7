/* rectangle.c - masker: the random rectangle of the paper's Dataset 1, with sides from `least` to half the picture's
 * (one pixel more, as both ends are drawn). A picture with a side below 2 * least is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <inpaintlab/plugin.h>

struct rectangle {
    int least;
};

static const il_param_spec rectangle_params[] = {
    { .name = "least",
      .type = IL_PARAM_INT,
      .fallback = "64",
      .min = 1,
      .max = 100000,
      .help = "least side in pixels" },
    { .name = NULL },
};

static int rectangle_open(void **out, const il_params *p, il_err *e)
{
    struct rectangle *r = malloc(sizeof *r);
    if (!r)
        return il_fail_oom(e);
    *r = (struct rectangle){ .least = (int)il_params_int(p, "least") };
    *out = r;
    return IL_OK;
}

static int rectangle_mask(const void *self, const il_image *photo, uint64_t seed, il_image *out, il_rule *rule,
                          il_err *e)
{
    const struct rectangle *r = self;
    int rc = il_image_random_rectangle(out, photo->width, photo->height, r->least, seed, e);
    if (!rc)
        snprintf(rule->text, sizeof rule->text, "random rectangle");
    return rc;
}

static const il_masker_ops ops = { .mask = rectangle_mask };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MASKER,
    .name = "rectangle",
    .revision = 1,
    .summary = "a random rectangle of at least 64 pixels a side (Dataset 1)",
    .params = rectangle_params,
    .open = rectangle_open,
    .close = free,
    .masker = &ops,
};
