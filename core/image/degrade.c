/* degrade.c - the table of degradations, their names, and applying one of them to an image.
 * Levels of jpeg, blur and noise are those of IMDL-BenCo's robustness tests; the others are common in the field. */
#include <stdio.h>
#include <string.h>
#include <inpaintlab/random.h>
#include "image/degrade.h"
#include "image/degrade_parts.h"

/* Seed of all random choices, so that every model sees the same images. */
#define SEED UINT64_C(20240613)

/* To be raised when the same level gives other bytes. */
enum { REVISION = 1 };

static const il_param_spec double_jpeg[] = {
    { "first", IL_PARAM_INT, "75", 1, 100, NULL, "quality of the first compression" },
    { "shift", IL_PARAM_BOOL, "false", 0, 0, NULL, "shift the first compression's blocks by 0 to 7 pixels" },
    { 0 },
};

static const il_param_spec flip[] = {
    { "direction", IL_PARAM_TEXT, "horizontal", 0, 0, "horizontal|vertical",
      "horizontal exchanges left and right, vertical top and bottom" },
    { 0 },
};

#define JITTER(name)                                                                                                   \
    {                                                                                                                  \
        name, IL_PARAM_REAL, "0", 0, 4, NULL, "largest deviation of its factor from 1"                                 \
    }
static const il_param_spec jitter[] = { JITTER("brightness"), JITTER("contrast"), JITTER("saturation"), { 0 } };

#define LEVEL(type, low, high, help) .level = { { "level", type, NULL, low, high, NULL, help }, { 0 } }

static const il_degrade_spec specs[IL_AUGMENT_KINDS] = {
    [IL_DEGRADE_JPEG] = { .name = "jpeg",
                          LEVEL(IL_PARAM_INT, 1, 100, "quality"),
                          .fallback = { 100, 90, 80, 70, 60, 50 } },
    [IL_DEGRADE_DOUBLE_JPEG] = { .name = "double_jpeg",
                                 LEVEL(IL_PARAM_INT, 1, 100, "quality of the second compression"),
                                 .fallback = { 95, 90, 80, 70, 60, 50 },
                                 .settings = double_jpeg },
    [IL_DEGRADE_WEBP] = { .name = "webp",
                          LEVEL(IL_PARAM_INT, 1, 100, "quality"),
                          .fallback = { 100, 90, 80, 70, 60, 50 } },
    [IL_DEGRADE_RESIZE] = { .name = "resize",
                            LEVEL(IL_PARAM_REAL, 0.05, 4, "scale factor of both sides"),
                            .fallback = { 1.5, 0.9, 0.78, 0.5, 0.25 } },
    [IL_DEGRADE_BLUR] = { .name = "blur",
                          LEVEL(IL_PARAM_INT, 3, 99, "side of the kernel, pixels"),
                          .odd = true,
                          .fallback = { 3, 7, 11, 15, 19, 23 } },
    [IL_DEGRADE_NOISE] = { .name = "noise",
                           LEVEL(IL_PARAM_REAL, 0.01, 255, "standard deviation, on levels 0 to 255"),
                           .fallback = { 3, 7, 11, 15, 19, 23 } },
    [IL_DEGRADE_CROP] = { .name = "crop",
                          LEVEL(IL_PARAM_REAL, 0.05, 0.99, "fraction of both sides that is kept"),
                          .fallback = { 0.9, 0.75, 0.5 } },
    [IL_DEGRADE_ROTATE] = { .name = "rotate" },
    [IL_DEGRADE_FLIP] = { .name = "flip", .settings = flip, .usual = "direction" },
    [IL_DEGRADE_JITTER] = { .name = "jitter", .settings = jitter },
};

const il_degrade_spec *il_degrade_spec_of(il_degrade_kind kind)
{
    return &specs[kind];
}

il_degrade_kind il_degrade_find(const char *name)
{
    for (int kind = IL_DEGRADE_NONE + 1; kind < IL_AUGMENT_KINDS; kind++)
        if (strcmp(specs[kind].name, name) == 0)
            return (il_degrade_kind)kind;
    return IL_DEGRADE_NONE;
}

int il_degrade_revision(void)
{
    return REVISION;
}

const char *il_degrade_name(const il_degradation *d)
{
    return specs[d->kind].name;
}

