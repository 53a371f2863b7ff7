/* test_functions.c - the functions il_* against scikit-learn and SciPy (tests/data/stats), and what they refuse. */
#include <jansson.h>
#include <math.h>
#include "store/sql/functions.h"
#include "store/stats/stats.h"
#include "support/results.h"

static il_store *store;
static json_t *figures;

static void set_up(void)
{
    json_error_t why;
    GOOD(il_store_open(&store, ":memory:", &e));
    figures = json_load_file(TEST_DATA "/stats/figures.json", 0, &why);
    cr_assert_not_null(figures, "%s: %s", why.source, why.text);
}

static void tear_down(void)
{
    json_decref(figures);
    il_store_close(store);
}

TestSuite(sql_functions, .init = set_up, .fini = tear_down);

/* One value; NAN for NULL. */
static double value_of(const char *sql, const char *const *args)
{
    il_rows rows = { 0 };
    il_err e = { 0 };
    cr_assert_eq(il_store_query(&rows, store, sql, args, &e), IL_OK, "%s: %s", sql, e.message);
    cr_assert_eq(rows.count * rows.columns, 1, "%s", sql);
    double value = rows.values[0] ? strtod(rows.values[0], NULL) : NAN;
    il_store_rows_free(&rows);
    return value;
}

static void check(const char *sql, const char *const *args, const json_t *wanted, size_t row, double tolerance)
{
    double got = value_of(sql, args), want = json_is_null(wanted) ? NAN : json_number_value(wanted);
    cr_assert_not_null(wanted, "%s, row %zu: there is no figure", sql, row);
    cr_assert(isnan(want) ? isnan(got) : fabs(got - want) <= tolerance * fmax(fabs(want), 1e-3),
              "%s, row %zu: %.17g, expected %.17g", sql, row, got, want);
}

Test(sql_functions, counts_as_scikit_learn)
{
    static const struct {
        const char *name, *call;
    } calls[] = {
        { "il_iou", "SELECT il_iou(?1 + 0, ?2 + 0, ?3 + 0)" },
        { "il_f1", "SELECT il_f1(?1 + 0, ?2 + 0, ?3 + 0)" },
        { "il_precision", "SELECT il_precision(?1 + 0, ?2 + 0)" },
        { "il_recall", "SELECT il_recall(?1 + 0, ?3 + 0)" },
        { "il_specificity", "SELECT il_specificity(?4 + 0, ?2 + 0)" },
        { "il_accuracy", "SELECT il_accuracy(?1 + 0, ?2 + 0, ?3 + 0, ?4 + 0)" },
        { "il_mcc", "SELECT il_mcc(?1 + 0, ?2 + 0, ?3 + 0, ?4 + 0)" },
    };
    const json_t *row;
    size_t i, undefined = 0;
    json_array_foreach(json_object_get(figures, "counts"), i, row)
    {
        char text[4][32];
        const json_t *counts = json_object_get(row, "counts");
        for (size_t k = 0; k < 4; k++)
            snprintf(text[k], sizeof text[k], "%lld", (long long)json_integer_value(json_array_get(counts, k)));
        for (size_t k = 0; k < sizeof calls / sizeof *calls; k++) {
            /* ?4 must not be bound where a call lacks it */
            const char *args[] = { text[0], text[1], text[2], strstr(calls[k].call, "?4") ? text[3] : NULL, NULL };
            if (!strstr(calls[k].call, "?3") && !args[3])
                args[2] = NULL;
            check(calls[k].call, args, json_object_get(row, calls[k].name), i, 1e-12);
            undefined += json_is_null(json_object_get(row, calls[k].name));
        }
    }
    cr_assert_gt(undefined, 5);
}

static const char *blob(const json_t *row, const char *name)
{
    return json_string_value(json_object_get(row, name));
}

/* Arguments are hexadecimal: this SQLite may lack unhex, so they are put into the query. */
static void check_pair(const json_t *row, const char *name, size_t i)
{
    char sql[4000];
    snprintf(sql, sizeof sql, "SELECT %s(x'%s', x'%s')", name, blob(row, "tampered"), blob(row, "clean"));
    check(sql, NULL, json_object_get(row, name), i, 1e-12);
}

