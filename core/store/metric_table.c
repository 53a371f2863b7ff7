/* metric_table.c - the sums and metrics of finished tests as rows: their definitions, and their computation from the
 * rows of the images. */
#include <math.h>
#include "base/text.h"
#include "store/database.h"

/* The rows that a metric is computed from. */
enum source { BATCHES, IMAGES, SCORES, SOURCES };

static const char *const from[SOURCES] = {
    [BATCHES] = "(SELECT SUM(tp) AS tp, SUM(fp) AS fp, SUM(fn) AS fn FROM images WHERE test = ?1 GROUP BY batch)",
    [IMAGES] = "images WHERE test = ?1",
    [SCORES] = "scores WHERE test = ?1",
};

#define LEFT_OUT "mean over pictures; those where it is undefined (nothing tampered, nothing marked) are left out"
#define POOLED "of all pixels of all pictures together"
#define TAMPERED "il_hist_sum(tampered)"
#define CLEAN "il_hist_sum(clean)"

/* In the order in which they are shown. Raise IL_METRICS_REVISION when the meaning of a metric changes. */
static const struct metric {
    const char *convention, *metric;
    enum source source;
    const char *value; /* SQL, aggregated over the source */
    const char *meaning;
} metrics[] = {
    { "published", "iou", BATCHES, "AVG(COALESCE(il_iou(tp, fp, fn), 0.0))",
      "mean over batches of the IoU of the batch's pixels; undefined counts 0" },
    { "image mean", "iou", IMAGES, "AVG(il_iou(tp, fp, fn))", LEFT_OUT },
    { "image mean", "f1", IMAGES, "AVG(il_f1(tp, fp, fn))", LEFT_OUT },
    { "image mean", "mcc", IMAGES, "AVG(il_mcc(tp, fp, fn, tn))",
      "mean over pictures; those where it is undefined (one kind of pixel only) are left out" },
    { "image mean", "auc", SCORES, "AVG(il_auc(tampered, clean))",
      "mean over pictures of the pixels' ROC AUC; those with one kind of pixel are left out" },
    { "pooled", "iou", IMAGES, "il_iou(SUM(tp), SUM(fp), SUM(fn))", POOLED },
    { "pooled", "f1", IMAGES, "il_f1(SUM(tp), SUM(fp), SUM(fn))", POOLED },
    { "pooled", "mcc", IMAGES, "il_mcc(SUM(tp), SUM(fp), SUM(fn), SUM(tn))", POOLED },
    { "pooled", "precision", IMAGES, "il_precision(SUM(tp), SUM(fp))", POOLED },
    { "pooled", "recall", IMAGES, "il_recall(SUM(tp), SUM(fn))", POOLED },
    { "pooled", "auc", SCORES, "il_auc(" TAMPERED ", " CLEAN ")", "ROC AUC " POOLED },
    { "pooled", "ap", SCORES, "il_ap(" TAMPERED ", " CLEAN ")", "average precision " POOLED },
    { "pooled", "best f1", SCORES, "il_best_f1(" TAMPERED ", " CLEAN ")",
      "the best over one threshold for all pictures, chosen on these pictures" },
    { "IMDL-BenCo", "f1", IMAGES, "AVG(COALESCE(il_f1(tp, fp, fn), 0.0))",
      "mean over pictures; authentic ones count 0 whatever is marked" },
    { "IMDL-BenCo", "iou", IMAGES, "AVG(COALESCE(il_iou(tp, fp, fn), 0.0))",
      "mean over pictures; authentic ones count 0 whatever is marked" },
    { "IMDL-BenCo", "auc", SCORES,
      "CASE WHEN MIN(il_pixels(clean)) > 0 THEN AVG(COALESCE(il_auc(tampered, clean), 0.0)) END",
      "mean over pictures; authentic ones count 0; undefined when a picture is wholly tampered" },
    { "TruFor", "f1", IMAGES, "AVG(MAX(il_f1(tp, fp, fn), il_f1(fn, tn, tp))) FILTER (WHERE tp + fn > 0)",
      "mean over tampered pictures of the better of the map and its inverse; TruFor also leaves out a band along the edge of"
      " the truth, which is not done here" },
    { "TruFor", "best f1", SCORES, "AVG(MAX(il_best_f1(tampered, clean), il_best_f1_inverted(tampered, clean)))",
      "the same with each picture's best threshold" },
    { "image level", "auc", IMAGES, "il_image_auc(CAST(tp + fp AS REAL) / (tp + fp + fn + tn), tp + fn > 0)",
      "ROC AUC of tampered pictures against authentic ones by the share of marked pixels" },
    { "image level", "auc of the highest score", SCORES,
      "il_image_auc(MAX(COALESCE(il_highest(tampered), 0), COALESCE(il_highest(clean), 0)), il_pixels(tampered) > 0)",
      "ROC AUC of tampered pictures against authentic ones by their highest score" },
};

