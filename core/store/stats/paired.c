/* paired.c - tests of paired differences, and Holm's correction for multiple tests. */
#include <math.h>
#include <stdlib.h>
#include "store/stats/ranks.h"

/* ---- Student's t ---- */

/* The continued fraction of the incomplete beta function by Lentz's method: DLMF 8.17.22. */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double value = d;
    for (int m = 1; m <= 10000; m++) {
        for (int odd = 0; odd < 2; odd++) {
            double term = odd ? -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
                              : m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 + term * d;
            c = 1 + term / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            value *= c * d;
        }
        if (fabs(c * d - 1) < 1e-16)
            break;
    }
    return value;
}

/* The regularized incomplete beta function I_x(a, b); y is 1 - x, passed by the caller to avoid cancellation. */
static double beta(double a, double b, double x, double y)
{
    if (x <= 0 || y <= 0)
        return x <= 0 ? 0 : 1;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(y));
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a : 1 - front * beta_fraction(b, a, y) / b;
}

double il_stats_student(double t, double freedom)
{
    double t2 = t * t;
    return beta(freedom / 2, 0.5, freedom / (freedom + t2), t2 / (freedom + t2));
}

/* By bisection: p falls with t. */
double il_stats_student_inverse(double p, double freedom)
{
    double low = 0, high = 1;
    while (il_stats_student(high, freedom) > p)
        high *= 2;
    for (int i = 0; i < 200 && low < high; i++) {
        double middle = low + (high - low) / 2;
        if (il_stats_student(middle, freedom) > p)
            low = middle;
        else
            high = middle;
    }
    return high;
}

il_interval il_stats_mean_interval(const double *x, size_t n, double level)
{
    if (n < 2)
        return (il_interval){ NAN, NAN };
    double half = il_stats_student_inverse(1 - level, (double)(n - 1)) * il_stats_stdev(x, n) / sqrt((double)n);
    double mean = il_stats_mean(x, n);
    return (il_interval){ mean - half, mean + half };
}

double il_stats_welch(const double *a, size_t na, const double *b, size_t nb)
{
    if (na < 2 || nb < 2)
        return NAN;
    double sa = il_stats_stdev(a, na), sb = il_stats_stdev(b, nb);
    double va = sa * sa / (double)na, vb = sb * sb / (double)nb, all = va + vb;
    if (all == 0)
        return NAN;
    double freedom = all * all / (va * va / (double)(na - 1) + vb * vb / (double)(nb - 1));
    return il_stats_student((il_stats_mean(a, na) - il_stats_mean(b, nb)) / sqrt(all), freedom);
}

double il_stats_ttest(const double *a, const double *b, size_t n)
{
    double mean = 0, squares = 0;
    bool same = true;
    for (size_t i = 0; i < n; i++) {
        mean += (a[i] - b[i]) / (double)n;
        same = same && a[i] - b[i] == a[0] - b[0];
    }
    for (size_t i = 0; i < n; i++)
        squares += (a[i] - b[i] - mean) * (a[i] - b[i] - mean);
    if (n < 2 || same || squares == 0)
        return NAN;
    double free_ones = (double)(n - 1);
    return il_stats_student(sqrt(mean * mean * (double)n * free_ones / squares), free_ones);
}

/* ---- signed ranks ---- */

enum { EXACT = 50, EXACT_TIED = 13 };

/* Two-sided p of the sum of positive ranks among all 2^n choices of signs. Ranks are
 * multiples of 1/2, so twice their sums are integers; counts up to 2^50 are exact in a double. */
static double exact_p(const il_ranked *x, size_t n, double positive)
{
    enum { SUMS = EXACT * (EXACT + 1) + 1 };
    double ways[SUMS] = { 1 };
    int top = 0, at = (int)lround(2 * positive);
    for (size_t i = 0; i < n; i++) {
        int rank = (int)lround(2 * x[i].rank);
        top += rank;
        for (int sum = top; sum >= rank; sum--)
            ways[sum] += ways[sum - rank];
    }
    double below = 0, above = 0;
    for (int sum = 0; sum <= top; sum++) {
        below += sum <= at ? ways[sum] : 0;
        above += sum >= at ? ways[sum] : 0;
    }
    return fmin(1, 2 * fmin(below, above) / ldexp(1, (int)n));
}

int il_stats_wilcoxon(double *p, const double *a, const double *b, size_t n, il_err *e)
{
    il_ranked *x = calloc(n ? n : 1, sizeof *x);
    if (!x)
        return il_fail_oom(e);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i])
            x[kept++] = (il_ranked){ .value = fabs(a[i] - b[i]), .mark = a[i] > b[i] };
    double ties = il_ranks(x, kept), positive = 0, m = (double)kept;
    for (size_t i = 0; i < kept; i++)
        positive += x[i].mark ? x[i].rank : 0;
    if (kept == 0)
        *p = NAN;
    else if (n <= EXACT_TIED || (n <= EXACT && ties == 0 && kept == n))
        *p = exact_p(x, kept, positive);
    else
        *p = erfc(fabs(positive - m * (m + 1) / 4) / sqrt((m * (m + 1) * (2 * m + 1) - ties / 2) / 24) / sqrt(2));
    free(x);
    return IL_OK;
}

/* ---- signs ---- */

double il_stats_sign(const double *a, const double *b, size_t n)
{
    double more = 0, less = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        more += a[i] > b[i];
        less += a[i] < b[i];
    }
    double m = more + less, fewer = fmin(more, less);
    if (m == 0)
        return NAN;
    for (size_t i = 0; i <= (size_t)fewer; i++) {
        double k = (double)i;
        sum += exp(lgamma(m + 1) - lgamma(k + 1) - lgamma(m - k + 1) - m * log(2));
    }
    return fmin(1, 2 * sum);
}

/* ---- multiple tests ---- */

int il_stats_holm(double *p, size_t n, il_err *e)
{
    il_ranked *x = calloc(n ? n : 1, sizeof *x);
    double *corrected = malloc((n ? n : 1) * sizeof *corrected);
    size_t tests = 0;
    if (x && corrected) {
        for (size_t i = 0; i < n; i++)
            if (!isnan(p[i]))
                x[tests++].value = p[i];
        il_ranks(x, tests);
        for (size_t i = 0; i < tests; i++) {
            double now = fmin(1, x[i].value * (double)(tests - i));
            corrected[i] = i && corrected[i - 1] > now ? corrected[i - 1] : now;
        }
        /* Equal p-values get the value of the first, since adjusted values must not decrease. */
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < tests; k++)
                if (x[k].value == p[i]) {
                    p[i] = corrected[k];
                    break;
                }
    }
    int rc = x && corrected ? IL_OK : il_fail_oom(e);
    free(x);
    free(corrected);
    return rc;
}
