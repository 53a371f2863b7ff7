/* test_scores.c - histograms of scores in the store, databases from before them, and metrics under every convention. */
#include "store/stats/histogram.h"
#include "support/fixture.h"

TestSuite(store_scores, .init = set_up, .fini = tear_down);

/* A picture whose pixels stand in four bins: missed and found, tampered and clean. */
struct picture {
    unsigned char code[2 * IL_HISTOGRAM_BYTES];
};

static il_scores scores_of(struct picture *p, il_counts c, int low, int high)
{
    il_bins tampered = { { 0 } }, clean = { { 0 } };
    tampered.bins[low] += c.fn;
    tampered.bins[high] += c.tp;
    clean.bins[low] += c.tn;
    clean.bins[high] += c.fp;
    size_t first = il_histogram_encode(p->code, &tampered);
    return (il_scores){ p->code, first, il_histogram_encode(p->code + first, &clean) };
}

/* Half found; inverted is better; authentic with alarms; authentic and left alone. Batches of two. */
static const il_image_row rows[] = { { "a", 0, { 20, 10, 10, 60 } },
                                     { "b", 0, { 5, 75, 15, 5 } },
                                     { "c", 1, { 0, 10, 0, 90 } },
                                     { "d", 1, { 0, 0, 0, 100 } } };

static int64_t put(int64_t run, int batch)
{
    static struct picture pictures[4];
    il_image_row scored[4];
    for (int i = 0; i < 4; i++) {
        scored[i] = rows[i];
        scored[i].scores = scores_of(&pictures[i], rows[i].counts, 100 - i, 200 + i);
    }
    il_test_record t = {
        .dataset = "d", .images = "realfake", .split = "test", .digest = "1", .batch = batch, .status = IL_RUN_DONE
    };
    int64_t test = 0;
    GOOD(il_store_test(&test, store, run, &t, scored, 4, &e));
    return test;
}

Test(store_scores, kept_with_the_pictures_and_gone_with_them)
{
    int64_t run = begin_run(store, "h", "n");
    put(run, 2);
    ANSWERS(store,
            "SELECT COUNT(*), SUM(il_above(tampered, 0.5) = tp AND il_above(clean, 0.5) = fp AND"
            " il_pixels(tampered) = tp + fn AND il_pixels(clean) = fp + tn) FROM images JOIN scores USING (test, id)",
            "4|4");
    put(run, 2); /* replaces */
    ANSWERS(store, "SELECT COUNT(*) FROM scores", "4");
    il_test_record t = {
        .dataset = "d", .images = "realfake", .split = "test", .digest = "1", .batch = 2, .status = IL_RUN_DONE
    };
    int64_t test = 0;
    GOOD(il_store_test(&test, store, run, &t, rows, 2, &e));
    ANSWERS(store, "SELECT (SELECT COUNT(*) FROM images), (SELECT COUNT(*) FROM scores)", "2|0");
    put(run, 2);
    GOOD(il_store_script(store, "DELETE FROM runs", &e));
    ANSWERS(store, "SELECT COUNT(*) FROM scores", "0");
}

extern const char il_embedded_results_sql[];

