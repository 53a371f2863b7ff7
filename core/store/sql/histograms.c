/* histograms.c - SQL functions of histograms of scores (the table `scores`), and the aggregate that adds them up. */
#include <math.h>
#include <string.h>
#include "store/sql/arguments.h"

enum one { ABOVE, PIXELS, HIGHEST };

static void of_one(sqlite3_context *context, int n, sqlite3_value **values)
{
    const il_sql_function *f = sqlite3_user_data(context);
    il_bins h;
    double threshold = 0;
    if (il_sql_any_null(n, values) || !il_sql_histogram(&h, context, f, 0, values[0]))
        return;
    switch ((enum one)f->by.what) {
    case ABOVE:
        if (il_sql_number(&threshold, context, f, 1, values[1]))
            sqlite3_result_int64(context, il_histogram_above(&h, threshold));
        break;
    case PIXELS: sqlite3_result_int64(context, il_histogram_pixels(&h)); break;
    case HIGHEST: il_sql_return(context, il_histogram_highest(&h)); break;
    }
}

static double best_f1(const il_bins *tampered, const il_bins *clean)
{
    return il_histogram_best_f1(NULL, tampered, clean);
}

static double best_threshold(const il_bins *tampered, const il_bins *clean)
{
    double threshold = NAN;
    il_histogram_best_f1(&threshold, tampered, clean);
    return threshold;
}

#define MIXED "histograms of equal bins and of bins over the logit; expected those of tests with the same tests.bins"

static void of_pair(sqlite3_context *context, int n, sqlite3_value **values)
{
    const il_sql_function *f = sqlite3_user_data(context);
    il_bins tampered, clean;
    if (il_sql_any_null(n, values) || !il_sql_histogram(&tampered, context, f, 0, values[0]) ||
        !il_sql_histogram(&clean, context, f, 1, values[1]))
        return;
    if (tampered.layout == clean.layout)
        il_sql_return(context, f->by.pair(&tampered, &clean));
    else
        il_sql_complain(context, f, MIXED);
}

/* ---- the sum ---- */

struct sum {
    bool any;
    il_bins all;
};

static void sum_step(sqlite3_context *context, int n, sqlite3_value **values)
{
    const il_sql_function *f = sqlite3_user_data(context);
    il_bins one;
    if (il_sql_any_null(n, values) || !il_sql_histogram(&one, context, f, 0, values[0]))
        return;
    struct sum *s = sqlite3_aggregate_context(context, sizeof *s);
    if (!s) {
        sqlite3_result_error_nomem(context);
        return;
    }
    if (!s->any)
        s->all.layout = one.layout;
    s->any = true;
    if (s->all.layout != one.layout)
        il_sql_complain(context, f, MIXED);
    else if (il_histogram_add(&s->all, &one) != IL_OK)
        il_sql_complain(context, f, "the sum has too many pixels");
}

static void sum_final(sqlite3_context *context)
{
    struct sum *s = sqlite3_aggregate_context(context, 0);
    unsigned char code[IL_HISTOGRAM_BYTES];
    if (s && s->any)
        sqlite3_result_blob(context, code, (int)il_histogram_encode(code, &s->all), SQLITE_TRANSIENT);
}

#define PAIR(function, name, about)                                                                                    \
    {                                                                                                                  \
        name, { "tampered", "clean" }, 2, { .pair = (function) }, of_pair, NULL, NULL, name "(tampered, clean)", about \
    }

const il_sql_function il_sql_histograms[] = {
    { "il_above",
      { "histogram", "threshold" },
      2,
      { .what = ABOVE },
      of_one,
      NULL,
      NULL,
      "il_above(histogram, threshold)",
      "number of pixels with score > threshold; exact where the threshold is an edge of bins (0.5 is), otherwise for the nearest"
      " one" },
    { "il_pixels",
      { "histogram" },
      1,
      { .what = PIXELS },
      of_one,
      NULL,
      NULL,
      "il_pixels(histogram)",
      "total number of pixels" },
    { "il_highest",
      { "histogram" },
      1,
      { .what = HIGHEST },
      of_one,
      NULL,
      NULL,
      "il_highest(histogram)",
      "the highest score, rounded up to the edge of its bin" },
    PAIR(il_histogram_auc, "il_auc", "area under the pixels' ROC curve, ties counting half"),
    PAIR(il_histogram_ap, "il_ap", "average precision of the pixels"),
    PAIR(best_f1, "il_best_f1", "the best F1 over all edges of bins as thresholds"),
    PAIR(best_threshold, "il_best_threshold", "the lowest threshold that attains it"),
    PAIR(il_histogram_best_f1_inverted, "il_best_f1_inverted", "the best F1 of the inverted map"),
    { "il_hist_sum",
      { "histogram" },
      1,
      { 0 },
      NULL,
      sum_step,
      sum_final,
      "il_hist_sum(histogram)",
      "aggregate: the sum of all histograms, for pooled metrics" },
    { 0 },
};
