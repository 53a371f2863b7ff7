/* specks.c - stub masker with masks of one pixel, which the blur removes. */
#include <string.h>
#include "stub.h"

static int specks_mask(const void *self, const il_image *photo, uint64_t seed, il_image *out, il_rule *rule, il_err *e)
{
    (void)self;
    (void)seed;
    il_image mask = { 0 };
    int rc = il_image_new(&mask, photo->width, photo->height, 1, e);
    if (rc)
        return rc;
    memset(mask.pixels, 0, (size_t)mask.width * (size_t)mask.height);
    mask.pixels[mask.height / 2 * mask.width + mask.width / 2] = 255;
    strcpy(rule->text, "a speck");
    *out = mask;
    return IL_OK;
}

static const il_masker_ops ops = { .mask = specks_mask };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MASKER,
    .name = "specks",
    .revision = 1,
    .open = stub_open,
    .close = stub_close,
    .masker = &ops,
};
