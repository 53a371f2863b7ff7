/* descriptive.c - mean, spread, quantiles and ranks of a sample. */
#include <math.h>
#include <stdlib.h>
#include "store/stats/ranks.h"

double il_stats_mean(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return n ? sum / (double)n : NAN;
}

double il_stats_stdev(const double *x, size_t n)
{
    double mean = il_stats_mean(x, n), sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return n > 1 ? sqrt(sum / (double)(n - 1)) : NAN;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void il_stats_sort(double *x, size_t n)
{
    if (n)
        qsort(x, n, sizeof *x, by_value);
}

double il_stats_quantile(double *x, size_t n, double q)
{
    if (n == 0)
        return NAN;
    il_stats_sort(x, n);
    double at = q * (double)(n - 1), below = floor(at);
    size_t i = (size_t)below;
    return i + 1 < n ? x[i] + (at - below) * (x[i + 1] - x[i]) : x[n - 1];
}

/* ---- ranks ---- */

static int by_rank_value(const void *a, const void *b)
{
    double x = ((const il_ranked *)a)->value, y = ((const il_ranked *)b)->value;
    return (x > y) - (x < y);
}

double il_ranks(il_ranked *x, size_t n)
{
    double ties = 0;
    if (n)
        qsort(x, n, sizeof *x, by_rank_value);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && x[to].value == x[from].value;)
            to++;
        double t = (double)(to - from);
        ties += t * t * t - t;
        for (size_t i = from; i < to; i++)
            x[i].rank = (double)(from + 1 + to) / 2;
    }
    return ties;
}

int il_stats_auc(double *out, const double *score, const double *label, size_t n, il_err *e)
{
    il_ranked *x = calloc(n ? n : 1, sizeof *x);
    if (!x)
        return il_fail_oom(e);
    for (size_t i = 0; i < n; i++)
        x[i] = (il_ranked){ .value = score[i], .mark = label[i] > 0 };
    il_ranks(x, n);
    double positive = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        positive += x[i].mark;
        sum += x[i].mark ? x[i].rank : 0;
    }
    free(x);
    double negative = (double)n - positive;
    *out = positive > 0 && negative > 0 ? (sum - positive * (positive + 1) / 2) / positive / negative : NAN;
    return IL_OK;
}
