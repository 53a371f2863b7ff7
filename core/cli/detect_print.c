/* detect_print.c - what inpaintlab detect says in words. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include "cli/detect.h"
#include "detect/subject.h"

void il_detect_print(const il_finding *f)
{
    printf("%s: %s, %.1f %% marked, %zu region%s, score %.3f\n", il_subject_name(f->path),
           il_verdict_text(f->verdict), f->share * 100, f->regions.count, f->regions.count == 1 ? "" : "s", f->score);
    fflush(stdout);
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
        fprintf(stderr, "inpaintlab: warning: %s: %s (said once)\n", il_subject_name(f->path), text);
    }
}

static const char *known(const char *text)
{
    return text ? text : "not known";
}

void il_detect_print_card(const il_card *c)
{
    if (c->run)
        fprintf(stderr, "detector: run %" PRId64 " (%s), ", c->run, known(c->name));
    else
        fprintf(stderr, "detector: %s, ", c->weights);
    fprintf(stderr, "model %s, trained on %s of %s, mask policy %s", known(c->model), known(c->trained_on),
            known(c->dataset), known(c->mask_policy));
    if (isfinite(c->test_iou))
        fprintf(stderr, ", test IoU %.3f", c->test_iou);
    if (c->alarms.pictures)
        fprintf(stderr, ", false alarms on %.1f %% of %" PRId64 " authentic pictures\n",
                100 * (double)c->alarms.alarms / (double)c->alarms.pictures, c->alarms.pictures);
    else
        fprintf(stderr, ", false alarms not measured\n");
}

void il_detect_print_alarms(const char *folder, const il_false_alarms *a, size_t failed)
{
    il_interval w = il_verdict_wilson(a->alarms, a->pictures);
    printf("%s: %" PRId64 " authentic pictures", folder, a->pictures);
    if (failed)
        printf(" (%zu more could not be examined)", failed);
    printf("\nfalse alarms: %" PRId64 " of %" PRId64 ", %.1f %% (95 %% Wilson interval %.1f to %.1f %%)\n"
           "marked pixels: %.3f %% of a picture on average\n", a->alarms, a->pictures,
           100 * (double)a->alarms / (double)a->pictures, 100 * w.low, 100 * w.high, 100 * a->marked);
    fflush(stdout);
}
