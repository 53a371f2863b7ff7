/* detect_print.c - the text output of inpaintlab detect. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/utf8.h"
#include "cli/detect.h"
#include "cli/progress.h"
#include "detect/input_image.h"

/* A name on one line, whatever bytes it contains; the caller frees it. */
static char *shown(const char *name)
{
    char *copy = il_text_copy(name);
    if (copy)
        il_utf8_make_plain(copy);
    return copy;
}

/* ---- progress ---- */

struct watched {
    il_progress_bar bar;
    il_observer observer;
    const char *path;
    double since; /* clock */
};

static void on_row(void *context, int done, int rows)
{
    struct watched *p = context;
    double seconds = il_clock_seconds() - p->since;
    if (seconds >= 0.5 && done < rows)
        il_observer_count(&p->observer, p->path, "rows of tiles", (size_t)done, (size_t)rows, NAN);
}

int il_detect_watched(il_finding *f, const il_detector *d, const char *path, const char *stem,
                      const il_detect_line *line, il_err *e)
{
    char *name = shown(il_input_image_name(path));
    struct watched p = { .path = name ? name : "?", .since = il_clock_seconds() };
    il_detect_opts how = line->how;
    p.observer = il_progress_bar_observer(&p.bar, line->quiet, NULL);
    how.progress = on_row;
    how.context = &p;
    int rc = il_detect_picture(f, d, path, stem, how, e);
    il_progress_bar_clear(&p.bar);
    free(name);
    return rc;
}

/* ---- one image ---- */

/* Small shares keep two digits. */
static void print_share(double share)
{
    double percent = 100 * share;
    printf(percent > 0 && percent < 0.095 ? "%.2g %% marked" : "%.1f %% marked", percent);
}

/* The score, and what it is compared with. */
static void print_score(const il_finding *f, const il_detector *d)
{
    const il_threshold *bar = il_detect_bar(f, d);
    printf(", score %.3f", f->score);
    if (d->calibration.none)
        return; /* the marks decide */
    if (bar && bar->score > 0)
        printf(" (found above %.3f)", bar->score);
    else
        printf(bar ? " (any region counts)" : " (not calibrated)");
}

static void print_rate(const il_finding *f, const il_detector *d)
{
    const il_false_alarms *a = il_detect_alarms(f, d);
    char times[40];
    if (!a->pictures) {
        printf(", false alarms not measured");
        return;
    }
    if (il_calibration_like(a, il_detect_pixels(f))) {
        printf(", false alarms on %.1f %% of %" PRId64, 100 * (double)a->alarms / (double)a->pictures, a->pictures);
        return;
    }
    il_alarm_density per = il_calibration_density(a);
    il_detect_times(times, sizeof times, il_calibration_times(a, il_detect_pixels(f)));
    printf(", false alarms not known at this size: %s than the %" PRId64
           " measured, %.3g per megapixel (95 %% interval "
           "%.3g to %.3g)",
           times, a->pictures, per.value, per.low, per.high);
}

void il_detect_print(const il_finding *f, const il_detector *d)
{
    char *path = shown(il_input_image_name(f->path)), knows[IL_DETECT_TEXT];
    const il_region *r = f->regions.list;
    printf("%s: %s, ", path ? path : "?", il_verdict_text(f->verdict));
    print_share(f->share);
    printf(", %zu region%s", f->regions.count, f->regions.count == 1 ? "" : "s");
    print_score(f, d);
    if (f->regions.listed)
        printf(", %s%dx%d at %d,%d", f->regions.count > 1 ? "largest " : "", r->width, r->height, r->left, r->top);
    print_rate(f, d);
    if (f->warnings & 1u << IL_WARN_WEAK)
        printf("; weak detector");
    if (d->card.tested.iou < IL_DETECT_WEAK_IOU)
        printf(": test IoU %.3f", d->card.tested.iou);
    il_detect_knows(knows, sizeof knows, &d->card);
    printf("; knows only: %s\n", knows);
    fflush(stdout);
    free(path);
}

