/* test_degraded.c - tests on degraded pictures as rows, and databases from before there were any. */
#include <math.h>
#include "support/fixture.h"

TestSuite(store_degraded, .init = set_up, .fini = tear_down);

/* One picture of 100 tampered pixels, `found` of them found. */
static int64_t put(int64_t run, const char *digest, const char *degradation, double level, int found)
{
    il_test_record t = { .dataset = "d",
                         .images = "realfake",
                         .split = "test",
                         .digest = digest,
                         .batch = 1,
                         .status = IL_RUN_DONE,
                         .degradation = degradation,
                         .level = level,
                         .settings = degradation ? "{\"first\":75}" : NULL };
    il_image_row row = { "a", 0, { found, 0, 100 - found, 0 } };
    int64_t id = 0;
    GOOD(il_store_test(&id, store, run, &t, &row, 1, &e));
    return id;
}

static void put_degraded_cell(int64_t x, int64_t run, int64_t test, const char *degradation, double level)
{
    il_cell_record c = { .experiment = x,
                         .run = run,
                         .test = test,
                         .run_name = "n",
                         .model = "fcn",
                         .dataset = "dataset2",
                         .mask_policy = "full",
                         .loss = "focal",
                         .trained_on = "realfake",
                         .tested_dataset = "dataset2",
                         .tested_on = "realfake",
                         .split = "test",
                         .published_table = "4",
                         .degradation = degradation,
                         .level = level };
    GOOD(il_store_cell(store, &c, &e));
}

/* ---- rows ---- */

Test(store_degraded, each_degradation_and_level_is_a_test_and_a_cell_of_its_own)
{
    int64_t x = experiment(store, "x"), run = begin_run(store, "h", "n");
    put_degraded_cell(x, run, put(run, "1", NULL, 0, 90), NULL, 0);
    put_degraded_cell(x, run, put(run, "2", "jpeg", 90, 50), "jpeg", 90);
    put_degraded_cell(x, run, put(run, "3", "jpeg", 80, 40), "jpeg", 80);
    put_degraded_cell(x, run, put(run, "4", "blur", 3, 30), "blur", 3);
    ANSWERS(store, "SELECT COUNT(*), COUNT(DISTINCT test), COUNT(published_iou) FROM cells", "4|4|1");
    ANSWERS(store,
            "SELECT group_concat(COALESCE(degradation, 'none') || ' ' || COALESCE(level, '-') || ' ' || iou, ', ')"
            " FROM robustness",
            "none - 0.9, jpeg 90.0 0.5, jpeg 80.0 0.4, blur 3.0 0.3");
    ANSWERS(store,
            "SELECT experiment, model, mask_policy, loss, trained_on, tested_dataset, tested_on, seed, degradation,"
            " level, iou, images, cell, run, split FROM robustness WHERE degradation = 'blur'",
            "x|fcn|full|focal|realfake|dataset2|realfake|1|blur|3.0|0.3|1|4|n|test");
    ANSWERS(store, "SELECT typeof(level), settings FROM tests WHERE level = 90", "real|{\"first\":75}");
    ANSWERS(store,
            "SELECT degradation, level, value FROM metrics WHERE convention = 'pooled' AND metric = 'iou'"
            " ORDER BY value LIMIT 1",
            "blur|3.0|0.3");
}

Test(store_degraded, the_same_test_and_cell_are_replaced)
{
    int64_t x = experiment(store, "x"), run = begin_run(store, "h", "n");
    int64_t plain = put(run, "", NULL, 0, 90), first = put(run, "", "jpeg", 90, 50),
            second = put(run, "", "jpeg", 80, 50);
    cr_assert(plain != first && first != second);
    cr_assert_eq(put(run, "", "jpeg", 90, 60), first);
    cr_assert_eq(put(run, "", NULL, 0, 70), plain);
    for (int i = 0; i < 2; i++) {
        put_degraded_cell(x, run, plain, NULL, 0);
        put_degraded_cell(x, run, first, "jpeg", 90);
        put_degraded_cell(x, run, 0, "jpeg", 80);
    }
    ANSWERS(store, "SELECT COUNT(*) FROM tests", "3");
    ANSWERS(store, "SELECT COUNT(*), SUM(status = 'running'), SUM(iou) FROM cells", "3|1|1.3");
}