Test(store_scores, a_database_from_before_is_brought_up_to_date)
{
    struct file old = in_folder(folder, "old.sqlite");
    sqlite3 *db = NULL;
    cr_assert_eq(sqlite3_open(old.path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, il_embedded_results_sql, NULL, NULL, NULL), SQLITE_OK);
    cr_assert_eq(
        sqlite3_exec(
            db,
            "PRAGMA application_id = 1229742434; PRAGMA user_version = 1;"
            "INSERT INTO runs (id, hash, name, config, seed, model, dataset, mask_policy, loss, trained_on, status, started_at)"
            " VALUES (1, 'h', 'n', '{}', 1, 'fcn', 'd', 'full', 'bce', 'realfake', 'done', 'now');"
            "INSERT INTO tests VALUES (1, 1, 'd', 'realfake', 'test', 'x', 2, 'done', NULL, 1, 0, 'now');"
            "INSERT INTO images VALUES (1, 'a', 0, 1, 1, 2, 4)",
            NULL, NULL, NULL),
        SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
    il_store *s = NULL;
    GOOD(il_store_open_readonly(&s, old.path, &e)); /* a copy, brought up to date */
    ANSWERS(s, "SELECT COUNT(*), (SELECT user_version FROM pragma_user_version) FROM images", "1|9");
    il_store_close(s);
    GOOD(il_store_open(&s, old.path, &e));
    ANSWERS(s, "SELECT user_version FROM pragma_user_version", "9");
    il_run_record r = run_record("h", "n", "fcn", "realfake");
    put_cell(s, experiment(s, "x"), 1, 1, &r, "d", "realfake", NULL);
    ANSWERS(s,
            "SELECT (SELECT COUNT(*) FROM scores), value FROM metrics WHERE convention = 'pooled' AND metric = 'iou'",
            "0|0.25");
    ANSWERS(s, "SELECT COUNT(*), COUNT(value) FROM metrics WHERE metric IN ('auc', 'ap', 'best f1')", "7|0");
    il_store_close(s);
}

/* ---- metrics: worked out by hand from the four pictures ---- */

static const struct {
    const char *convention, *metric;
    double value; /* negative: NULL */
} metrics[] = {
    { "published", "iou", (25. / 135 + 0) / 2 },
    { "image mean", "iou", (20. / 40 + 5. / 95 + 0) / 3 },
    { "image mean", "f1", (40. / 60 + 10. / 100 + 0) / 3 },
    { "image mean", "mcc", ((1200. - 100) / 2100 + (25. - 1125) / 1600) / 2 },
    { "pooled", "iou", 25. / 145 },
    { "pooled", "f1", 50. / 170 },
    { "pooled", "mcc", (25. * 255 - 95 * 25) / 24248.711305964284 },
    { "pooled", "precision", 25. / 120 },
    { "pooled", "recall", 0.5 },
    { "IMDL-BenCo", "iou", (20. / 40 + 5. / 95) / 4 },
    { "IMDL-BenCo", "f1", (40. / 60 + 10. / 100) / 4 },
    /* a, b: found times left alone, and half of the ties */
    { "image mean", "auc",
      ((20. * 60 + (20. * 10 + 10 * 60) / 2) / 2100 + (5. * 5 + (5. * 75 + 15 * 5) / 2) / 1600) / 2 },
    { "IMDL-BenCo", "auc",
      ((20. * 60 + (20. * 10 + 10 * 60) / 2) / 2100 + (5. * 5 + (5. * 75 + 15 * 5) / 2) / 1600) / 4 },
    { "TruFor", "f1", (40. / 60 + 30. / (30 + 5 + 5)) / 2 },
    { "TruFor", "best f1", (40. / 60 + 30. / (30 + 5 + 5)) / 2 },
    { "image level", "auc", (2 + 2) / 4. },
    { "image level", "auc of the highest score", 0.5 },
};

Test(store_scores, metrics_by_hand)
{
    int64_t run = begin_run(store, "h", "n"), x = experiment(store, "x");
    il_run_record r = run_record("h", "n", "fcn", "realfake");
    put_cell(store, x, run, put(run, 2), &r, "d", "realfake", NULL);
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        const char *args[] = { metrics[i].convention, metrics[i].metric, NULL };
        il_rows got = { 0 };
        GOOD(il_store_query(&got, store, "SELECT value FROM metrics WHERE convention = ?1 AND metric = ?2", args, &e));
        cr_assert_eq(got.count, 1, "%s %s", args[0], args[1]);
        cr_assert_not_null(got.values[0], "%s %s", args[0], args[1]);
        cr_assert_float_eq(strtod(got.values[0], NULL), metrics[i].value, 1e-9, "%s %s: %s, expected %.12g", args[0],
                           args[1], got.values[0], metrics[i].value);
        il_store_rows_free(&got);
    }
    ANSWERS(store, "SELECT COUNT(*), COUNT(value), MIN(length(meaning)) > 20 FROM metrics", "20|20|1");
    /* The view and the columns of cells say the same. */
    ANSWERS(store,
            "SELECT SUM(abs(m.value - CASE m.convention WHEN 'published' THEN c.iou WHEN 'pooled' THEN c.iou_pooled"
            " ELSE c.iou_image_mean END) < 1e-12) FROM metrics m JOIN cells c USING (cell)"
            " WHERE metric = 'iou' AND convention <> 'IMDL-BenCo'",
            "3");
}