enum { METRICS = sizeof metrics / sizeof *metrics };

static const char sums[] =
    "INSERT INTO test_sums (test, images, defined, tp, fp, fn, tn, authentic, false_alarms, authentic_fp, authentic_tn)"
    " SELECT ?1, COUNT(*), COUNT(*) FILTER (WHERE tp + fp + fn > 0), COALESCE(SUM(tp), 0), COALESCE(SUM(fp), 0),"
    " COALESCE(SUM(fn), 0), COALESCE(SUM(tn), 0), COUNT(*) FILTER (WHERE tp + fn = 0),"
    " COUNT(*) FILTER (WHERE tp + fn = 0 AND fp > 0), COALESCE(SUM(fp) FILTER (WHERE tp + fn = 0), 0),"
    " COALESCE(SUM(tn) FILTER (WHERE tp + fn = 0), 0) FROM images WHERE test = ?1";

/* ---- one test ---- */

/* All metrics of one source are computed in one pass over its rows. */
static int compute(double values[METRICS], il_store *s, int64_t test, enum source source, il_err *e)
{
    il_text sql = { 0 };
    sqlite3_stmt *statement = NULL;
    int row = 0, column = 0;
    for (int i = 0; i < METRICS; i++)
        if (metrics[i].source == source)
            il_text_add(&sql, "%s %s", sql.size ? "," : "SELECT", metrics[i].value);
    il_text_add(&sql, " FROM %s", from[source]);
    int rc = sql.failed ? il_fail_oom(e) : il_store_prepare(&statement, s, sql.data, e);
    if (!rc)
        rc = il_store_bind(s, statement, (il_bind[]){ il_bind_int(test), { 0 } }, e);
    if (!rc)
        rc = il_store_step(&row, s, statement, e);
    for (int i = 0; !rc && row && i < METRICS; i++)
        if (metrics[i].source == source) {
            bool null = sqlite3_column_type(statement, column) == SQLITE_NULL;
            values[i] = null ? NAN : sqlite3_column_double(statement, column);
            column++;
        }
    sqlite3_finalize(statement);
    il_text_free(&sql);
    return rc;
}

/* A damaged histogram makes the metrics that need it undefined; it does not make the database unusable. */
static int compute_all(double values[METRICS], il_store *s, int64_t test, il_err *e)
{
    il_err why = { 0 };
    int rc = IL_OK;
    for (int i = 0; i < METRICS; i++)
        values[i] = NAN;
    for (int source = 0; !rc && source < SOURCES; source++) {
        s->trouble = SQLITE_OK;
        rc = compute(values, s, test, (enum source)source, &why);
        if (rc && source == SCORES && s->trouble == SQLITE_ERROR)
            rc = IL_OK;
    }
    if (rc && e)
        *e = why;
    return rc;
}

static int insert(il_store *s, int64_t test, const double values[METRICS], il_err *e)
{
    sqlite3_stmt *statement = NULL;
    int row = 0;
    int rc = il_store_prepare(
        &statement, s,
        "INSERT INTO test_metrics (test, convention, metric, value, revision) VALUES (?1, ?2, ?3, ?4, ?5)", e);
    for (int i = 0; !rc && i < METRICS; i++) {
        il_bind row_of[] = {
            il_bind_int(test),       il_bind_text(metrics[i].convention), il_bind_text(metrics[i].metric),
            il_bind_real(values[i]), il_bind_int(IL_METRICS_REVISION),    { 0 }
        };
        rc = il_store_bind(s, statement, row_of, e);
        if (!rc)
            rc = il_store_step(&row, s, statement, e);
    }
    sqlite3_finalize(statement);
    return rc;
}

