/* detect.c - reads an image, runs the detector on its tiles, judges it and writes the output images. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "detect/detect.h"
#include "detect/input_image.h"
#include "image/heatmap.h"
#include "plugin/tiled_inference.h"

enum { MOST_REGIONS = 100, MOST_BATCH = 4 };

/* ---- memory ---- */

/* Bytes per pixel of each step. A PNG is written to a buffer that doubles: up to 6 for RGB. */
enum {
    RGB = 3,
    TURNED = 3,
    RESULT = 2,
    SHOWN = 3,
    ENCODED = 6,
    READING = RGB + TURNED,
    SWEEPING = RGB + RESULT,
    WRITING = RGB + RESULT + SHOWN + ENCODED
};

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* How many tiles the memory allows at once. */
static int choose_batch(int *out, const il_detector *d, const il_input_image *s, bool writes, il_detect_opts o,
                        il_err *e)
{
    int64_t pixels = (int64_t)s->width * s->height;
    il_tiled_inference_opts one = { .tile = o.tile, .overlap = o.overlap, .batch = 1 };
    int64_t tile = d->tile_bytes + il_tiled_inference_bytes(0, one);
    int64_t sweep = pixels * SWEEPING + il_tiled_inference_bytes(s->width, one) + d->tile_bytes;
    int64_t need = larger(sweep, pixels * READING + (int64_t)s->size);
    if (writes)
        need = larger(need, pixels * WRITING);
    int64_t room = o.memory - d->base_bytes;
    if (need > room)
        return il_fail(e, IL_EPARAM, "%s: %dx%d pixels in tiles of %d need about %lld MiB; --memory allows %lld",
                       il_input_image_name(s->path), s->width, s->height, o.tile,
                       (long long)((d->base_bytes + need) >> 20) + 1, (long long)(o.memory >> 20));
    int64_t more = tile > 0 ? (room - sweep) / tile : MOST_BATCH;
    *out = more >= MOST_BATCH - 1 ? MOST_BATCH : 1 + (int)more;
    return IL_OK;
}

/* ---- output images ---- */

static int write_picture(const il_image *image, const char *stem, const char *ending, il_err *e)
{
    il_text path = { 0 };
    il_text_add(&path, "%s.%s.png", stem, ending);
    int rc = path.failed ? il_fail_oom(e) : il_image_write(image, path.data, e);
    il_text_free(&path);
    return rc;
}

/* Overwrites the photo. */
static int write_pictures(il_image *photo, const il_tiled_inference_result *r, const char *stem, il_err *e)
{
    il_image heat = { 0 };
    int rc = write_picture(&r->mask, stem, "mask", e);
    if (!rc)
        rc = il_heatmap_scores(&heat, &r->score, e);
    if (!rc)
        rc = write_picture(&heat, stem, "heat", e);
    il_image_free(&heat);
    if (!rc)
        rc = il_heatmap_overlay(photo, &r->mask, e);
    return rc ? rc : write_picture(photo, stem, "overlay", e);
}

/* ---- warnings ---- */

il_compression il_detect_compression(const il_finding *f)
{
    return f->header.lossy ? IL_LOSSY : IL_LOSSLESS;
}

const il_false_alarms *il_detect_alarms(const il_finding *f, const il_detector *d)
{
    return il_calibration_alarms(&d->calibration, &d->card.tested, il_detect_compression(f));
}

const il_threshold *il_detect_bar(const il_finding *f, const il_detector *d)
{
    const il_threshold *bar = &d->calibration.bars[il_detect_compression(f)];
    return bar->chosen_on && !d->calibration.none && !d->calibration.old ? bar : NULL;
}

int64_t il_detect_pixels(const il_finding *f)
{
    return (int64_t)f->width * f->height;
}

void il_detect_knows(char *to, size_t size, const il_card *c)
{
    if (c->generators)
        snprintf(to, size, "%s", c->generators);
    else
        snprintf(to, size, "unknown generators (data set %s)", c->dataset ? c->dataset : "not known");
}

static unsigned warnings_of(const il_input_image *s, const il_detector *d, int tile)
{
    const il_metadata *h = &s->header;
    int size = d->card.size ? d->card.size : tile;
    bool small = s->width < tile || s->height < tile;
    bool set[IL_WARNINGS] = {
        [IL_WARN_LOSSY] = h->lossy,
        [IL_WARN_SIZE] = s->width > size || s->height > size,
        [IL_WARN_SMALL] = small,
        [IL_WARN_ALPHA] = h->alpha,
        [IL_WARN_DEEP] = h->deep,
        [IL_WARN_ANIMATED] = h->animated,
        [IL_WARN_CMYK] = h->cmyk,
        [IL_WARN_REVISION] = d->card.revision && d->card.revision != d->choice.plugin->revision,
    };
    unsigned bits = 0;
    for (int i = 0; i < IL_WARNINGS; i++)
        bits |= set[i] ? 1u << i : 0;
    return bits;
}

