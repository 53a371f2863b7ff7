/* histogram.c - metrics of histograms of scores, over all thresholds. */
#include <math.h>
#include "store/stats/histogram.h"

/* ---- layouts ---- */

int il_bins_count(il_bins_layout layout)
{
    return layout == IL_BINS_LOGIT ? IL_SCORE_BINS : IL_EQUAL_BINS;
}

double il_bins_edge(il_bins_layout layout, int edge)
{
    return layout == IL_BINS_LOGIT ? 1 / (1 + exp(-il_score_edge(edge))) : (double)edge / IL_EQUAL_BINS;
}

/* The edge that is nearest to a score. Over the logit, where there are two as near, the lower one. */
static int nearest_edge(il_bins_layout layout, double score)
{
    int bins = il_bins_count(layout);
    if (score <= 0 || score >= 1)
        return score <= 0 ? 0 : bins;
    if (layout == IL_BINS_EQUAL)
        return (int)round(score * bins);
    double logit = log(score) - log1p(-score);
    int low = 1, high = bins - 1; /* the finite edges */
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (il_score_edge(middle) <= logit)
            low = middle;
        else
            high = middle;
    }
    return logit - il_score_edge(low) <= il_score_edge(high) - logit ? low : high;
}

int il_histogram_add(il_bins *sum, const il_bins *more)
{
    if (sum->layout != more->layout || il_histogram_pixels(more) > INT64_MAX - il_histogram_pixels(sum))
        return IL_EFORMAT;
    for (int i = 0; i < il_bins_count(sum->layout); i++)
        sum->bins[i] += more->bins[i];
    return IL_OK;
}

/* ---- one histogram ---- */

static int64_t from_bin(const il_bins *h, int first)
{
    int64_t n = 0;
    for (int i = first; i < il_bins_count(h->layout); i++)
        n += h->bins[i];
    return n;
}

int64_t il_histogram_pixels(const il_bins *h)
{
    return from_bin(h, 0);
}

int64_t il_histogram_above(const il_bins *h, double threshold)
{
    return from_bin(h, nearest_edge(h->layout, threshold));
}

double il_histogram_highest(const il_bins *h)
{
    for (int i = il_bins_count(h->layout); i > 0; i--)
        if (h->bins[i - 1] > 0)
            return il_bins_edge(h->layout, i);
    return NAN;
}

/* ---- pairs ---- */

double il_histogram_auc(const il_bins *tampered, const il_bins *clean)
{
    double right = 0, found = 0, alarms = 0; /* right: number of correctly ordered pairs */
    for (int i = il_bins_count(tampered->layout); i-- > 0;) {
        double t = (double)tampered->bins[i], c = (double)clean->bins[i];
        right += c * (found + t / 2);
        found += t;
        alarms += c;
    }
    return found > 0 && alarms > 0 ? right / found / alarms : NAN;
}

/* 1 / (from + 1) + ... + 1 / (from + count). The logarithm is exact to 1 / (24 from^2). */
static double harmonic(double from, double count)
{
    double sum = 0, i = 1;
    while (i <= count && from + i <= 100) {
        sum += 1 / (from + i);
        i++;
    }
    return i > count ? sum : sum + log((from + count + 0.5) / (from + i - 0.5));
}

/* The sum of the precisions at the t tampered pixels of a bin that holds n, when `found` of `marked` come before them: the mean
 * over all orders. At place j of the bin stands a tampered pixel in t/n of the orders, with (t - 1)/(n - 1) of those before it
 * tampered on average. */
static double precisions(double t, double n, double found, double marked)
{
    double share = n > 1 ? (t - 1) / (n - 1) : 0;
    return t / n * (share * n + (found + 1 - share * (marked + 1)) * harmonic(marked, n));
}

static bool is_empty(const il_bins *tampered, const il_bins *clean, int bin)
{
    return bin < 0 || bin >= il_bins_count(tampered->layout) || (tampered->bins[bin] == 0 && clean->bins[bin] == 0);
}

/* Scores of few values, each in a bin that stands alone, are equal; otherwise they spread over the bin. */
static bool is_tied(const il_bins *tampered, const il_bins *clean, int bin)
{
    return tampered->layout == IL_BINS_EQUAL ||
           (is_empty(tampered, clean, bin - 1) && is_empty(tampered, clean, bin + 1));
}

double il_histogram_ap(const il_bins *tampered, const il_bins *clean)
{
    double sum = 0, found = 0, marked = 0;
    for (int i = il_bins_count(tampered->layout); i-- > 0;) {
        double t = (double)tampered->bins[i], n = t + (double)clean->bins[i];
        if (t > 0)
            sum += is_tied(tampered, clean, i) ? t * ((found + t) / (marked + n)) : precisions(t, n, found, marked);
        found += t;
        marked += n;
    }
    return found > 0 ? sum / found : NAN;
}

/* F1 from the numbers of found, marked and wanted pixels; wanted > 0. */
static double f1(double found, double marked, double wanted)
{
    return 2 * found / (marked + wanted);
}

double il_histogram_best_f1(double *threshold, const il_bins *tampered, const il_bins *clean)
{
    double wanted = (double)il_histogram_pixels(tampered), found = 0, marked = 0, best = 0;
    int bins = il_bins_count(tampered->layout), lowest = bins;
    if (wanted == 0)
        return NAN;
    for (int i = bins; i-- > 0;) {
        found += (double)tampered->bins[i];
        marked += (double)tampered->bins[i] + (double)clean->bins[i];
        double now = f1(found, marked, wanted);
        if (now >= best) {
            best = now;
            lowest = i;
        }
    }
    if (threshold)
        *threshold = il_bins_edge(tampered->layout, lowest);
    return best;
}

double il_histogram_best_f1_inverted(const il_bins *tampered, const il_bins *clean)
{
    const int bins = il_bins_count(tampered->layout);
    il_bins t = { .layout = tampered->layout }, c = { .layout = tampered->layout };
    for (int i = 0; i < bins; i++) {
        t.bins[i] = tampered->bins[bins - 1 - i];
        c.bins[i] = clean->bins[bins - 1 - i];
    }
    return il_histogram_best_f1(NULL, &t, &c);
}
