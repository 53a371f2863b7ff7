/* bootstrap.c - percentile intervals from resampled pictures, the same for the same seed everywhere. */
#include <math.h>
#include <stdlib.h>
#include <inpaintlab/random.h>
#include "store/stats/stats.h"

/* One resample: sum of x over n draws, divided by that of y, or by n without y. */
static double resample(const double *x, const double *y, size_t n, uint64_t *state)
{
    double above = 0, below = 0;
    for (size_t i = 0; i < n; i++) {
        size_t pick = (size_t)(il_random_unit(state) * (double)n);
        above += x[pick];
        below += y ? y[pick] : 1;
    }
    return below == 0 ? NAN : above / below;
}

static int bootstrap(il_interval *out, const double *x, const double *y, size_t n, il_boot how, il_err *e)
{
    double *values = malloc(IL_BOOT_RESAMPLES * sizeof *values);
    if (!values)
        return il_fail_oom(e);
    size_t count = 0;
    for (int i = 0; n && i < IL_BOOT_RESAMPLES; i++) {
        double value = resample(x, y, n, &how.seed);
        if (!isnan(value))
            values[count++] = value;
    }
    out->low = il_stats_quantile(values, count, (1 - how.level) / 2);
    out->high = il_stats_quantile(values, count, (1 + how.level) / 2);
    free(values);
    return IL_OK;
}

int il_bootstrap_mean(il_interval *out, const double *x, size_t n, il_boot how, il_err *e)
{
    return bootstrap(out, x, NULL, n, how, e);
}

int il_bootstrap_ratio(il_interval *out, const double *x, const double *y, size_t n, il_boot how, il_err *e)
{
    return bootstrap(out, x, y, n, how, e);
}