Test(store_degraded, published_figures_stand_beside_pictures_as_they_are)
{
    int64_t x = experiment(store, "x"), run = begin_run(store, "h", "n");
    put_degraded_cell(x, run, put(run, "2", "jpeg", 90, 50), "jpeg", 90);
    ANSWERS(store, "SELECT state, runs, measured FROM table4 WHERE trained_on = 'realfake' AND tested_on = 'realfake'",
            "not measured|0|NULL");
    put_degraded_cell(x, run, put(run, "1", NULL, 0, 90), NULL, 0);
    ANSWERS(store, "SELECT state, runs, measured FROM table4 WHERE trained_on = 'realfake' AND tested_on = 'realfake'",
            "measured|1|0.9");
}

Test(store_degraded, a_degradation_has_a_level)
{
    begin_run(store, "h", "n");
    il_test_record t = { .dataset = "d",
                         .images = "i",
                         .split = "test",
                         .digest = "",
                         .batch = 1,
                         .status = IL_RUN_FAILED,
                         .degradation = "jpeg",
                         .level = NAN };
    int64_t id = 0;
    BAD(il_store_test(&id, store, 1, &t, NULL, 0, &e), IL_EDB, "CHECK constraint failed");
}

/* ---- version 2 ---- */

static const char rows_of_2[] =
    "INSERT INTO experiments (id, name, title) VALUES (3, 'x', 'old');"
    "INSERT INTO runs (id, hash, name, config, seed, model, dataset, mask_policy, loss, trained_on, status, started_at,"
    " weights_sha256) VALUES (5, 'h', 'n', '{}', 1, 'fcn', 'dataset2', 'full', 'bce', 'realfake', 'done', 'now', 'w');"
    "INSERT INTO tests VALUES (7, 5, 'dataset2', 'realfake', 'test', 'digest', 2, 'done', 'fine', 1.5, 3, 'then'),"
    " (8, 5, 'dataset2', 'fakefake', 'test', '', 2, 'failed', 'no data', NULL, 0, 'then');"
    "INSERT INTO images VALUES (7, 'a', 0, 1, 1, 2, 252), (7, 'b', 0, 3, 1, 0, 252);"
    "INSERT INTO scores VALUES (7, 'a', x'0102', x'0304');"
    "INSERT INTO experiment_cells VALUES (9, 3, 'n', 5, 7, 'fcn', 'dataset2', 'full', 'bce', 'realfake', 'dataset2',"
    " 'realfake', 'test', '4'), (11, 3, 'n', 5, NULL, 'fcn', 'dataset2', 'full', 'bce', 'realfake', 'dataset2',"
    " 'fakefake', 'test', '4')";

static const char *const kept[] = {
    "SELECT group_concat(id || run || dataset || images || split || digest || batch || status || message ||"
    " COALESCE(seconds, '-') || left_out || finished_at) FROM tests",
    "SELECT group_concat(id || experiment || run_name || run || COALESCE(test, '-') || model || dataset || mask_policy ||"
    " loss || trained_on || tested_dataset || tested_on || split || published_table) FROM experiment_cells",
    "SELECT group_concat(test || id || batch || tp || fp || fn || tn) FROM images",
    "SELECT group_concat(test || id || hex(tampered) || hex(clean)) FROM scores",
    "SELECT group_concat(cell || status || COALESCE(iou, '-')) FROM cells",
    "SELECT group_concat(name || type) FROM (SELECT name, type FROM sqlite_schema WHERE type IN ('trigger', 'view')"
    " AND name NOT IN ('robustness', 'deviations', 'reproductions', 'settings', 'varied') ORDER BY 1)",
};
enum { KEPT = sizeof kept / sizeof *kept };

