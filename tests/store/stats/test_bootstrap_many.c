/* test_bootstrap_many.c - intervals of many means are those of il_bootstrap_mean, which is compared with NumPy elsewhere. */
#include <criterion/criterion.h>
#include <math.h>
#include <inpaintlab/random.h>
#include "store/stats/stats.h"

static void same(double a, double b, size_t sample)
{
    cr_assert(a == b || (isnan(a) && isnan(b)), "sample %zu: %.17g, expected %.17g", sample, a, b);
}

/* More of one size than are drawn together, sizes mixed, empty and single ones, ties and equal values. */
Test(bootstrap_many, each_interval_is_that_of_the_sample_alone)
{
    enum { COUNT = 45, MOST = 60 };
    static const size_t sizes[] = { 12, 12, 37, 0, 12, 1, MOST, 12, 2 };
    static double x[COUNT][MOST];
    il_series samples[COUNT];
    il_interval got[COUNT], wanted;
    il_err e = { 0 };
    uint64_t state = 3;
    for (size_t i = 0; i < COUNT; i++) {
        samples[i] = (il_series){ .x = x[i], .n = sizes[i % 9] };
        for (size_t k = 0; k < MOST; k++)
            x[i][k] = i == 7 ? 0.25 : i % 3 ? il_random_unit(&state) - 0.5 : floor(4 * il_random_unit(&state));
    }
    const il_boot how = { .level = 0.95, .seed = 11 };
    cr_assert_eq(il_bootstrap_means(got, samples, COUNT, how, &e), IL_OK);
    for (size_t i = 0; i < COUNT; i++) {
        cr_assert_eq(il_bootstrap_mean(&wanted, x[i], samples[i].n, how, &e), IL_OK);
        same(got[i].low, wanted.low, i);
        same(got[i].high, wanted.high, i);
    }
    cr_assert(isnan(got[3].low) && got[7].low == 0.25 && got[1].low < got[1].high);
    cr_assert_eq(il_bootstrap_means(NULL, NULL, 0, how, &e), IL_OK);
}