Test(sql_functions, histograms_as_scikit_learn)
{
    static const char *const names[] = { "il_auc", "il_ap", "il_best_f1", "il_best_f1_inverted", "il_best_threshold" };
    const json_t *row, *above;
    size_t i, k;
    cr_assert_gt(json_array_size(json_object_get(figures, "histograms")), 5);
    json_array_foreach(json_object_get(figures, "histograms"), i, row)
    {
        for (k = 0; k < sizeof names / sizeof *names; k++)
            check_pair(row, names[k], i);
        json_array_foreach(json_object_get(row, "above"), k, above)
        {
            char sql[4000];
            for (size_t side = 0; side < 2; side++) {
                snprintf(sql, sizeof sql, "SELECT il_above(x'%s', %.17g)", blob(row, side ? "clean" : "tampered"),
                         json_number_value(json_array_get(above, 0)));
                check(sql, NULL, json_array_get(above, 1 + side), i, 0);
            }
        }
    }
}

/* The histograms and scikit-learn's figures of the logits that they were counted from; the best F1 only lacks the thresholds
 * within a bin. */
Test(sql_functions, histograms_over_the_logit_as_scikit_learn_on_the_scores)
{
    static char sql[40000];
    json_error_t why;
    json_t *all = json_load_file(TEST_DATA "/stats/logits.json", 0, &why);
    const json_t *row;
    size_t i;
    cr_assert_gt(json_array_size(all), 50, "%s: %s", why.source, why.text);
    json_array_foreach(all, i, row)
    {
        static const struct {
            const char *name;
            double within;
        } pair[] = { { "il_auc", 1e-4 }, { "il_ap", 1e-4 }, { "il_best_f1", 1e-3 } };
        for (size_t k = 0; k < 3; k++) {
            snprintf(sql, sizeof sql, "SELECT %s(x'%s', x'%s')", pair[k].name, blob(row, "tampered"),
                     blob(row, "clean"));
            double got = value_of(sql, NULL), want = json_number_value(json_object_get(row, pair[k].name));
            cr_expect(fabs(got - want) <= pair[k].within, "%s of %s: %.7f, expected %.7f", pair[k].name,
                      blob(row, "name"), got, want);
        }
        for (size_t side = 0; side < 2; side++) {
            const char *code = blob(row, side ? "clean" : "tampered");
            snprintf(sql, sizeof sql, "SELECT il_above(x'%s', 0.5)", code);
            check(sql, NULL, json_array_get(json_object_get(row, "above"), side), i, 0);
            snprintf(sql, sizeof sql, "SELECT il_hist_sum(h) = h FROM (SELECT x'%s' AS h)", code);
            cr_expect_eq(value_of(sql, NULL), 1, "%s is encoded otherwise", blob(row, "name"));
        }
    }
    json_decref(all);
}

Test(sql_functions, sums_of_histograms_are_histograms_of_sums)
{
    const json_t *row, *all = json_object_get(figures, "histograms");
    size_t i;
    char sql[20000] = "WITH h (x) AS (VALUES (NULL)";
    json_array_foreach(all, i, row)
        snprintf(sql + strlen(sql), sizeof sql - strlen(sql), ", (x'%s')", blob(row, "tampered"));
    snprintf(
        sql + strlen(sql), sizeof sql - strlen(sql),
        ") SELECT SUM(il_pixels(x)) - il_pixels(il_hist_sum(x)), SUM(il_above(x, 0.5)) - il_above(il_hist_sum(x), 0.5),"
        " il_pixels(il_hist_sum(x)) > 1000, il_highest(il_hist_sum(x)) = MAX(il_highest(x)) FROM h");
    struct answer got = ask(store, sql);
    cr_assert_str_eq(got.text, "0|0|1|1", "%s", got.text);
}

/* ---- samples ---- */

struct sample_call {
    const char *name, *sql;
    int at; /* in a figure of two ends; -1: a number */
};

static const struct sample_call sample_calls[] = {
    { "il_median", "SELECT il_median(value) FROM json_each(?1)", -1 },
    { "il_quantile", "SELECT il_quantile(value, ?2 ->> 'q') FROM json_each(?1)", -1 },
    { "il_stdev", "SELECT il_stdev(value) FROM json_each(?1)", -1 },
    { "il_boot", "SELECT il_boot_low(value, ?2 ->> 'level', ?2 ->> 'seed') FROM json_each(?1)", 0 },
    { "il_boot", "SELECT il_boot_high(value, ?2 ->> 'level', ?2 ->> 'seed') FROM json_each(?1)", 1 },
    { "il_boot_ratio",
      "SELECT il_boot_ratio_low(a.value, d.value, ?2 ->> 'level', ?2 ->> 'seed')"
      " FROM json_each(?1) a CROSS JOIN json_each(?2, '$.denominator') d ON d.key = a.key",
      0 },
    { "il_boot_ratio",
      "SELECT il_boot_ratio_high(a.value, d.value, ?2 ->> 'level', ?2 ->> 'seed')"
      " FROM json_each(?1) a CROSS JOIN json_each(?2, '$.denominator') d ON d.key = a.key",
      1 },
    { "il_wilcoxon_p",
      "SELECT il_wilcoxon_p(a.value, b.value)"
      " FROM json_each(?1) a JOIN json_each(?2, '$.b') b ON b.key = a.key",
      -1 },
    { "il_ttest_p",
      "SELECT il_ttest_p(a.value, b.value)"
      " FROM json_each(?1) a JOIN json_each(?2, '$.b') b ON b.key = a.key",
      -1 },
    { "il_sign_p",
      "SELECT il_sign_p(a.value, b.value)"
      " FROM json_each(?1) a JOIN json_each(?2, '$.b') b ON b.key = a.key",
      -1 },
    { "il_image_auc",
      "SELECT il_image_auc(ROUND(a.value, 1), l.value)"
      " FROM json_each(?1) a JOIN json_each(?2, '$.label') l ON l.key = a.key",
      -1 },
};

