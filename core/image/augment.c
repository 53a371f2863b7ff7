/* augment.c - draws what happens to a picture in training, and does it by the code of tests. */
#include <math.h>
#include <stdlib.h>
#include <inpaintlab/random.h>
#include "base/params.h"
#include "image/augment.h"
#include "image/degrade.h"

void il_augment_free(il_augment *a)
{
    free(a->list);
    *a = (il_augment){ 0 };
}

/* ---- words ---- */

static void describe(il_text *to, const il_augmentation *a)
{
    const il_degrade_spec *spec = il_degrade_spec_of(a->plain.kind);
    il_text_add(to, "%s", spec->name);
    if (spec->level->name)
        il_text_add(to, " %s", il_params_real_text(a->low).text);
    if (spec->level->name && a->low < a->high)
        il_text_add(to, "..%s", il_params_real_text(a->high).text);
    if (a->plain.kind == IL_DEGRADE_DOUBLE_JPEG)
        il_text_add(to, " first %d%s", a->plain.first, a->plain.shift ? " shift" : "");
    if (a->plain.kind == IL_DEGRADE_FLIP)
        il_text_add(to, " %s", a->plain.upright ? "vertical" : "horizontal");
    for (int i = 0; i < IL_JITTER_KINDS; i++)
        if (a->spread[i] > 0)
            il_text_add(to, " %s %s", spec->settings[i].name, il_params_real_text(a->spread[i]).text);
    if (a->p < 1)
        il_text_add(to, " p %s", il_params_real_text(a->p).text);
}

void il_augment_describe(il_text *to, const il_augment *a)
{
    for (size_t i = 0; i < a->count; i++) {
        il_text_add(to, "%s", i ? "+" : "");
        describe(to, &a->list[i]);
    }
    if (!a->count)
        il_text_add(to, "none");
}

void il_augment_identity(il_text *to, const il_augment *a)
{
    il_augment_describe(to, a);
    if (il_degrade_revision() > 1)
        il_text_add(to, ", revision %d", il_degrade_revision());
}

/* ---- choices ---- */

/* 0 .. n - 1 */
static int choose(uint64_t *stream, int n)
{
    return (int)(il_random_unit(stream) * n);
}

static double draw_level(const il_augmentation *a, uint64_t *stream)
{
    const il_degrade_spec *spec = il_degrade_spec_of(a->plain.kind);
    int step = spec->odd ? 2 : 1;
    if (a->plain.kind == IL_DEGRADE_ROTATE)
        return 90 * choose(stream, 4);
    if (spec->level->name && spec->level->type == IL_PARAM_INT)
        return a->low + step * choose(stream, (int)(a->high - a->low) / step + 1);
    return a->low + il_random_unit(stream) * (a->high - a->low);
}

/* In random order, as torchvision's ColorJitter. */
static il_jitter draw_jitter(const il_augmentation *a, uint64_t *stream)
{
    il_jitter j = { .count = 0 };
    for (int i = 0; i < IL_JITTER_KINDS; i++) {
        double low = a->spread[i] < 1 ? 1 - a->spread[i] : 0;
        j.factor[i] = low + il_random_unit(stream) * (1 + a->spread[i] - low);
        if (a->spread[i] > 0)
            j.order[j.count++] = i;
    }
    for (int i = j.count; i-- > 1;) { /* Fisher-Yates */
        int k = choose(stream, i + 1), other = j.order[k];
        j.order[k] = j.order[i];
        j.order[i] = other;
    }
    return j;
}

bool il_augment_draw(il_degradation *out, uint64_t *seed, const il_augment *a, size_t i, uint64_t stream)
{
    const il_augmentation *one = &a->list[i];
    uint64_t own = il_random_mix(stream + i);
    il_degradation d = one->plain;
    bool happens = il_random_unit(&own) < one->p;
    d.level = draw_level(one, &own);
    if (d.kind == IL_DEGRADE_JITTER)
        d.jitter = draw_jitter(one, &own);
    *out = d;
    *seed = own;
    return happens && !(d.kind == IL_DEGRADE_ROTATE && d.level == 0);
}

bool il_augment_any(const il_augment *a, uint64_t stream)
{
    il_degradation d;
    uint64_t seed;
    bool any = false;
    for (size_t i = 0; i < a->count && !any; i++)
        any = il_augment_draw(&d, &seed, a, i, stream);
    return any;
}

void il_augment_show(il_text *to, const il_augment *a, uint64_t stream)
{
    il_degradation d;
    uint64_t seed;
    bool any = false;
    for (size_t i = 0; i < a->count; i++)
        if (il_augment_draw(&d, &seed, a, i, stream)) {
            il_text_add(to, "%s%s", any ? "+" : "", il_degrade_shown(&d).text);
            any = true;
        }
    if (!any)
        il_text_add(to, "unchanged");
}

int il_augment_apply(il_image *image, il_image *mask, const il_augment *a, uint64_t stream, const char *id, il_err *e)
{
    il_degradation d;
    uint64_t seed;
    int rc = IL_OK;
    for (size_t i = 0; i < a->count && !rc; i++)
        if (il_augment_draw(&d, &seed, a, i, stream))
            rc = il_degrade_seeded(image, mask, &d, seed, id, e);
    return rc;
}
