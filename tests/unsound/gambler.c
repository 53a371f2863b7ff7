/* gambler.c - masker whose randomness comes from the clock instead of the seed. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "unsound.h"

static int mask(const void *self, const il_image *photo, uint64_t seed, il_image *out, il_rule *rule, il_err *e)
{
    (void)self, (void)seed;
    il_image m = { 0 };
    int rc = il_image_new(&m, photo->width, photo->height, 1, e);
    if (rc)
        return rc;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    memset(m.pixels, 0, (size_t)m.width * (size_t)m.height);
    memcpy(m.pixels, &now, sizeof now);
    m.pixels[100] = 255;
    snprintf(rule->text, sizeof rule->text, "the clock");
    *out = m;
    return IL_OK;
}

static const il_masker_ops ops = { .mask = mask };

IL_PLUGIN = { .abi = IL_ABI,
              .kind = IL_KIND_MASKER,
              .name = "gambler",
              .revision = 1,
              .open = bare_open,
              .close = free,
              .masker = &ops };