const char *il_detect_warning_name(il_warning w)
{
    static const char *const names[] = { "weak",     "lossy", "size",     "small",     "alpha", "16 bits",
                                         "animated", "cmyk",  "revision", "uncertain", "area" };
    return names[w];
}

void il_detect_times(char *to, size_t size, double times)
{
    bool larger = times >= 1;
    double t = larger ? times : 1 / times;
    snprintf(to, size, t < 9.95 ? "%.1f times %s" : "%.0f times %s", t, larger ? "larger" : "smaller");
}

static void text_of_uncertain(char *to, size_t size, const il_finding *f, const il_detector *d)
{
    const il_threshold *bar = &d->calibration.bars[il_detect_compression(f)];
    const il_false_alarms *a = il_detect_alarms(f, d);
    const char *how = bar->chosen_on ? "" : "; --calibrate FOLDER chooses the score that counts as found";
    char times[40];
    il_detect_times(times, sizeof times, il_calibration_times(a, il_detect_pixels(f)));
    if (d->calibration.old)
        snprintf(to, size,
                 "the detector cannot tell: its calibration was made by another version, which computed other "
                 "scores; repeat --calibrate FOLDER");
    else if (bar->chosen_on && f->score <= bar->score)
        snprintf(to, size, "the detector cannot tell: too many authentic images have the highest possible score");
    else if (!bar->chosen_on && f->header.lossy)
        snprintf(to, size,
                 "the detector cannot tell: it was not calibrated on authentic lossy images; use "
                 "--calibrate FOLDER, if possible with images from the same source");
    else if (a->pixels && !il_calibration_like(a, il_detect_pixels(f)))
        snprintf(to, size,
                 "the detector cannot tell: it finds something in %lld of %lld authentic images; this one is %s, and "
                 "%.0f %% of authentic images of its size can be expected to alarm%s",
                 (long long)a->alarms, (long long)a->pictures, times,
                 100 * il_calibration_expected(a, il_detect_pixels(f)), how);
    else
        snprintf(to, size, "the detector cannot tell: it finds something in %lld of %lld authentic images%s",
                 (long long)a->alarms, (long long)a->pictures, how);
}

static void text_of_area(char *to, size_t size, const il_finding *f, const il_detector *d)
{
    const il_false_alarms *a = il_detect_alarms(f, d);
    il_alarm_density per = il_calibration_density(a);
    char times[40];
    il_detect_times(times, sizeof times, il_calibration_times(a, il_detect_pixels(f)));
    snprintf(
        to, size,
        "%.3g megapixels are %s than the images that false alarms were measured on (%lld of %.3g megapixels): how "
        "often authentic images of this size alarm is not known (%.3g alarms per megapixel, 95 %% interval %.3g to "
        "%.3g); calibrate with images of like size",
        1e-6 * (double)il_detect_pixels(f), times, (long long)a->pictures,
        1e-6 * (double)a->pixels / (double)a->pictures, per.value, per.low, per.high);
}

static bool is_weak(const il_finding *f, const il_detector *d)
{
    return d->card.tested.iou < IL_DETECT_WEAK_IOU || il_calibration_high(il_detect_alarms(f, d)); /* false for NAN */
}

static void text_of_weak(char *to, size_t size, const il_finding *f, const il_detector *d)
{
    const il_false_alarms *a = il_detect_alarms(f, d);
    bool low = d->card.tested.iou < IL_DETECT_WEAK_IOU, high = il_calibration_high(a);
    int used = snprintf(to, size, "the detector is weak: ");
    if (low)
        used += snprintf(to + used, size - (size_t)used, "IoU %.3f in its own test%s", d->card.tested.iou,
                         high ? ", " : "");
    if (high)
        snprintf(to + used, size - (size_t)used, "false alarms on %lld of %lld authentic images", (long long)a->alarms,
                 (long long)a->pictures);
}