Test(sql_functions, samples_as_scipy)
{
    const json_t *row;
    size_t i;
    cr_assert_gt(json_array_size(json_object_get(figures, "samples")), 10);
    json_array_foreach(json_object_get(figures, "samples"), i, row)
    {
        char *a = json_dumps(json_object_get(row, "a"), JSON_REAL_PRECISION(17)),
             *all = json_dumps(row, JSON_REAL_PRECISION(17));
        for (size_t k = 0; k < sizeof sample_calls / sizeof *sample_calls; k++) {
            const struct sample_call *c = &sample_calls[k];
            const char *args[] = { a, strstr(c->sql, "?2") ? all : NULL, NULL };
            const json_t *wanted = json_object_get(row, c->name);
            check(c->sql, args, c->at < 0 ? wanted : json_array_get(wanted, (size_t)c->at), i, 1e-9);
        }
        free(a);
        free(all);
    }
}

/* Photos with their pictures are drawn as NumPy draws them (tests/data/stats/photos.py); two photos give no interval. */
Test(sql_functions, photos_are_resampled)
{
    static const char sql[] =
        "WITH x AS (SELECT p.value AS photo, t.value AS tp, t.value + f.value + m.value - t.value AS pixels"
        " FROM json_each(?1, '$.photo') p JOIN json_each(?1, '$.tp[0]') t ON t.key = p.key"
        " JOIN json_each(?1, '$.fp[0]') f ON f.key = p.key JOIN json_each(?1, '$.truth') m ON m.key = p.key)"
        " SELECT il_boot_photo_low(1.0 * tp / pixels, photo), il_boot_photo_high(1.0 * tp / pixels, photo, 0.95, 0),"
        " il_boot_photo_ratio_low(tp, pixels, photo), il_boot_photo_ratio_high(tp, pixels, photo, 0.95, 0) FROM x";
    json_t *all = json_load_file(TEST_DATA "/stats/photos.json", 0, NULL), *c;
    size_t i;
    cr_assert_not_null(all);
    json_array_foreach(json_object_get(all, "cases"), i, c)
    {
        il_rows rows = { 0 };
        char *text = json_dumps(c, 0);
        const json_t *mean = json_array_get(json_object_get(c, "interval"), 0), *pooled = json_object_get(c, "pooled");
        GOOD(il_store_query(&rows, store, sql, (const char *const[]){ text, NULL }, &e));
        for (size_t k = 0; k < 4; k++) {
            const json_t *wanted = json_array_get(k < 2 ? mean : pooled, k % 2);
            const char *got = il_rows_at(&rows, 0, k);
            cr_assert((wanted == NULL) == (got == NULL), "case %zu: %s", i, got ? got : "NULL");
            if (wanted)
                cr_assert_float_eq(strtod(got, NULL), json_number_value(wanted), 1e-12, "case %zu: %s", i, got);
        }
        il_store_rows_free(&rows);
        free(text);
    }
    json_decref(all);
}

/* Other random numbers, the same interval within what 10,000 resamples leave open. */
Test(sql_functions, bootstrap_is_near_scipys_own)
{
    const json_t *row;
    size_t i;
    json_array_foreach(json_object_get(figures, "samples"), i, row)
    {
        const json_t *ours = json_object_get(row, "il_boot"), *theirs = json_object_get(row, "scipy_boot");
        if (json_is_null(theirs))
            continue;
        double low = json_number_value(json_array_get(ours, 0)), high = json_number_value(json_array_get(ours, 1));
        double slack = 0.06 * (high - low) + 1e-12;
        cr_assert_float_eq(low, json_number_value(json_array_get(theirs, 0)), slack, "row %zu", i);
        cr_assert_float_eq(high, json_number_value(json_array_get(theirs, 1)), slack, "row %zu", i);
    }
}

