/* masker.c - a masker that paints nothing. */
#include "evil.h"

static int evil_mask(const void *self, const il_image *photo, uint64_t seed, il_image *out, il_rule *rule, il_err *e)
{
    (void)self, (void)photo, (void)seed, (void)out, (void)rule;
    return il_fail(e, IL_EDATA, "no mask");
}

static const il_masker_ops ops = { .mask = evil_mask };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MASKER,
    .name = "evil",
    .revision = 1,
    .open = stub_open,
    .close = stub_close,
    .masker = &ops,
};
