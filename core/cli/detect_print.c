/* detect_print.c - the text output of inpaintlab detect. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/utf8.h"
#include "cli/detect.h"
#include "detect/input_image.h"

/* A name on one line, whatever bytes it contains; the caller frees it. */
static char *shown(const char *name)
{
    char *copy = il_text_copy(name);
    if (copy)
        il_utf8_make_plain(copy);
    return copy;
}

void il_detect_print(const il_finding *f, const il_detector *d)
{
    char *path = shown(il_input_image_name(f->path));
    const il_region *r = f->regions.list;
    const il_false_alarms *a = il_calibration_alarms(&d->calibration, &d->card.tested, il_detect_compression(f));
    printf("%s: %s, %.1f %% marked, %zu region%s, score %.3f", path ? path : "?", il_verdict_text(f->verdict),
           f->share * 100, f->regions.count, f->regions.count == 1 ? "" : "s", f->score);
    if (f->regions.listed)
        printf(", %s%dx%d at %d,%d", f->regions.count > 1 ? "largest " : "", r->width, r->height, r->left, r->top);
    if (a->pictures)
        printf(", false alarms on %.1f %% of %" PRId64, 100 * (double)a->alarms / (double)a->pictures, a->pictures);
    else
        printf(", false alarms not measured");
    if (f->warnings & 1u << IL_WARN_WEAK)
        printf("; weak detector");
    if (d->card.tested.iou < IL_DETECT_WEAK_IOU)
        printf(": test IoU %.3f", d->card.tested.iou);
    putchar('\n');
    fflush(stdout);
    free(path);
}

void il_detect_print_warnings(unsigned *said, const il_finding *f, const il_detector *d)
{
    char text[300];
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
        if (a->pictures && !d->calibration.none)
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
    fprintf(stderr, "model %s, trained on %s of %s, mask policy %s", known(c->model), known(c->trained_on),
            known(c->dataset), known(c->mask_policy));
    if (isfinite(c->tested.iou))
        fprintf(stderr, ", test IoU %.3f", c->tested.iou);
    print_alarms(d);
    fputc('\n', stderr);
}

void il_detect_print_bar(const char *folder, const il_threshold *b, il_compression c)
{
    const il_false_alarms *a = &b->measured;
    il_share_interval w = il_verdict_wilson(a->alarms, a->pictures);
    printf("%s: %" PRId64 " authentic %s images", folder, b->chosen_on + a->pictures, il_calibration_name(c));
    if (b->chosen_on && b->score > 0)
        printf("; by the first %" PRId64 ", scores above %.4f count as found", b->chosen_on, b->score);
    else if (b->chosen_on)
        printf("; by the first %" PRId64 ", any region counts as found", b->chosen_on);
    else if (a->pictures < IL_CALIBRATION_PICTURES)
        printf("; %d are needed to choose the score that counts as found", IL_CALIBRATION_PICTURES);
    printf("\nfalse alarms: %" PRId64 " of %s%" PRId64 ", %.1f %% (95 %% Wilson interval %.1f to %.1f %%)\n"
           "marked pixels: %.3f %% of an image on average\n",
           a->alarms, b->chosen_on ? "the other " : "", a->pictures, 100 * (double)a->alarms / (double)a->pictures,
           100 * w.low, 100 * w.high, 100 * a->marked);
    fflush(stdout);
}
