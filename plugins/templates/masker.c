/* my_plugin.c - masker: an ellipse at a random place.
 * A masker says where to paint. Its random numbers are a function of the seed alone, so a data set can be made again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/plugin.h>
#include <inpaintlab/random.h>

struct my_plugin {
    double least, most;
};

/* What YAML may set. The program refuses any other key, wrong types and values out of range, before this code runs. */
static const il_param_spec my_plugin_params[] = {
    { .name = "least", .type = IL_PARAM_REAL, .fallback = "0.1", .min = 0.01, .max = 1,
      .help = "least half-axis, as a share of the picture's side" },
    { .name = "most", .type = IL_PARAM_REAL, .fallback = "0.3", .min = 0.01, .max = 1, .help = "largest half-axis likewise" },
    { .name = NULL },
};

static int my_plugin_open(void **out, const il_params *p, il_err *e)
{
    double least = il_params_real(p, "least"), most = il_params_real(p, "most");
    if (most < least)
        return il_fail(e, IL_EPARAM, "most: %g is below least, %g", most, least);
    struct my_plugin *m = malloc(sizeof *m);
    if (!m)
        return il_fail_oom(e);
    *m = (struct my_plugin){ .least = least, .most = most };
    *out = m;
    return IL_OK;
}

/* photo (RGB) -> its mask of one channel: 255 where to paint, else 0. */
static int my_plugin_mask(const void *self, const il_image *photo, uint64_t seed, il_image *out, il_rule *rule, il_err *e)
{
    const struct my_plugin *m = self;
    il_image mask = { 0 };
    int rc = il_image_new(&mask, photo->width, photo->height, 1, e);
    if (rc)
        return rc;
    memset(mask.pixels, 0, (size_t)mask.width * (size_t)mask.height);
    uint64_t state = seed;
    double a = (m->least + (m->most - m->least) * il_random_unit(&state)) * mask.width;
    double b = (m->least + (m->most - m->least) * il_random_unit(&state)) * mask.height;
    int column = (int)(il_random_unit(&state) * mask.width), row = (int)(il_random_unit(&state) * mask.height);
    for (int y = 0; y < mask.height; y++)
        for (int x = 0; x < mask.width; x++) {
            double u = (x - column) / a, v = (y - row) / b;
            if (u * u + v * v <= 1)
                mask.pixels[(size_t)y * (size_t)mask.width + (size_t)x] = 255;
        }
    snprintf(rule->text, sizeof rule->text, "ellipse of %.0f by %.0f around %d, %d", 2 * a, 2 * b, column, row);
    *out = mask;
    return IL_OK;
}

static const il_masker_ops ops = { .mask = my_plugin_mask };

IL_PLUGIN = {
    .abi = IL_ABI, .kind = IL_KIND_MASKER, .name = "my_plugin", .revision = 1, /* raise it when results change */
    .summary = "a random ellipse", .vendor = "my_plugin's authors", .version = "0.1.0",
    .params = my_plugin_params, .open = my_plugin_open, .close = free, .masker = &ops,
};
