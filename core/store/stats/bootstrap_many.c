/* bootstrap_many.c - intervals of many means. Samples of one size are resampled alike for the same seed, so several share the
 * drawing of the pictures; each keeps the order of its sums, and so its bits. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/random.h>
#include "store/stats/stats.h"

enum { TOGETHER = 16 };

struct batch {
    size_t at[TOGETHER], count, n; /* which samples; their common size */
    bool weighted;                 /* all of them are, or none */
    double *packed;                /* n x 2 x TOGETHER: values, and weights where there are any */
    double *means;                 /* TOGETHER x IL_BOOT_RESAMPLES */
};

static void swap(double *a, double *b)
{
    double was = *a;
    *a = *b;
    *b = was;
}

/* Puts the k-th smallest at its place, smaller ones before it and larger ones behind. */
static void select_kth(double *x, size_t n, size_t k)
{
    size_t low = 0, high = n - 1;
    while (low < high) {
        double pivot = x[low + (high - low) / 2];
        size_t i = low, j = high;
        for (;;) {
            while (x[i] < pivot)
                i++;
            while (x[j] > pivot)
                j--;
            if (i >= j)
                break;
            swap(&x[i++], &x[j--]);
        }
        if (k <= j)
            high = j;
        else
            low = j + 1;
    }
}

/* As il_stats_quantile, without sorting all. */
static double quantile(double *x, size_t n, double q)
{
    double at = q * (double)(n - 1), below = floor(at);
    size_t i = (size_t)below;
    select_kth(x, n, i);
    double low = x[i], next = i + 1 < n ? x[i + 1] : low;
    for (size_t k = i + 2; k < n; k++)
        next = x[k] < next ? x[k] : next;
    return low + (at - below) * (next - low);
}

static void resample_weighted(struct batch *b, uint64_t state)
{
    for (size_t r = 0; r < IL_BOOT_RESAMPLES; r++) {
        double sum[TOGETHER] = { 0 }, weight[TOGETHER] = { 0 };
        for (size_t i = 0; i < b->n; i++) {
            const double *one = b->packed + (size_t)(il_random_unit(&state) * (double)b->n) * 2 * TOGETHER;
            for (int k = 0; k < TOGETHER; k++) {
                sum[k] += one[k];
                weight[k] += one[TOGETHER + k];
            }
        }
        for (size_t k = 0; k < b->count; k++)
            b->means[k * IL_BOOT_RESAMPLES + r] = sum[k] / weight[k];
    }
}

static void resample(struct batch *b, uint64_t state)
{
    for (size_t r = 0; r < IL_BOOT_RESAMPLES; r++) {
        double sum[TOGETHER] = { 0 };
        for (size_t i = 0; i < b->n; i++) {
            const double *one = b->packed + (size_t)(il_random_unit(&state) * (double)b->n) * 2 * TOGETHER;
            for (int k = 0; k < TOGETHER; k++)
                sum[k] += one[k];
        }
        for (size_t k = 0; k < b->count; k++)
            b->means[k * IL_BOOT_RESAMPLES + r] = sum[k] / (double)b->n;
    }
}

/* Those from `first` on that are of its size and have no interval yet. */
static void gather(struct batch *b, const il_series *samples, size_t count, bool *done, size_t first)
{
    b->count = 0;
    b->n = samples[first].n;
    b->weighted = samples[first].weight != NULL;
    for (size_t i = first; i < count && b->count < TOGETHER; i++)
        if (!done[i] && samples[i].n == b->n && (samples[i].weight != NULL) == b->weighted) {
            done[i] = true;
            for (size_t k = 0; k < b->n; k++) {
                b->packed[k * 2 * TOGETHER + b->count] = samples[i].x[k];
                b->packed[(k * 2 + 1) * TOGETHER + b->count] = b->weighted ? samples[i].weight[k] : 1;
            }
            b->at[b->count++] = i;
        }
}

static void find_intervals(il_interval *out, struct batch *b, il_boot how)
{
    if (b->n && b->weighted)
        resample_weighted(b, how.seed);
    else if (b->n)
        resample(b, how.seed);
    for (size_t k = 0; k < b->count; k++) {
        double *means = b->means + k * IL_BOOT_RESAMPLES;
        out[b->at[k]].low = b->n ? quantile(means, IL_BOOT_RESAMPLES, (1 - how.level) / 2) : NAN;
        out[b->at[k]].high = b->n ? quantile(means, IL_BOOT_RESAMPLES, (1 + how.level) / 2) : NAN;
    }
}

int il_bootstrap_means(il_interval *out, const il_series *samples, size_t count, il_boot how, il_err *e)
{
    size_t most = 0;
    for (size_t i = 0; i < count; i++)
        most = samples[i].n > most ? samples[i].n : most;
    bool *done = calloc(count + 1, sizeof *done);
    struct batch b = { .packed = calloc(most * 2 * TOGETHER + 1, sizeof *b.packed),
                       .means = malloc((size_t)TOGETHER * IL_BOOT_RESAMPLES * sizeof *b.means) };
    int rc = done && b.packed && b.means ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; i < count && !rc; i++)
        if (!done[i]) {
            gather(&b, samples, count, done, i);
            find_intervals(out, &b, how);
        }
    free(done);
    free(b.packed);
    free(b.means);
    return rc;
}