Test(sql_functions, holms_correction)
{
    const json_t *row;
    size_t i;
    json_array_foreach(json_object_get(figures, "holm"), i, row)
    {
        const json_t *raw = json_object_get(row, "p");
        double p[8] = { NAN };
        size_t n = json_array_size(raw);
        for (size_t k = 0; k < n; k++)
            p[k + 1] = json_number_value(json_array_get(raw, k));
        GOOD(il_stats_holm(p, n + 1, &e));
        cr_assert(isnan(p[0])); /* no test, so it does not count */
        for (size_t k = 0; k < n; k++)
            cr_assert_float_eq(p[k + 1], json_number_value(json_array_get(json_object_get(row, "corrected"), k)),
                               1e-15);
    }
}

/* ---- what is odd or refused ---- */

Test(sql_functions, odd_samples)
{
    static const struct {
        const char *sql, *answer;
    } rows[] = {
        { "SELECT il_median(x), il_quantile(x, 0.2), il_stdev(x), il_boot_low(x), il_hist_sum(x), il_ttest_p(x, x),"
          " il_wilcoxon_p(x, x), il_sign_p(x, x), il_image_auc(x, x), il_boot_ratio_low(x, x)"
          " FROM (SELECT 1 AS x) WHERE x > 1",
          "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL" },
        { "SELECT il_median(x), il_stdev(x), il_boot_low(x), il_hist_sum(x), il_ttest_p(x, 1) FROM (SELECT NULL AS x)",
          "NULL|NULL|NULL|NULL|NULL" },
        { "SELECT il_iou(NULL, 1, 1), il_f1(1, NULL, 1), il_auc(NULL, x'00'), il_above(NULL, 0.5), il_pixels(NULL),"
          " il_highest(NULL), il_above(zeroblob(256), NULL)",
          "NULL|NULL|NULL|NULL|NULL|NULL|NULL" },
        { "SELECT il_median(x), il_quantile(x, 1), il_stdev(x), il_boot_low(x), il_boot_high(x), il_boot_ratio_low(x, 2),"
          " il_ttest_p(x, 1), il_wilcoxon_p(x, 1), il_image_auc(x, 1) FROM (SELECT 4 AS x)",
          "4.0|4.0|NULL|4.0|4.0|2.0|NULL|1.0|NULL" },
        { "SELECT il_median(x), il_stdev(x), il_boot_low(x), il_boot_high(x), il_ttest_p(x, 0.5), il_ttest_p(x, 0.25),"
          " il_wilcoxon_p(x, 0.5), il_sign_p(x, 0.5), il_image_auc(x, n % 2), il_sign_p(x, 0) FROM (SELECT 0.5 AS x, value AS n"
          " FROM json_each('[1,2,3,4]'))",
          "0.5|0.0|0.5|0.5|NULL|NULL|NULL|NULL|0.5|0.125" },
        { "SELECT il_boot_ratio_low(1, 0), il_boot_ratio_high(1, 0)", "NULL|NULL" },
        { "SELECT il_median(x) FROM (SELECT 1 AS x UNION ALL SELECT NULL UNION ALL SELECT 3)", "2.0" },
        { "SELECT il_iou(0, 0, 0), il_precision(0, 0), il_accuracy(0, 0, 0, 0), il_mcc(1, 0, 0, 0)",
          "NULL|NULL|NULL|NULL" },
        { "SELECT il_iou(1099511627776, 1099511627776, 0), il_mcc(1099511627776, 0, 0, 1099511627776)", "0.5|1.0" },
        { "SELECT il_auc(zeroblob(256), zeroblob(256)), il_best_threshold(zeroblob(256), zeroblob(256)),"
          " il_highest(zeroblob(256)), il_pixels(zeroblob(256))",
          "NULL|NULL|NULL|0" },
        /* 2^40 pixels in bin 0 and one in bin 255 */
        { "SELECT il_pixels(h), il_above(h, 0), il_above(h, 0.5), il_above(h, -3), il_above(h, 7), il_highest(h) FROM"
          " (SELECT x'808080808020' || zeroblob(254) || x'01' AS t), (SELECT CAST(x'808080808020' || zeroblob(254) ||"
          " x'01' AS BLOB) AS h)",
          "1099511627777|1099511627777|1|1099511627777|0|1.0" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ANSWERS(store, rows[i].sql, rows[i].answer);
}

Test(sql_functions, wrong_arguments_are_named)
{
    static const struct {
        const char *sql, *message;
    } rows[] = {
        { "SELECT il_iou('many', 1, 1)", "il_iou: tp is text; expected a number" },
        { "SELECT il_mcc(1, 2, 3, x'00')", "il_mcc: tn is a BLOB; expected a number" },
        { "SELECT il_f1(1, -1, 1)", "il_f1: fp is negative; expected a count" },
        { "SELECT il_recall(1, 9e999)", "il_recall: fn is infinite; expected a number" },
        { "SELECT il_iou(1, 2)", "wrong number of arguments to function il_iou()" },
        { "SELECT il_boot_low(1, 0.9, 1, 1)", "wrong number of arguments to function il_boot_low()" },
        { "SELECT il_auc(1, zeroblob(256))", "il_auc: tampered is a number; expected a histogram (a BLOB)" },
        { "SELECT il_auc(zeroblob(256), 'x')", "il_auc: clean is text; expected a histogram (a BLOB)" },
        { "SELECT il_auc(zeroblob(256), zeroblob(255))", "il_auc: the histogram is damaged" },
        { "SELECT il_pixels(zeroblob(257))", "il_pixels: the histogram is damaged" },
        { "SELECT il_pixels(x'')", "il_pixels: the histogram is damaged" },
        { "SELECT il_ap(zeroblob(256), x'800001001a02')",
          "il_ap: histograms of equal bins and of bins over the logit; expected those of tests with the same tests.bins" },
        { "SELECT il_hist_sum(h) FROM (SELECT zeroblob(256) AS h UNION ALL SELECT x'800001001a02')",
          "il_hist_sum: histograms of equal bins and of bins over the logit; expected those of tests with the same"
          " tests.bins" },
        { "SELECT il_hist_sum(x'ff')", "il_hist_sum: the histogram is damaged" },
        { "SELECT il_above(zeroblob(256), 'x')", "il_above: threshold is text; expected a number" },
        { "SELECT il_median('x')", "il_median: x is text; expected a number" },
        { "SELECT il_quantile(1, 1.5)", "il_quantile: q is 1.5; expected 0 to 1" },
        { "SELECT il_quantile(1, NULL)", "il_quantile: q is NULL; expected a number" },
        { "SELECT il_quantile(value, value) FROM json_each('[0.1, 0.2]')", "il_quantile: q differs between rows; "
                                                                           "expected a constant" },
        { "SELECT il_boot_low(1, 0)", "il_boot_low: level is 0; expected more than 0 and less than 1" },
        { "SELECT il_boot_photo_low(1, x'00')", "il_boot_photo_low: photo is a BLOB; expected a name" },
        { "SELECT il_boot_photo_low('a', 'b')", "il_boot_photo_low: x is text; expected a number" },
        { "SELECT il_boot_photo_ratio_low(1, 1, 'b', 95)", "il_boot_photo_ratio_low: level is 95" },
        { "SELECT il_boot_high(1, 0.9, 0.5)", "il_boot_high: seed is 0.5; expected an integer from 0 to 2^53" },
        { "SELECT il_boot_ratio_low(1, 1, 95)", "il_boot_ratio_low: level is 95" },
        { "SELECT il_ttest_p(value, 'x') FROM json_each('[1, 2, 3]')", "il_ttest_p: b is text; expected a number" },
        { "SELECT il_image_auc(value, CASE WHEN key > 1 THEN x'00' ELSE 1 END) FROM json_each('[1, 2, 3]')",
          "il_image_auc: label is a BLOB; expected a number" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        il_rows out = { 0 };
        il_err e = { 0 };
        cr_assert_eq(il_store_query(&out, store, rows[i].sql, NULL, &e), IL_EPARAM, "%s", rows[i].sql);
        cr_assert(strstr(e.message, rows[i].message), "%s: %s", rows[i].sql, e.message);
    }
}

Test(sql_functions, every_function_is_told)
{
    const char *what = NULL;
    size_t i = 0;
    for (const char *call; (call = il_sql_call(&what, i)); i++) {
        cr_assert(strncmp(call, "il_", 3) == 0 && strlen(what) > 5, "%s", call);
        char sql[200];
        snprintf(sql, sizeof sql, "SELECT COUNT(*) > 0 FROM pragma_function_list WHERE name = '%.*s'",
                 (int)strcspn(call, "("), call);
        ANSWERS(store, sql, "1");
    }
    char count[40];
    snprintf(count, sizeof count, "%zu", i);
    ANSWERS(store, "SELECT COUNT(DISTINCT name) FROM pragma_function_list WHERE name LIKE 'il\\_%' ESCAPE '\\'", count);
}