/* A database as the program of version 2 leaves it, and what it answers. */
static void make_version_2(struct answer before[KEPT])
{
    struct il_store old = { .path = path.path };
    il_store_close(store);
    store = NULL;
    cr_assert_eq(unlink(path.path), 0);
    cr_assert_eq(sqlite3_open(path.path, &old.db), SQLITE_OK);
    GOOD(il_store_migrate(&old, (il_migrations){ il_store_migrations().texts, 2, NULL }, &e));
    GOOD(il_store_script(&old, rows_of_2, &e));
    GOOD(il_store_script(&old, "INSERT INTO files VALUES ('/a.jpg', 1, 2, 'ab')", &e));
    for (size_t i = 0; i < KEPT; i++)
        before[i] = ask(&old, kept[i]);
    sqlite3_close(old.db);
}

Test(store_degraded, a_database_of_version_2_keeps_its_rows)
{
    struct answer before[KEPT];
    make_version_2(before);
    cr_assert_str_eq(before[0].text,
                     "75dataset2realfaketestdigest2donefine1.53then,85dataset2fakefaketest2failedno data-0then");
    GOOD(il_store_open(&store, path.path, &e));
    ANSWERS(store, "SELECT user_version FROM pragma_user_version", "9");
    for (size_t i = 0; i < KEPT; i++)
        ANSWERS(store, kept[i], before[i].text);
    ANSWERS(store, "SELECT COUNT(*) FROM files", "0"); /* hashes of pictures that EXIF turns are others now */
    ANSWERS(store, "SELECT COUNT(*), COUNT(degradation), COUNT(level), COUNT(settings) FROM tests", "2|0|0|0");
    ANSWERS(store, "SELECT COUNT(*), COUNT(degradation), SUM(iou) FROM robustness", "2|0|0.5");
    int64_t broken = 1;
    GOOD(il_store_exec(&broken, store, "SELECT COUNT(*) FROM pragma_foreign_key_check", NULL, &e));
    cr_assert_eq(broken, 0);
    GOOD(il_store_exec(&broken, store, "SELECT integrity_check <> 'ok' FROM pragma_integrity_check", NULL, &e));
    cr_assert_eq(broken, 0);
    GOOD(il_store_exec(&broken, store, "SELECT SUM(\"table\" <> 'tests') FROM pragma_foreign_key_list('images')", NULL,
                       &e));
    cr_assert_eq(broken, 0);
    ANSWERS(
        store,
        "SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
        " ORDER BY 1)",
        "experiment_cells_by_place,experiment_cells_by_run,experiment_cells_by_test,experiment_runs_by_run,tests_by_identity");
}

Test(store_degraded, a_migrated_database_works_on)
{
    struct answer before[KEPT];
    make_version_2(before);
    GOOD(il_store_open(&store, path.path, &e));
    int64_t id = 0;
    GOOD(il_store_find_test(&id, store, 5, "digest", "test", 2, &e));
    cr_assert_eq(id, 7);
    il_test_record t = { .dataset = "dataset2",
                         .images = "realfake",
                         .split = "test",
                         .digest = "digest",
                         .batch = 2,
                         .status = IL_RUN_DONE };
    il_image_row row = { "a", 0, { 1, 0, 0, 0 } };
    GOOD(il_store_test(&id, store, 5, &t, &row, 1, &e));
    cr_assert_eq(id, 7); /* the same test, so the same row */
    put_degraded_cell(3, 5, put(5, "2", "jpeg", 90, 50), "jpeg", 90);
    ANSWERS(store, "SELECT COUNT(*), MAX(test) FROM cells", "3|9");
    /* other weights take the tests away, and the cells say so */
    GOOD(il_store_end_run(store, 5, &(il_run_end){ .status = IL_RUN_DONE, .weights_sha256 = "other" }, &e));
    ANSWERS(store,
            "SELECT (SELECT COUNT(*) FROM tests), (SELECT COUNT(*) FROM images), (SELECT COUNT(*) FROM scores),"
            " COUNT(test), COUNT(*) FROM experiment_cells",
            "0|0|0|0|3");
}
