/* bootstrap.c - percentile intervals from resampled images, reproducible on every machine for a given seed. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include "base/splitmix.h"
#include "store/stats/stats.h"

/* Number of resamples summed side by side, so that additions need not wait for each other. */
enum { LANES = 8 };
static_assert(IL_BOOT_RESAMPLES % LANES == 0, "the resamples must be a multiple of LANES");

/* The index below n that il_random_unit would choose in that state. */
static size_t pick(uint64_t state, size_t n)
{
    return (size_t)((double)(il_splitmix(state) >> 11) * 0x1p-53 * (double)n);
}

/* Resamples of n draws each: the sum of x divided by the sum of y, or by n without y. */
static void resample(double out[LANES], const double *x, const double *y, size_t n, uint64_t state)
{
    double above[LANES] = { 0 }, below[LANES] = { 0 };
    for (size_t i = 0; i < n; i++, state += IL_SPLITMIX_STEP)
        for (size_t lane = 0; lane < LANES; lane++) {
            size_t drawn = pick(state + lane * n * IL_SPLITMIX_STEP, n);
            above[lane] += x[drawn];
            if (y)
                below[lane] += y[drawn];
        }
    for (size_t lane = 0; lane < LANES; lane++) {
        double total = y ? below[lane] : (double)n;
        out[lane] = total == 0 ? NAN : above[lane] / total;
    }
}

static int bootstrap(il_interval *out, const double *x, const double *y, size_t n, il_boot how, il_err *e)
{
    double *values = malloc(IL_BOOT_RESAMPLES * sizeof *values);
    if (!values)
        return il_fail_oom(e);
    size_t count = 0;
    for (size_t i = 0; n && i < IL_BOOT_RESAMPLES; i += LANES) {
        double lanes[LANES];
        if (how.stop && *how.stop) {
            free(values);
            return il_fail(e, IL_ECANCEL, "the bootstrap was stopped");
        }
        resample(lanes, x, y, n, how.seed + i * n * IL_SPLITMIX_STEP);
        for (size_t lane = 0; lane < LANES; lane++)
            if (!isnan(lanes[lane]))
                values[count++] = lanes[lane];
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