int il_store_put_metrics(il_store *s, int64_t test, il_err *e)
{
    const il_bind of_test[] = { il_bind_int(test), { 0 } };
    double values[METRICS];
    int64_t done = 0;
    int rc = il_store_exec(NULL, s, "DELETE FROM test_sums WHERE test = ?1", of_test, e);
    if (!rc)
        rc = il_store_exec(NULL, s, "DELETE FROM test_metrics WHERE test = ?1", of_test, e);
    if (!rc)
        rc = il_store_exec(&done, s, "SELECT COUNT(*) FROM tests WHERE id = ?1 AND status = 'done'", of_test, e);
    if (rc || !done)
        return rc;
    rc = il_store_exec(NULL, s, sums, of_test, e);
    if (!rc)
        rc = compute_all(values, s, test, e);
    if (!rc)
        rc = insert(s, test, values, e);
    return rc ? il_fail_in(e, "metrics of test %lld", (long long)test) : rc;
}

/* ---- all tests ---- */

/* ?1: tests whose rows are of a revision below it. All rows of a test are written together, so one is enough. */
#define IS_OLD                                                                                                         \
    "t.status = 'done' AND COALESCE((SELECT m.revision FROM test_metrics m WHERE m.test = t.id LIMIT 1), 0) < ?1"
#define ARE_DEFINITIONS_OLD "COALESCE((SELECT MAX(revision) FROM metric_definitions), 0) < ?1"

static int define(il_store *s, il_err *e)
{
    int64_t old = 0;
    int rc = il_store_exec(&old, s, "SELECT " ARE_DEFINITIONS_OLD,
                           (il_bind[]){ il_bind_int(IL_METRICS_REVISION), { 0 } }, e);
    if (!rc && old)
        rc = il_store_script(s, "DELETE FROM metric_definitions", e);
    for (int i = 0; !rc && old && i < METRICS; i++) {
        il_bind row[] = { il_bind_int(i + 1),
                          il_bind_text(metrics[i].convention),
                          il_bind_text(metrics[i].metric),
                          il_bind_text(metrics[i].meaning),
                          il_bind_int(IL_METRICS_REVISION),
                          { 0 } };
        rc = il_store_exec(NULL, s,
                           "INSERT INTO metric_definitions (id, convention, metric, meaning, revision)"
                           " VALUES (?1, ?2, ?3, ?4, ?5)",
                           row, e);
    }
    return rc;
}

static int fill_below(il_store *s, int64_t revision, il_err *e)
{
    int64_t test = 0;
    int rc = define(s, e);
    while (!rc) {
        il_bind values[] = { il_bind_int(revision), il_bind_int(test), { 0 } };
        rc = il_store_exec(&test, s, "SELECT t.id FROM tests t WHERE t.id > ?2 AND " IS_OLD " ORDER BY t.id LIMIT 1",
                           values, e);
        if (rc || !test)
            break;
        rc = il_store_put_metrics(s, test, e);
    }
    return rc;
}

int il_store_fill_metrics(il_store *s, il_err *e)
{
    return fill_below(s, IL_METRICS_REVISION, e);
}

int il_store_refresh_metrics(il_store *s, il_err *e)
{
    int64_t any = 0;
    int rc = il_store_exec(&any, s, "SELECT " ARE_DEFINITIONS_OLD " OR EXISTS (SELECT 1 FROM tests t WHERE " IS_OLD ")",
                           (il_bind[]){ il_bind_int(IL_METRICS_REVISION), { 0 } }, e);
    if (rc || !any)
        return rc;
    rc = il_store_begin(s, e);
    if (rc)
        return rc;
    return il_store_end(s, il_store_fill_metrics(s, e), e);
}

int il_store_rebuild_metrics(il_store *s, int64_t test, il_err *e)
{
    int rc = il_store_begin(s, e);
    if (rc)
        return rc;
    rc = test ? il_store_put_metrics(s, test, e) : fill_below(s, INT64_MAX, e);
    return il_store_end(s, rc, e);
}
