/* test_metric_table.c - sums and metrics of tests as rows: written with the test, filled for older databases, readable by any
 * SQLite. */
#include <math.h>
#include "store/sql/functions.h"
#include "store/stats/histogram.h"
#include "support/fixture.h"

TestSuite(metric_table, .init = set_up, .fini = tear_down);

static void open_again(void)
{
    il_store_close(store);
    store = NULL;
    GOOD(il_store_open(&store, path.path, &e));
}

/* Two tampered pictures, an authentic one with a false alarm, and one that is left alone. */
static const il_image_row rows[] = { { "a", 0, { 20, 10, 10, 60 } },
                                     { "b", 0, { 5, 75, 15, 5 } },
                                     { "c", 1, { 0, 10, 0, 90 } },
                                     { "d", 1, { 0, 0, 0, 100 } } };

static int64_t put(int64_t run, il_status status, size_t count)
{
    il_test_record t = {
        .dataset = "d", .images = "realfake", .split = "test", .digest = "1", .batch = 2, .status = status
    };
    int64_t id = 0;
    GOOD(il_store_test(&id, store, run, &t, rows, count, &e));
    return id;
}

/* ---- with the test ---- */

Test(metric_table, sums_by_hand)
{
    int64_t run = begin_run(store, "h", "n"), test = put(run, IL_RUN_DONE, 4);
    il_run_record r = run_record("h", "n", "fcn", "realfake");
    put_cell(store, experiment(store, "x"), run, test, &r, "d", "realfake", NULL);
    ANSWERS(
        store,
        "SELECT images, defined, tp, fp, fn, tn, authentic, false_alarms, authentic_fp, authentic_tn FROM test_sums",
        "4|3|25|95|25|255|2|1|10|190");
    ANSWERS(store, "SELECT images, authentic, false_alarms, marked, iou_pooled = 25.0 / 145 FROM cells",
            "4|2|0.5|0.05|1");
    ANSWERS(store,
            "SELECT COUNT(*), COUNT(DISTINCT convention || metric), MIN(revision), MAX(revision) FROM test_metrics",
            "20|20|1|1");
}

Test(metric_table, rows_follow_their_test)
{
    int64_t run = begin_run(store, "h", "n");
    put(run, IL_RUN_DONE, 4);
    put(run, IL_RUN_DONE, 1); /* replaces */
    ANSWERS(
        store,
        "SELECT images, tp, (SELECT COUNT(*) FROM test_metrics), (SELECT value FROM test_metrics WHERE metric = 'iou'"
        " AND convention = 'published') FROM test_sums",
        "1|20|20|0.5");
    put(run, IL_RUN_FAILED, 0);
    ANSWERS(store, "SELECT (SELECT COUNT(*) FROM test_sums), (SELECT COUNT(*) FROM test_metrics)", "0|0");
    put(run, IL_RUN_DONE, 0);
    ANSWERS(store,
            "SELECT images, tp, authentic, (SELECT COUNT(*) FROM test_metrics), (SELECT COUNT(value) FROM test_metrics)"
            " FROM test_sums",
            "0|0|0|20|0");
    GOOD(il_store_script(store, "DELETE FROM runs", &e));
    ANSWERS(store, "SELECT (SELECT COUNT(*) FROM test_sums), (SELECT COUNT(*) FROM test_metrics)", "0|0");
}

Test(metric_table, a_test_is_stored_with_its_metrics_or_not_at_all)
{
    int64_t run = begin_run(store, "h", "n"), id = 0;
    GOOD(il_store_script(store,
                         "CREATE TRIGGER full BEFORE INSERT ON test_metrics WHEN NEW.metric = 'recall'"
                         " BEGIN SELECT RAISE(ABORT, 'no room'); END",
                         &e));
    il_test_record t = {
        .dataset = "d", .images = "realfake", .split = "test", .digest = "1", .batch = 2, .status = IL_RUN_DONE
    };
    BAD(il_store_test(&id, store, run, &t, rows, 4, &e), IL_EDB, "no room");
    ANSWERS(store,
            "SELECT (SELECT COUNT(*) FROM tests), (SELECT COUNT(*) FROM images), (SELECT COUNT(*) FROM test_sums)",
            "0|0|0");
}

/* ---- computed again ---- */

