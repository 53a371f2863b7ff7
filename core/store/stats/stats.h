/* stats.h - statistics over images: order statistics, the image-level AUC, paired tests, bootstrap intervals. Inputs
 * are finite; undefined results are NAN, never 0. Functions that allocate return a code. */
#ifndef IL_STORE_STATS_STATS_H
#define IL_STORE_STATS_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <inpaintlab/error.h>

typedef struct il_interval {
    double low, high;
} il_interval;

double il_stats_mean(const double *x, size_t n);
double il_stats_stdev(const double *x, size_t n); /* of a sample (n - 1); undefined for n < 2 */
/* Interpolates linearly like NumPy; q in [0, 1]. Sorts x. */
double il_stats_quantile(double *x, size_t n, double q);
void il_stats_sort(double *x, size_t n);

/* Two-sided p of Student's t with so many degrees of freedom, and the t that has this p: the half width of an interval of
 * level 1 - p, in standard errors. */
double il_stats_student(double t, double freedom);
double il_stats_student_inverse(double p, double freedom);
/* Of the mean, by Student's t; NAN below two values. */
il_interval il_stats_mean_interval(const double *x, size_t n, double level);
/* Welch's test of two independent samples' means; undefined below two values or without any spread. */
double il_stats_welch(const double *a, size_t na, const double *b, size_t nb);

/* Area under the ROC curve of scores with labels (true above 0), ties counting half. */
int il_stats_auc(double *out, const double *score, const double *label, size_t n, il_err *e);

/* ---- paired tests: two-sided p of a[i] - b[i]; undefined when all differences are equal (t) or 0 (the others) ---- */

double il_stats_ttest(const double *a, const double *b, size_t n);
/* Signed ranks; zeros are left out. Exact for up to 50 pairs without ties and zeros and for up to 13 pairs with them, else
 * the normal approximation, corrected for ties: SciPy's default choices. */
int il_stats_wilcoxon(double *p, const double *a, const double *b, size_t n, il_err *e);
double il_stats_sign(const double *a, const double *b, size_t n); /* exact binomial; zeros are left out */

/* Holm's correction in place; NANs do not count as tests. Quadratic in n, which is small. */
int il_stats_holm(double *p, size_t n, il_err *e);

/* ---- percentile bootstrap ---- */

typedef struct il_boot {
    double level;             /* as 0.95 */
    uint64_t seed;            /* of SplitMix64 (inpaintlab/random.h) */
    const volatile int *stop; /* IL_ECANCEL once it is set; NULL: goes to its end */
} il_boot;

#ifndef IL_BOOT_RESAMPLES /* the fuzz targets are built with fewer, for the same code in less time */
#define IL_BOOT_RESAMPLES 10000
#endif

/* Interval of the mean of x; both ends are the value itself for one image, NAN for none. */
int il_bootstrap_mean(il_interval *out, const double *x, size_t n, il_boot how, il_err *e);
/* Of the means of many samples, each as il_bootstrap_mean has it to the last bit, in a fraction of the time; with a
 * weight, of sum(x) / sum(weight) as il_bootstrap_ratio has it. */
typedef struct il_series {
    const double *x, *weight; /* weight: above 0; NULL: 1 each */
    size_t n;
} il_series;
int il_bootstrap_means(il_interval *out, const il_series *samples, size_t count, il_boot how, il_err *e);
/* Interval of sum(x) / sum(y), resampling pairs; resamples whose denominator is 0 are left out. */
int il_bootstrap_ratio(il_interval *out, const double *x, const double *y, size_t n, il_boot how, il_err *e);

#endif
