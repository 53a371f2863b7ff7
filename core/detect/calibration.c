/* calibration.c - chooses and measures the score above which an image is no longer taken for authentic. */
#include <stdlib.h>
#include "detect/calibration.h"

const char *il_calibration_name(il_compression c)
{
    static const char *const names[] = { "lossless", "lossy" };
    return names[c];
}

/* ---- choosing ---- */

/* The score as evidence: 0 without a region. */
static double evidence(const il_authentic *a)
{
    return a->marked ? a->score : 0;
}

static int falling(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

static void measure(il_false_alarms *out, double bar, const il_authentic *list, size_t count)
{
    *out = (il_false_alarms){ .pictures = (int64_t)count, .measure = IL_CALIBRATION_MEASURE };
    for (size_t i = 0; i < count; i++) {
        out->alarms += evidence(&list[i]) > bar;
        out->marked += list[i].share;
    }
    if (count)
        out->marked /= (double)count;
}

/* The scores of one compression; the caller frees them. */
static il_authentic *those_of(size_t *n, const il_authentic *list, size_t count, il_compression c)
{
    il_authentic *fit = malloc((count + 1) * sizeof *fit);
    *n = 0;
    for (size_t i = 0; fit && i < count; i++)
        if (list[i].compression == c)
            fit[(*n)++] = list[i];
    return fit;
}

int il_calibration_measure(il_threshold *out, const il_authentic *list, size_t count, il_compression c, il_err *e)
{
    size_t n;
    il_authentic *fit = those_of(&n, list, count, c);
    if (!fit)
        return il_fail_oom(e);
    *out = (il_threshold){ 0 };
    measure(&out->measured, 0, fit, n);
    free(fit);
    return IL_OK;
}

int il_calibration_choose(il_threshold *out, const il_authentic *list, size_t count, il_compression c, il_err *e)
{
    size_t n;
    il_authentic *fit = those_of(&n, list, count, c);
    if (!fit)
        return il_fail_oom(e);
    size_t half = n / 2;
    double *scores = malloc((half + 1) * sizeof *scores);
    int rc = !scores                       ? il_fail_oom(e)
             : n < IL_CALIBRATION_PICTURES ? il_calibration_measure(out, list, count, c, e)
                                           : IL_OK;
    if (!rc && n >= IL_CALIBRATION_PICTURES) {
        for (size_t i = 0; i < half; i++)
            scores[i] = evidence(&fit[i]);
        qsort(scores, half, sizeof *scores, falling);
        il_threshold bar = { .chosen_on = (int64_t)half,
                             .score = scores[(size_t)(IL_CALIBRATION_RATE * (double)half)] };
        measure(&bar.measured, bar.score, fit + half, n - half);
        *out = bar;
    }
    free(scores);
    free(fit);
    return rc;
}

/* ---- judging ---- */

bool il_calibration_high(const il_false_alarms *a)
{
    return (double)a->alarms > IL_CALIBRATION_HIGH * (double)a->pictures;
}

const il_false_alarms *il_calibration_alarms(const il_calibration *k, const il_tested *t, il_compression c)
{
    const il_threshold *bar = &k->bars[c];
    bool by_tests = !k->none && !bar->chosen_on && c == IL_LOSSLESS && t->alarms.pictures > bar->measured.pictures;
    return by_tests ? &t->alarms : &bar->measured;
}

il_verdict il_calibration_judge(const il_calibration *k, const il_tested *t, il_verdict marks, double score,
                                il_compression c)
{
    const il_threshold *bar = &k->bars[c];
    if (k->none)
        return marks;
    if (!bar->chosen_on && c == IL_LOSSY)
        return IL_VERDICT_UNCERTAIN;
    if (marks == IL_VERDICT_NOTHING)
        return marks;
    if (!bar->chosen_on || score > bar->score)
        return il_calibration_high(il_calibration_alarms(k, t, c)) ? IL_VERDICT_UNCERTAIN : marks;
    return bar->score < 1 ? IL_VERDICT_NOTHING : IL_VERDICT_UNCERTAIN; /* 1: authentic images reach it */
}