/* "jitter contrast 0.93 brightness 1.1" */
static void write_jitter(char *to, size_t size, const il_jitter *j)
{
    int used = snprintf(to, size, "jitter");
    for (int i = 0; i < j->count && used > 0 && (size_t)used < size; i++)
        used += snprintf(to + used, size - (size_t)used, " %s %.6g", jitter[j->order[i]].name, j->factor[j->order[i]]);
}

il_degrade_words il_degrade_shown(const il_degradation *d)
{
    il_degrade_words w = { "" };
    const char *name = specs[d->kind].name;
    if (d->kind == IL_DEGRADE_FLIP)
        snprintf(w.text, sizeof w.text, "%s %s", name, d->upright ? "vertical" : "horizontal");
    else if (d->kind == IL_DEGRADE_JITTER)
        write_jitter(w.text, sizeof w.text, &d->jitter);
    else if (d->kind != IL_DEGRADE_NONE)
        snprintf(w.text, sizeof w.text, "%s %.10g", name, d->level);
    return w;
}

il_degrade_words il_degrade_settings(const il_degradation *d)
{
    il_degrade_words w = { "" };
    if (d->kind == IL_DEGRADE_DOUBLE_JPEG)
        snprintf(w.text, sizeof w.text, "{\"first\":%d,\"shift\":%s}", d->first, d->shift ? "true" : "false");
    return w;
}

il_degrade_words il_degrade_identity(const il_degradation *d)
{
    il_degrade_words w = { "" };
    snprintf(w.text, sizeof w.text, "%s %.17g%.40s revision %d seed %llu", specs[d->kind].name, d->level,
             il_degrade_settings(d).text, REVISION, (unsigned long long)SEED);
    return w;
}

static int replace(il_image *image, const il_degradation *d, uint64_t seed, const char *id, il_err *e)
{
    il_image out = { 0 };
    int rc = IL_OK;
    switch (d->kind) {
    case IL_DEGRADE_JPEG: rc = il_degrade_jpeg(&out, image, (int)d->level, id, e); break;
    case IL_DEGRADE_DOUBLE_JPEG: rc = il_degrade_double_jpeg(&out, image, d, seed, id, e); break;
    case IL_DEGRADE_WEBP: rc = il_degrade_webp(&out, image, (int)d->level, id, e); break;
    case IL_DEGRADE_BLUR: rc = il_degrade_blur(&out, image, (int)d->level, e); break;
    case IL_DEGRADE_NOISE: rc = il_degrade_noise(&out, image, d->level, seed, e); break;
    default: return IL_OK;
    }
    if (rc)
        return rc;
    il_image_free(image);
    *image = out;
    return IL_OK;
}

void il_degrade_size(int *width, int *height, const il_degradation *d)
{
    if (d->kind != IL_DEGRADE_RESIZE && d->kind != IL_DEGRADE_CROP)
        return;
    *width = il_degrade_scaled(*width, d->level);
    *height = il_degrade_scaled(*height, d->level);
}

int il_degrade_seeded(il_image *image, il_image *mask, const il_degradation *d, uint64_t seed, const char *id,
                      il_err *e)
{
    int rc = IL_OK;
    switch (d->kind) {
    case IL_DEGRADE_RESIZE: rc = il_degrade_resize(image, mask, d->level, e); break;
    case IL_DEGRADE_CROP: rc = il_degrade_crop(image, mask, d->level, seed, e); break;
    case IL_DEGRADE_ROTATE: rc = il_degrade_rotate(image, mask, (int)d->level / 90, e); break;
    case IL_DEGRADE_FLIP: rc = il_degrade_flip(image, mask, d->upright, e); break;
    case IL_DEGRADE_JITTER: il_degrade_jitter(image, &d->jitter); break;
    default: rc = replace(image, d, seed, id, e);
    }
    return rc ? il_fail_in(e, "degraded by %s", il_degrade_shown(d).text) : IL_OK;
}

int il_degrade_apply(il_image *image, il_image *mask, const il_degradation *d, const char *id, il_err *e)
{
    il_degrade_words name = il_degrade_identity(d);
    return il_degrade_seeded(image, mask, d, il_random_seed(il_random_seed(SEED, name.text), id), id, e);
}