Test(metric_table, rows_of_an_older_revision_are_computed_again_when_opened)
{
    put(begin_run(store, "h", "n"), IL_RUN_DONE, 4);
    GOOD(il_store_script(
        store,
        "UPDATE test_metrics SET value = 9, revision = 0; UPDATE metric_definitions SET meaning = 'old',"
        " revision = 0",
        &e));
    open_again();
    ANSWERS(store, "SELECT COUNT(*), SUM(value = 9), MIN(revision) FROM test_metrics", "20|0|1");
    ANSWERS(store, "SELECT COUNT(*), SUM(meaning = 'old'), MIN(revision) FROM metric_definitions", "20|0|1");
    ANSWERS(store, "SELECT value = 25.0 / 145 FROM test_metrics WHERE convention = 'pooled' AND metric = 'iou'", "1");
}

Test(metric_table, rows_of_a_newer_revision_stay)
{
    put(begin_run(store, "h", "n"), IL_RUN_DONE, 4);
    GOOD(il_store_script(
        store,
        "UPDATE test_metrics SET value = 9, revision = 99; UPDATE metric_definitions SET meaning = 'new',"
        " revision = 99",
        &e));
    open_again();
    ANSWERS(store, "SELECT COUNT(*), SUM(value = 9), MIN(revision) FROM test_metrics", "20|20|99");
    ANSWERS(store, "SELECT COUNT(*), SUM(meaning = 'new') FROM metric_definitions", "20|20");
}

Test(metric_table, missing_rows_are_computed_when_opened)
{
    put(begin_run(store, "h", "n"), IL_RUN_DONE, 4);
    GOOD(il_store_script(store, "DELETE FROM test_metrics; DELETE FROM test_sums", &e));
    open_again();
    ANSWERS(store, "SELECT images, tp, (SELECT COUNT(*) FROM test_metrics) FROM test_sums", "4|25|20");
}

Test(metric_table, what_others_changed_is_computed_again_on_demand)
{
    int64_t one = put(begin_run(store, "h", "n"), IL_RUN_DONE, 4),
            other = put(begin_run(store, "i", "n"), IL_RUN_DONE, 4);
    GOOD(il_store_script(store, "UPDATE images SET tp = 30, fn = 0 WHERE id = 'a'", &e));
    GOOD(il_store_rebuild_metrics(store, other, &e));
    ANSWERS(store, "SELECT group_concat(tp) FROM (SELECT tp FROM test_sums ORDER BY test)", "25,35");
    GOOD(il_store_rebuild_metrics(store, 0, &e));
    ANSWERS(store, "SELECT group_concat(tp) FROM test_sums", "35,35");
    ANSWERS(store, "SELECT COUNT(DISTINCT value), COUNT(*) FROM test_metrics WHERE metric = 'recall'", "1|2");
    cr_assert_neq(one, other);
}

Test(metric_table, a_damaged_histogram_leaves_its_metrics_undefined)
{
    int64_t run = begin_run(store, "h", "n"), id = 0;
    unsigned char junk[2] = { 1, 2 };
    il_image_row row = rows[0];
    row.scores = (il_scores){ junk, 1, 1 };
    il_test_record t = {
        .dataset = "d", .images = "realfake", .split = "test", .digest = "1", .batch = 2, .status = IL_RUN_DONE
    };
    GOOD(il_store_test(&id, store, run, &t, &row, 1, &e));
    ANSWERS(store, "SELECT COUNT(*), COUNT(value), SUM(value IS NOT NULL AND metric LIKE '%auc%') FROM test_metrics",
            "20|12|0");
}

/* ---- the database of the version before ---- */

enum { VERSION = 6, PICTURES = 40, TESTS = 6 };

/* A few hundred pixels a picture; some authentic, some wholly tampered, some with a single kind of mistake. */
static void put_picture(il_store *old, int test, int i, unsigned *state)
{
    unsigned char code[2][IL_HISTOGRAM_BYTES];
    il_bins tampered = { { 0 } }, clean = { { 0 } };
    char id[16];
    snprintf(id, sizeof id, "%03d", i);
    for (int pixel = 0; pixel < 300; pixel++) {
        *state = *state * 1103515245u + 12345;
        int bin = (int)(*state >> 16 & 255), kind = i % 7;
        bool is_tampered = kind != 0 && (kind == 1 || pixel % (kind + 1) == 0);
        (is_tampered ? &tampered : &clean)->bins[kind == 0 && i % 2 ? bin / 2 : bin]++;
    }
    int64_t tp = il_histogram_above(&tampered, 0.5), fp = il_histogram_above(&clean, 0.5);
    il_bind counts[] = { il_bind_int(test),
                         il_bind_text(id),
                         il_bind_int(i / 3),
                         il_bind_int(tp),
                         il_bind_int(fp),
                         il_bind_int(il_histogram_pixels(&tampered) - tp),
                         il_bind_int(il_histogram_pixels(&clean) - fp),
                         { 0 } };
    GOOD(il_store_exec(NULL, old, "INSERT INTO images VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", counts, &e));
    if (test == 2) /* tested before scores were kept */
        return;
    il_bind scores[] = { il_bind_int(test),
                         il_bind_text(id),
                         il_bind_bytes(code[0], il_histogram_encode(code[0], &tampered)),
                         il_bind_bytes(code[1], il_histogram_encode(code[1], &clean)),
                         { 0 } };
    GOOD(il_store_exec(NULL, old, "INSERT INTO scores VALUES (?1, ?2, ?3, ?4)", scores, &e));
}

