/* calibration.c - chooses and measures the score above which an image is no longer taken for authentic. */
#include <math.h>
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
        out->pixels += list[i].pixels;
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

double il_calibration_times(const il_false_alarms *a, int64_t pixels)
{
    return a->pixels > 0 ? (double)pixels * (double)a->pictures / (double)a->pixels : NAN;
}

bool il_calibration_like(const il_false_alarms *a, int64_t pixels)
{
    double times = il_calibration_times(a, pixels);
    return times <= IL_CALIBRATION_LIKE && times >= 1 / IL_CALIBRATION_LIKE; /* false for NAN */
}

double il_calibration_expected(const il_false_alarms *a, int64_t pixels)
{
    double times = il_calibration_times(a, pixels), rate = 0;
    if (a->pictures > 0)
        rate = (double)a->alarms / (double)a->pictures;
    return isnan(times) || il_calibration_like(a, pixels) ? rate : 1 - pow(1 - rate, times);
}

il_alarm_density il_calibration_density(const il_false_alarms *a)
{
    il_share_interval w = il_verdict_wilson(a->alarms, a->pictures);
    double each = 1e-6 * (double)a->pixels / (double)a->pictures; /* million pixels */
    return (il_alarm_density){ (double)a->alarms / (double)a->pictures / each, w.low / each, w.high / each };
}

const il_false_alarms *il_calibration_alarms(const il_calibration *k, const il_tested *t, il_compression c)
{
    const il_threshold *bar = &k->bars[c];
    bool by_tests = !k->none && !bar->chosen_on && c == IL_LOSSLESS && t->alarms.pictures > bar->measured.pictures;
    return by_tests ? &t->alarms : &bar->measured;
}

il_verdict il_calibration_judge(const il_calibration *k, const il_tested *t, il_marks m)
{
    const il_threshold *bar = &k->bars[m.compression];
    if (k->none)
        return m.verdict;
    if (k->old || (!bar->chosen_on && m.compression == IL_LOSSY))
        return IL_VERDICT_UNCERTAIN;
    if (m.verdict == IL_VERDICT_NOTHING)
        return m.verdict;
    if (!bar->chosen_on || m.score > bar->score) {
        const il_false_alarms *a = il_calibration_alarms(k, t, m.compression);
        return il_calibration_expected(a, m.pixels) > IL_CALIBRATION_HIGH ? IL_VERDICT_UNCERTAIN : m.verdict;
    }
    return bar->score < 1 ? IL_VERDICT_NOTHING : IL_VERDICT_UNCERTAIN; /* 1: authentic images reach it */
}