void il_detect_print_warnings(unsigned *said, const il_finding *f, const il_detector *d)
{
    char text[IL_DETECT_TEXT];
    for (int w = 0; w < IL_WARNINGS; w++) {
        unsigned bit = 1u << w;
        if (!(f->warnings & bit) || (*said & bit))
            continue;
        *said |= bit;
        il_detect_warning_text(text, sizeof text, f, d, (il_warning)w);
        char *path = shown(il_input_image_name(f->path));
        fprintf(stderr, "inpaintlab: warning: %s: %s (said once)\n", path ? path : "?", text);
        free(path);
    }
}

static const char *known(const char *text)
{
    return text ? text : "not known";
}

/* "false alarms on 4.0 % of 50 authentic lossless images, …" */
static void print_alarms(const il_detector *d)
{
    int said = 0;
    for (int c = 0; c < IL_COMPRESSIONS; c++) {
        const il_false_alarms *a = &d->calibration.bars[c].measured;
        if (a->pictures && !d->calibration.none && !d->calibration.old)
            fprintf(stderr, "%s %.1f %% of %" PRId64 " authentic %s images", said++ ? " and" : ", false alarms on",
                    100 * (double)a->alarms / (double)a->pictures, a->pictures, il_calibration_name((il_compression)c));
    }
    const il_false_alarms *a = &d->card.tested.alarms;
    if (!said && a->pictures)
        fprintf(stderr, ", false alarms on %.1f %% of %" PRId64 " authentic images",
                100 * (double)a->alarms / (double)a->pictures, a->pictures);
    else if (!said)
        fprintf(stderr, ", false alarms not measured");
}

void il_detect_print_namesakes(const il_card *c)
{
    if (c->namesakes > 1)
        fprintf(stderr, "inpaintlab: run %" PRId64 " is used, the newest of %zu finished runs called '%s'\n", c->run,
                c->namesakes, known(c->name));
}

void il_detect_print_card(const il_detector *d)
{
    const il_card *c = &d->card;
    char *weights = shown(c->weights);
    if (c->run)
        fprintf(stderr, "detector: run %" PRId64 " (%s), ", c->run, known(c->name));
    else
        fprintf(stderr, "detector: %s, ", weights ? weights : "?");
    free(weights);
    fprintf(stderr, "model %s, ", known(c->model));
    if (c->given)
        fprintf(stderr, "weights %s from elsewhere", known(c->trained_on));
    else
        fprintf(stderr, "trained on %s of %s", known(c->trained_on), known(c->dataset));
    fprintf(stderr, ", mask policy %s", known(c->mask_policy));
    if (isfinite(c->tested.iou))
        fprintf(stderr, ", test IoU %.3f", c->tested.iou);
    print_alarms(d);
    fputc('\n', stderr);
}

void il_detect_print_bar(const char *folder, const il_threshold *b, il_compression c)
{
    const il_false_alarms *a = &b->measured;
    il_share_interval w = il_verdict_wilson(a->alarms, a->pictures);
    il_alarm_density per = il_calibration_density(a);
    printf("%s: %" PRId64 " authentic %s images", folder, b->chosen_on + a->pictures, il_calibration_name(c));
    if (b->chosen_on && b->score > 0)
        printf("; by the first %" PRId64 ", scores above %.4f count as found", b->chosen_on, b->score);
    else if (b->chosen_on)
        printf("; by the first %" PRId64 ", any region counts as found", b->chosen_on);
    else if (a->pictures < IL_CALIBRATION_PICTURES)
        printf("; %d are needed to choose the score that counts as found", IL_CALIBRATION_PICTURES);
    printf("\nfalse alarms: %" PRId64 " of %s%" PRId64 ", %.1f %% (95 %% Wilson interval %.1f to %.1f %%)\n"
           "that is %.3g per megapixel (%.3g to %.3g), measured on images of %.3g megapixels on average\n"
           "marked pixels: %.3f %% of an image on average\n",
           a->alarms, b->chosen_on ? "the other " : "", a->pictures, 100 * (double)a->alarms / (double)a->pictures,
           100 * w.low, 100 * w.high, per.value, per.low, per.high, 1e-6 * (double)a->pixels / (double)a->pictures,
           100 * a->marked);
    fflush(stdout);
}