/* Tests 1 to 4 are finished, 1 of published labels and 4 on no picture; 5 failed, 6 was stopped. */
static const char rows_of_6[] =
    "INSERT INTO experiments (id, name) VALUES (1, 'x');"
    "INSERT INTO runs (id, hash, name, config, manifest, seed, model, dataset, mask_policy, loss, trained_on, status, started_at)"
    " VALUES (1, 'h', 'n', '{\"train\":{\"lr\":\"0.5\"}}', '{}', 1, 'fcn', 'dataset2', 'full', 'focal', 'realfake', 'done', 'now');"
    "INSERT INTO published_settings VALUES (1, '', '', 'train.lr', 0.25);"
    "INSERT INTO published_splits VALUES (1, 'dataset2', 'test', 7);"
    "INSERT INTO published VALUES (1, '4', 'dataset2', 'fcn', 'full', 'realfake', 'realfake', 0.9);"
    "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 6)"
    " INSERT INTO tests SELECT i, 1, 'dataset2', 'realfake', 'test', 'd' || i, 3, CASE i WHEN 5 THEN 'failed' WHEN 6 THEN 'stopped'"
    " ELSE 'done' END, NULL, 1, 0, 'now', NULL, NULL, NULL FROM n;"
    "INSERT INTO experiment_cells SELECT id, 1, 'n' || id, 1, id, 'fcn', 'dataset2', 'full', 'focal', 'realfake', 'dataset2',"
    " 'realfake', 'test', CASE id WHEN 1 THEN '4' END, NULL, NULL FROM tests;"
    "INSERT INTO experiment_cells SELECT 7, 1, 'n7', 1, NULL, 'fcn', 'dataset2', 'full', 'focal', 'realfake', 'dataset2',"
    " 'realfake', 'test', NULL, NULL, NULL";

static struct il_store new_version_6(void)
{
    struct il_store old = { .path = path.path };
    unsigned state = 7;
    il_store_close(store);
    store = NULL;
    cr_assert_eq(unlink(path.path), 0);
    cr_assert_eq(sqlite3_open(path.path, &old.db), SQLITE_OK);
    cr_assert_eq(il_sql_register(old.db), SQLITE_OK);
    GOOD(il_store_migrate(&old, (il_migrations){ il_store_migrations().texts, VERSION, NULL }, &e));
    GOOD(il_store_script(&old, rows_of_6, &e));
    GOOD(il_store_script(&old, "BEGIN", &e));
    for (int test = 1; test <= 3; test++)
        for (int i = 0; i < PICTURES; i++)
            put_picture(&old, test, i, &state);
    GOOD(il_store_script(&old, "COMMIT", &e));
    return old;
}

/* For each view, a table of what it gave: EXCEPT compares numbers exactly. */
static const char keep_views[] =
    "CREATE TABLE before_cells AS SELECT * FROM cells; CREATE TABLE before_metrics AS SELECT * FROM metrics;"
    "CREATE TABLE before_deviations AS SELECT * FROM deviations; CREATE TABLE before_reproductions AS SELECT * FROM reproductions;"
    "CREATE TABLE before_robustness AS SELECT * FROM robustness;";

