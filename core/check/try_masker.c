/* try_masker.c - checks of maskers: size and values of masks, randomness from the seed alone. */
#include <string.h>
#include "check/leak.h"
#include "check/test_inputs.h"

enum { WIDTH = 256, HEIGHT = 192, SEEDS = 8 };

/* A mask of one photo by a fresh instance; *out is the caller's. */
static int mask_of(il_image *out, il_rule *rule, const il_plugin_check *c, uint64_t seed, il_err *e)
{
    void *self = NULL;
    il_image photo = { 0 };
    int rc = il_check_step_open(&self, c, e);
    if (rc)
        return rc;
    if (c->plugin->load)
        rc = c->plugin->load(self, (il_device){ IL_DEVICE_CPU, 0 }, e);
    if (!rc)
        rc = il_test_input_photo(&photo, WIDTH, HEIGHT, e);
    memset(rule, 0, sizeof *rule);
    if (!rc)
        rc = c->plugin->masker->mask(self, &photo, seed, out, rule, e);
    il_image_free(&photo);
    c->plugin->close(self);
    return rc;
}

static int shape(il_plugin_check *c, il_err *e)
{
    size_t marked = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        il_image mask = { 0 };
        il_rule rule;
        int rc = mask_of(&mask, &rule, c, seed, e);
        if (!rc && (mask.width != WIDTH || mask.height != HEIGHT || mask.channels != 1 || !mask.pixels))
            rc = il_fail(e, IL_EPLUGIN,
                         "the mask is %dx%d with %d channels; expected %dx%d like the photo "
                         "and 1 channel",
                         mask.width, mask.height, mask.channels, WIDTH, HEIGHT);
        size_t here = 0;
        for (size_t i = 0; !rc && i < (size_t)WIDTH * HEIGHT; i++)
            here += mask.pixels[i] == 255;
        if (!rc && here == 0)
            rc = il_fail(e, IL_EPLUGIN, "seed %d: no pixel of the mask is 255; expected some to paint", (int)seed);
        if (!rc && (!rule.text[0] || !memchr(rule.text, '\0', sizeof rule.text)))
            rc = il_fail(e, IL_EPLUGIN, "seed %d: the rule has no text; expected a description of the mask", (int)seed);
        il_image_free(&mask);
        if (rc)
            return rc;
        marked += here;
    }
    il_check_step_note(c, "%dx%d, one channel; covers %.1f %% of the image on average over %d seeds", WIDTH, HEIGHT,
                       100.0 * (double)marked / SEEDS / (WIDTH * HEIGHT), SEEDS);
    return IL_OK;
}

static int seeds(il_plugin_check *c, il_err *e)
{
    il_image first = { 0 };
    il_rule rule;
    int differ = 0, rc = mask_of(&first, &rule, c, 1, e);
    for (uint64_t seed = 1; seed <= SEEDS && !rc; seed++) {
        il_image mask = { 0 };
        rc = mask_of(&mask, &rule, c, seed, e);
        bool equal = !rc && mask.width == first.width && mask.height == first.height &&
                     mask.channels == first.channels &&
                     memcmp(mask.pixels, first.pixels,
                            (size_t)mask.width * (size_t)mask.height * (size_t)mask.channels) == 0;
        if (!rc && seed == 1 && !equal)
            rc = il_fail(e, IL_EPLUGIN,
                         "one photo and one seed give two different masks; expected a function of the "
                         "seed");
        differ += !equal;
        il_image_free(&mask);
    }
    il_image_free(&first);
    if (!rc)
        il_check_step_note(c, "equal seeds give equal masks; %d of %d other seeds give another mask", differ,
                           SEEDS - 1);
    return rc;
}

static int one_round(il_plugin_check *c, il_err *e)
{
    il_image mask = { 0 };
    il_rule rule;
    int rc = mask_of(&mask, &rule, c, 1, e);
    il_image_free(&mask);
    return rc;
}

static int growth(il_plugin_check *c, il_err *e)
{
    return il_leak_check(c, "open, load, mask, close", one_round, e);
}

const il_check_step il_check_step_masker[] = {
    { "shape", shape, true },
    { "seeds", seeds, false },
    { "memory", growth, false },
    { NULL, NULL, false },
};
