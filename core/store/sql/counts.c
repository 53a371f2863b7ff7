/* counts.c - SQL functions of pixel counts: tp, fp, fn, tn -> IoU, F1 and others; 0/0 is NULL. */
#include <math.h>
#include "store/sql/arguments.h"

static double ratio(double above, double below)
{
    return below == 0 ? NAN : above / below;
}

static double iou(const double *c) /* tp, fp, fn */
{
    return ratio(c[0], c[0] + c[1] + c[2]);
}

static double f1(const double *c) /* tp, fp, fn */
{
    return ratio(2 * c[0], 2 * c[0] + c[1] + c[2]);
}

static double share(const double *c) /* precision: tp, fp; recall: tp, fn; specificity: tn, fp */
{
    return ratio(c[0], c[0] + c[1]);
}

static double accuracy(const double *c)
{
    return ratio(c[0] + c[3], c[0] + c[1] + c[2] + c[3]);
}

static double mcc(const double *c)
{
    double tp = c[0], fp = c[1], fn = c[2], tn = c[3];
    /* separate roots, since the product of four sums could overflow */
    double below = sqrt(tp + fp) * sqrt(tp + fn) * sqrt(tn + fp) * sqrt(tn + fn);
    return ratio(tp * tn - fp * fn, below);
}

static void of_counts(sqlite3_context *context, int n, sqlite3_value **values)
{
    const il_sql_function *f = sqlite3_user_data(context);
    double c[IL_SQL_MOST];
    if (il_sql_any_null(n, values))
        return;
    for (int i = 0; i < n; i++) {
        if (!il_sql_number(&c[i], context, f, i, values[i]))
            return;
        if (c[i] < 0) {
            il_sql_complain(context, f, "%s is negative; expected a count", f->arguments[i]);
            return;
        }
    }
    il_sql_return(context, f->by.counts(c));
}

const il_sql_function il_sql_counts[] = {
    { "il_iou",
      { "tp", "fp", "fn" },
      3,
      { .counts = iou },
      of_counts,
      NULL,
      NULL,
      "il_iou(tp, fp, fn)",
      "intersection over union; undefined when no pixel is tampered and none is marked" },
    { "il_f1",
      { "tp", "fp", "fn" },
      3,
      { .counts = f1 },
      of_counts,
      NULL,
      NULL,
      "il_f1(tp, fp, fn)",
      "F1; undefined when no pixel is tampered and none is marked" },
    { "il_precision",
      { "tp", "fp" },
      2,
      { .counts = share },
      of_counts,
      NULL,
      NULL,
      "il_precision(tp, fp)",
      "fraction of the marked pixels that are tampered" },
    { "il_recall",
      { "tp", "fn" },
      2,
      { .counts = share },
      of_counts,
      NULL,
      NULL,
      "il_recall(tp, fn)",
      "fraction of the tampered pixels that are marked" },
    { "il_specificity",
      { "tn", "fp" },
      2,
      { .counts = share },
      of_counts,
      NULL,
      NULL,
      "il_specificity(tn, fp)",
      "fraction of the clean pixels that are not marked" },
    { "il_accuracy",
      { "tp", "fp", "fn", "tn" },
      4,
      { .counts = accuracy },
      of_counts,
      NULL,
      NULL,
      "il_accuracy(tp, fp, fn, tn)",
      "fraction of the pixels that are classified correctly" },
    { "il_mcc",
      { "tp", "fp", "fn", "tn" },
      4,
      { .counts = mcc },
      of_counts,
      NULL,
      NULL,
      "il_mcc(tp, fp, fn, tn)",
      "Matthews correlation coefficient; undefined when truth or prediction has only one class" },
    { 0 },
};