Test(metric_table, a_migrated_database_answers_as_before_to_the_last_bit)
{
    static const char *const views[][2] = {
        { "cells", "7" }, { "metrics", "80" }, { "deviations", "2" }, { "reproductions", "1" }, { "robustness", "7" }
    };
    struct il_store old = new_version_6();
    GOOD(il_store_script(&old, keep_views, &e));
    ANSWERS(&old,
            "SELECT COUNT(iou), COUNT(iou_image_mean), COUNT(iou_pooled), COUNT(images), COUNT(marked),"
            " COUNT(false_alarms) FROM cells",
            "3|3|3|4|3|3");
    /* 20 of each, less 7 without scores, less the AUC that a wholly tampered picture leaves undefined */
    ANSWERS(&old, "SELECT COUNT(value) FROM metrics", "51");
    /* not opened but migrated, so that what was published stays as made up here */
    GOOD(il_store_migrate(&old, il_store_migrations(), &e));
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        char sql[2400], wanted[32], columns[600];
        snprintf(sql, sizeof sql, "SELECT substr(group_concat(name), 1, 390) FROM pragma_table_info('before_%s')",
                 views[i][0]);
        snprintf(columns, sizeof columns, "%s", ask(&old, sql).text); /* new ones may have been added */
        snprintf(
            sql, sizeof sql,
            "SELECT (SELECT COUNT(*) FROM before_%s), (SELECT COUNT(*) FROM %s), (SELECT COUNT(*) FROM"
            " (SELECT %s FROM %s EXCEPT SELECT * FROM before_%s)), (SELECT COUNT(*) FROM (SELECT * FROM before_%s EXCEPT"
            " SELECT %s FROM %s))",
            views[i][0], views[i][0], columns, views[i][0], views[i][0], views[i][0], columns, views[i][0]);
        snprintf(wanted, sizeof wanted, "%s|%s|0|0", views[i][1], views[i][1]);
        ANSWERS(&old, sql, wanted);
    }
    ANSWERS(&old, "SELECT COUNT(*), SUM(images), SUM(test IN (5, 6)) FROM test_sums", "4|120|0");
    sqlite3_close(old.db);
}

static int run_out(il_store *s, il_err *e)
{
    int rc = il_store_fill_metrics(s, e);
    return rc ? rc : il_fail(e, IL_EIO, "killed");
}

Test(metric_table, a_migration_that_ends_early_leaves_version_6_whole)
{
    struct il_store old = new_version_6();
    struct answer before = ask(&old, "SELECT COUNT(*), SUM(iou), SUM(marked) FROM cells");
    il_migrations all = il_store_migrations();
    all.finish = run_out;
    BAD(il_store_migrate(&old, all, &e), IL_EIO, "schema version 9: killed");
    ANSWERS(
        &old,
        "SELECT user_version, (SELECT COUNT(*) FROM sqlite_schema WHERE name LIKE 'test_metrics%') FROM pragma_user_version",
        "6|0");
    ANSWERS(&old, "SELECT COUNT(*), SUM(iou), SUM(marked) FROM cells", before.text);
    sqlite3_close(old.db);
    GOOD(il_store_open_readonly(&store, path.path, &e)); /* reads a copy: the file stays as it is */
    ANSWERS(store, "SELECT COUNT(*), SUM(iou), SUM(marked) FROM cells", before.text);
    ANSWERS(store, "SELECT user_version FROM pragma_user_version", "9");
    il_store_close(store);
    struct il_store again = { .path = path.path };
    cr_assert_eq(sqlite3_open(path.path, &again.db), SQLITE_OK);
    ANSWERS(&again, "SELECT user_version FROM pragma_user_version", "6");
    sqlite3_close(again.db);
    GOOD(il_store_open(&store, path.path, &e));
    ANSWERS(store, "SELECT COUNT(*), SUM(iou), SUM(marked) FROM cells", before.text);
}

/* ---- by other programs ---- */

Test(metric_table, every_view_is_readable_without_our_functions)
{
    struct il_store old = new_version_6(), plain = { .path = path.path };
    sqlite3_close(old.db);
    open_again();
    il_rows views = { 0 };
    cr_assert_eq(sqlite3_open_v2(path.path, &plain.db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    BAD(il_store_script(&plain, "SELECT il_iou(1, 1, 1)", &e), IL_EDB, "no such function");
    GOOD(il_store_query(&views, &plain, "SELECT name FROM sqlite_schema WHERE type = 'view'", NULL, &e));
    cr_assert_geq(views.count, 16);
    for (size_t i = 0; i < views.count; i++) {
        char sql[80];
        il_rows read = { 0 };
        snprintf(sql, sizeof sql, "SELECT * FROM %s", views.values[i]);
        GOOD(il_store_query(&read, &plain, sql, NULL, &e));
        if (strcmp(views.values[i], "metrics") == 0)
            cr_assert_eq(read.count, 80);
        il_store_rows_free(&read);
    }
    il_store_rows_free(&views);
    sqlite3_close(plain.db);
}