void il_detect_warning_text(char *to, size_t size, const il_finding *f, const il_detector *d, il_warning w)
{
    const char *format = strcmp(f->header.format, "jpeg") == 0 ? "JPEG" : "WebP";
    switch (w) {
    case IL_WARN_LOSSY: snprintf(to, size, "lossy compression (%s) removes part or all of the trace", format); break;
    case IL_WARN_SIZE:
        if (d->card.size)
            snprintf(to, size, "%dx%d pixels; the detector was trained on images of at most %d pixels a side", f->width,
                     f->height, d->card.size);
        else
            snprintf(to, size, "%dx%d pixels; the size of the training images is not known", f->width, f->height);
        break;
    case IL_WARN_SMALL:
        snprintf(to, size,
                 f->width <= f->tile && f->height <= f->tile
                     ? "%dx%d pixels are smaller than a tile; examined whole"
                     : "%dx%d pixels have a side that is smaller than a tile, so "
                       "that the tiles are smaller too",
                 f->width, f->height);
        break;
    case IL_WARN_ALPHA: snprintf(to, size, "transparency was dropped"); break;
    case IL_WARN_DEEP: snprintf(to, size, "reduced from 16 to 8 bits per channel"); break;
    case IL_WARN_ANIMATED: snprintf(to, size, "animation; only its first frame was examined"); break;
    case IL_WARN_CMYK: snprintf(to, size, "CMYK was converted to RGB"); break;
    case IL_WARN_UNCERTAIN: text_of_uncertain(to, size, f, d); break;
    case IL_WARN_AREA: text_of_area(to, size, f, d); break;
    case IL_WARN_WEAK: text_of_weak(to, size, f, d); break;
    default:
        snprintf(to, size, "the model plugin has revision %d; the weights were trained with revision %d",
                 d->choice.plugin->revision, d->card.revision);
    }
}

/* ---- the whole ---- */

static int judge(il_finding *f, const il_detector *d, const il_tiled_inference_result *r, il_detect_opts o, il_err *e)
{
    il_marks m = { .pixels = il_detect_pixels(f), .compression = il_detect_compression(f) };
    il_regions_opts size = { .least = o.least < m.pixels ? o.least : m.pixels, .most = MOST_REGIONS };
    int rc = il_regions_find(&f->regions, &r->mask, &r->score, size, e);
    if (!rc)
        rc = il_verdict_score(&f->score, &r->score, e);
    if (rc)
        return rc;
    f->marked = r->marked;
    f->share = (double)r->marked / (double)m.pixels;
    m.verdict = f->marks = il_verdict_of(f->share, f->regions.count);
    m.score = f->score;
    f->verdict = il_calibration_judge(&d->calibration, &d->card.tested, m);
    const il_false_alarms *a = il_detect_alarms(f, d);
    if (a->pictures && a->pixels && !il_calibration_like(a, m.pixels))
        f->warnings |= 1u << IL_WARN_AREA;
    if (f->verdict == IL_VERDICT_UNCERTAIN)
        f->warnings |= 1u << IL_WARN_UNCERTAIN;
    if (is_weak(f, d))
        f->warnings |= 1u << IL_WARN_WEAK;
    return IL_OK;
}

static int examine(il_finding *f, const il_detector *d, il_input_image *s, const char *stem, il_detect_opts o,
                   il_err *e)
{
    il_tiled_inference_result r = { 0 };
    il_tiled_inference_opts sweep = {
        .tile = o.tile, .overlap = o.overlap, .threshold = o.threshold, .progress = o.progress, .context = o.context
    };
    int rc = choose_batch(&sweep.batch, d, s, stem != NULL, o, e);
    if (!rc)
        rc = il_input_image_decode(s, e);
    if (rc)
        return rc;
    rc = il_tiled_inference_run(&r, &d->model, &s->image, sweep, e);
    if (rc)
        il_fail_in(e, "%s", il_input_image_name(s->path));
    if (!rc)
        rc = judge(f, d, &r, o, e);
    if (!rc && stem)
        rc = write_pictures(&s->image, &r, stem, e);
    il_tiled_inference_free(&r);
    return rc;
}

int il_detect_picture(il_finding *out, const il_detector *d, const char *path, const char *stem, il_detect_opts o,
                      il_err *e)
{
    il_input_image s = { 0 };
    int rc = il_input_image_open(&s, path, e);
    if (rc)
        return rc;
    il_finding f = { .path = path, .header = s.header, .width = s.width, .height = s.height, .tile = o.tile };
    memcpy(f.sha256, s.sha256.hex, sizeof f.sha256);
    f.warnings = warnings_of(&s, d, o.tile);
    rc = examine(&f, d, &s, stem, o, e);
    il_input_image_close(&s);
    if (!rc)
        *out = f;
    else
        il_detect_free(&f);
    return rc;
}

void il_detect_free(il_finding *f)
{
    il_regions_free(&f->regions);
    *f = (il_finding){ 0 };
}
