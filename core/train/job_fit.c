/* job_fit.c - how sizes and masks of images enter the identity of runs and tests. */
#include <stdio.h>
#include "base/text.h"
#include "plan/keys.h"
#include "train/job_fit.h"

static bool has_truth(const il_mask_levels *l, const float labels[256])
{
    for (int grey = 0; grey < 256; grey++)
        if (il_mask_levels_has(l, grey) && labels[grey] > 0)
            return true;
    return false;
}

static bool two_levels(const il_mask_levels *l)
{
    int most = il_mask_levels_most(l);
    for (int grey = 0; grey < most; grey++)
        if (il_mask_levels_has(l, grey))
            return il_mask_levels_two(l);
    return false; /* one level stays as it is */
}

static void add(il_fit_facts *f, const il_sample_facts *s, size_t i, const float labels[256], il_sizing fit, int side,
                int tile)
{
    bool above = s->width > side || s->height > side, exact = s->width == side && s->height == side;
    bool resized = fit == IL_SIZING_PAD ? above : fit == IL_SIZING_RESIZE && !exact;
    f->unknown += !s->width;
    f->padded += s->width && fit == IL_SIZING_PAD && !above && !exact;
    f->larger += tile && (s->width > tile || s->height > tile);
    f->masks += s->masked && (s->levels_changed || (resized && two_levels(&s->levels)));
    f->tampered += s->masked;
    if (!s->masked || has_truth(&s->levels, labels))
        return;
    if (!f->no_truth++) {
        f->no_truth_example = i;
        f->no_truth_level = il_mask_levels_most(&s->levels);
    }
}

il_fit_facts il_job_fit_of(const il_source *src, const float labels[256], il_sizing fit, int side, int tile)
{
    il_fit_facts f = { 0 };
    for (size_t i = 0; i < il_source_count(src); i++) {
        il_sample_facts s = il_source_facts(src, i);
        add(&f, &s, i, labels, fit, side, tile);
    }
    return f;
}

il_fit_words il_job_fit_words(const il_fit_facts *f, const il_source *src, const char *policy)
{
    il_fit_words w = { "" };
    if (!f->no_truth)
        return w;
    const char *id = il_source_at(src, f->no_truth_example).id;
    int used = snprintf(
        w.text, sizeof w.text,
        "%zu of %zu images with a mask have no inpainted pixel under mask policy '%.60s', such as %.120s", f->no_truth,
        f->tampered, policy, id);
    if (used > 0 && used < (int)sizeof w.text && f->no_truth_level >= 0)
        snprintf(w.text + used, sizeof w.text - (size_t)used, ", whose greatest level is %d", f->no_truth_level);
    return w;
}

/* ---- runs ---- */

/* Images of which a crop has padding. */
static size_t padded_crops(const il_source *src, int size, int crop)
{
    size_t padded = 0;
    for (size_t i = 0; i < il_source_count(src); i++) {
        il_sample_facts s = il_source_facts(src, i);
        bool above = s.width > size || s.height > size;
        padded += s.width && !above && (s.width < crop || s.height < crop);
    }
    return padded;
}

int il_job_fit_note(json_t *manifest, const il_run *run, const il_source *train, const il_fit_facts *trained,
                    const il_fit_facts *validated)
{
    const il_training *t = &run->training;
    bool masks = trained->masks || validated->masks;
    bool padded = validated->padded || padded_crops(train, t->size, t->crop ? t->crop : t->size);
    int failed = 0;
    if (padded && !t->as_published)
        failed = json_object_set_new(manifest, "padding", json_string("left out"));
    if (masks && !failed)
        failed = json_object_set_new(manifest, "masks", json_string("two levels stay two"));
    return failed;
}

/* ---- tests ---- */

/* What earlier versions did: resize larger images to the training's size, pad smaller ones, count the padding. */
static bool as_before(const il_fit_facts *f, const il_testing *how, int size, const il_source *src)
{
    if (f->masks || (how->fit != IL_SIZING_NATIVE && how->size != size))
        return false;
    if (how->fit == IL_SIZING_PAD)
        return how->count_padding || (!f->padded && !f->unknown);
    for (size_t i = 0; i < il_source_count(src); i++) {
        il_sample_facts s = il_source_facts(src, i);
        bool exact = s.width == size && s.height == size, above = s.width > size || s.height > size;
        if (how->fit == IL_SIZING_NATIVE ? !exact || f->larger : !exact && !above)
            return false;
    }
    return true;
}

int il_job_fit_digest(il_digest *digest, const il_fit_facts *f, const il_source *src, const il_run *run, il_err *e)
{
    const il_testing *how = &run->testing;
    if (as_before(f, how, run->training.size, src))
        return IL_OK;
    il_text all = { 0 };
    il_text_add(&all, "%s\nfit %s", digest->hex, il_keys_fit_text(how->fit));
    if (how->fit != IL_SIZING_NATIVE && how->size != run->training.size)
        il_text_add(&all, " size %d", how->size);
    if (f->larger || (how->fit == IL_SIZING_NATIVE && f->unknown))
        il_text_add(&all, " tile %d overlap %d", how->tile, how->overlap);
    if (how->fit == IL_SIZING_PAD)
        il_text_add(&all, " padding %s", how->count_padding ? "counted" : "left out");
    if (f->masks)
        il_text_add(&all, " two levels stay two");
    if (!all.failed)
        *digest = il_sha256(all.data, all.size);
    int rc = all.failed ? il_fail_oom(e) : IL_OK;
    il_text_free(&all);
    return rc;
}

const char *il_job_fit_padding(const il_fit_facts *f, const il_testing *how)
{
    if (how->fit != IL_SIZING_PAD || !(f->padded || f->unknown))
        return "none";
    return how->count_padding ? "counted" : "left out";
}

const char *il_job_fit_stale(const il_fit_facts *f)
{
    return f->masks ? "its masks were read or resized in another way"
                    : "its padding was counted, or its images resized";
}
