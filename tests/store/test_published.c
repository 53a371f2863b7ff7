/* test_published.c - what stands beside published cells: in what it differs from the paper, which weights were tested,
 * what lacks data, and what is marked in authentic pictures. */
#include <math.h>
#include "support/fixture.h"

TestSuite(store_published, .init = set_up, .fini = tear_down);

/* A configuration as core/plan/run_config.c writes it; the paper's for FCN but for what the arguments say. */
static const char *config(const char *model, const char *epochs, const char *loss, bool last)
{
    static char text[900];
    snprintf(
        text, sizeof text,
        "{\"dataset\":{\"name\":\"dataset1\",\"params\":{},\"revision\":1},"
        "\"loss\":{\"name\":\"%s\",\"params\":{\"alpha\":\"0.25\",\"gamma\":\"2\"},\"revision\":1},"
        "\"mask_policy\":{\"name\":\"full\",\"params\":{},\"revision\":1},\"missing\":\"refuse\","
        "\"model\":{\"name\":\"%s\",\"params\":{\"dropout\":\"0.1\"},\"revision\":1},\"seed\":1,"
        "\"train\":{\"as_published\":%s,\"aux_weight\":\"0\",\"batch\":8,\"crop\":0,\"crops\":1,\"epochs\":%s,\"flip\":false,"
        "\"lr\":\"0.0001\",\"on\":\"realfake\",\"patience\":5,\"size\":512,\"skip\":[],\"weight_decay\":\"0\",\"weights\":true}}",
        loss, model, last ? "true" : "false", epochs);
    return text;
}

static const char paper[] =
    "{\"files\":{\"train.weights\":\"1167a1af00\"},\"train\":{\"digest\":\"t\",\"images\":9000,\"left_out\":0},"
    "\"validation\":{\"digest\":\"v\",\"images\":500,\"left_out\":0}}";

/* A run of table 3, realfake on realfake; its one tested picture has an IoU of found / 100. */
static int64_t put_run(int64_t x, const char *name, const char *configuration, const char *manifest, int tested,
                       int found)
{
    il_run_record r = run_record(name, name, "fcn", "realfake");
    int64_t run = 0, test = 0;
    r.dataset = "dataset1";
    r.config = configuration;
    r.manifest = manifest;
    r.experiment = x;
    GOOD(il_store_begin_run(&run, store, &r, &e));
    GOOD(il_store_end_run(store, run, &(il_run_end){ .status = IL_RUN_DONE, .best_epoch = 3, .tested_epoch = tested },
                          &e));
    il_test_record t = {
        .dataset = "dataset1", .images = "realfake", .split = "test", .digest = "d", .batch = 8, .status = IL_RUN_DONE
    };
    il_image_row rows[500];
    char ids[500][8];
    for (int i = 0; i < 500; i++) {
        snprintf(ids[i], sizeof ids[i], "%d", i);
        rows[i] = (il_image_row){ ids[i], i / 8, { found, 0, 100 - found, 0 } };
    }
    GOOD(il_store_test(&test, store, run, &t, rows, 500, &e));
    put_cell(store, x, run, test, &r, "dataset1", "realfake", "3");
    return run;
}

#define ROWS_OF_3                                                                                                                  \
    "SELECT group_concat(round(measured, 4) || ' ' || runs || ' ' || tested_weights || ' ' || COALESCE(deviations, 'none'), '; ')" \
    " FROM table3 WHERE trained_on = 'realfake' AND tested_on = 'realfake'"

Test(store_published, a_run_as_in_the_paper_deviates_in_nothing)
{
    put_run(experiment(store, "x"), "a", config("fcn", "100", "focal", false), paper, 3, 90);
    ANSWERS(store, "SELECT COUNT(*) FROM deviations", "0");
    ANSWERS(store, ROWS_OF_3, "0.9 1 best none");
}

/* The report prints 1986 validation and 1984 test pictures of Dataset 2, its code's logs say the opposite: either is right. */
Test(store_published, both_orders_of_table_1_are_right)
{
    static const struct {
        int validation, test;
        const char *deviations;
    } cases[] = { { 1986, 1984, NULL },
                  { 1984, 1986, NULL },
                  { 1985, 1986, "validation pictures 1985 (paper: 1986 or 1984)" },
                  { 1984, 500, "test pictures 500 (paper: 1984 or 1986)" } };
    int64_t x = experiment(store, "x");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char hash[16], manifest[300];
        int64_t run = 0, test = 0;
        snprintf(hash, sizeof hash, "run%zu", i);
        snprintf(
            manifest, sizeof manifest,
            "{\"files\":{\"train.weights\":\"1167a1af00\"},\"train\":{\"digest\":\"t\",\"images\":20878,\"left_out\":0},"
            "\"validation\":{\"digest\":\"v\",\"images\":%d,\"left_out\":0}}",
            cases[i].validation);
        il_run_record r = run_record(hash, hash, "fcn", "realfake");
        r.dataset = "dataset2";
        r.config = config("fcn", "100", "focal", false);
        r.manifest = manifest;
        r.experiment = x;
        GOOD(il_store_begin_run(&run, store, &r, &e));
        GOOD(il_store_end_run(store, run, &(il_run_end){ .status = IL_RUN_DONE, .best_epoch = 3, .tested_epoch = 3 },
                              &e));
        il_test_record t = { .dataset = "dataset2",
                             .images = "realfake",
                             .split = "test",
                             .digest = "d",
                             .batch = 8,
                             .status = IL_RUN_DONE };
        il_image_row *rows = calloc((size_t)cases[i].test, sizeof *rows);
        char(*ids)[12] = calloc((size_t)cases[i].test, sizeof *ids);
        for (int k = 0; k < cases[i].test; k++) {
            snprintf(ids[k], sizeof ids[k], "%d", k);
            rows[k] = (il_image_row){ ids[k], k / 8, { 9, 0, 1, 0 } };
        }
        GOOD(il_store_test(&test, store, run, &t, rows, (size_t)cases[i].test, &e));
        put_cell(store, x, run, test, &r, "dataset2", "realfake", "4");
        char sql[200];
        snprintf(sql, sizeof sql, "SELECT deviations FROM reproductions WHERE run = '%s'", hash);
        ANSWERS(store, sql, cases[i].deviations ? cases[i].deviations : "NULL");
        free(rows);
        free(ids);
    }
}

/* The text's `soft` was trained for 200 epochs with a patience of 10 and tested in batches of 4, `any` and `full` not; and PyTorch's
 * fp32 on an A40 was tf32 in convolutions, so neither word deviates. */
Test(store_published, settings_of_one_mask_policy_and_values_of_which_any_is_right)
{
    int64_t x = experiment(store, "x");
    const char *const policies[] = { "soft", "any" };
    for (int i = 0; i < 4; i++) {
        char hash[16], text[1000];
        int64_t run = 0;
        snprintf(hash, sizeof hash, "run%d", i);
        snprintf(text, sizeof text,
                 "{\"mask_policy\":{\"name\":\"%s\"},\"train\":{\"epochs\":%d,\"patience\":%d,\"precision\":\"%s\"}}",
                 policies[i % 2], i % 2 ? 100 : 200, i % 2 ? 5 : 10, i < 2 ? "tf32" : "bf16");
        il_run_record r = run_record(hash, hash, "fcn", "realfake");
        r.dataset = "dataset1";
        r.mask_policy = policies[i % 2];
        r.config = text;
        r.experiment = x;
        GOOD(il_store_begin_run(&run, store, &r, &e));
        put_cell(store, x, run, 0, &r, "dataset1", "realfake", "text");
    }
    ANSWERS(store, "SELECT COUNT(*) FROM deviations d JOIN cells c ON c.cell = d.cell WHERE c.run IN ('run0', 'run1')",
            "0");
    ANSWERS(store, "SELECT COUNT(DISTINCT d.cell), MIN(key), MAX(published) FROM deviations d",
            "2|train.precision|tf32 or fp32");
    ANSWERS(store,
            "SELECT (SELECT COUNT(*) FROM published_settings WHERE key = 'train.epochs'),"
            " (SELECT group_concat(key || ' ' || value, ', ') FROM published_settings WHERE mask_policy = 'soft')",
            "2|train.epochs 200, train.patience 10, test_batch 4");
}

Test(store_published, what_a_label_hides_is_told)
{
    put_run(experiment(store, "x"), "a", config("unet", "1", "bce", false),
            "{\"files\":{},\"train\":{\"images\":24},\"validation\":{\"images\":500}}", 3, 6);
    ANSWERS(store, "SELECT group_concat(key || ' ' || ours || '/' || published) FROM deviations",
            "model unet/fcn,loss bce/focal,train.epochs 1/100,train pictures 24/9000");
    ANSWERS(store, ROWS_OF_3,
            "0.06 1 best model unet (paper: fcn), loss bce (paper: focal), train.epochs 1 (paper: 100),"
            " train pictures 24 (paper: 9000)");
}

Test(store_published, initial_weights_and_their_absence_deviate)
{
    int64_t x = experiment(store, "x");
    put_run(x, "a", config("fcn", "100", "focal", false), "{\"files\":{\"train.weights\":\"0000000000\"}}", 3, 6);
    ANSWERS(store, "SELECT key, ours, published FROM deviations", "train.weights|00000000|1167a1af");
    char none[900];
    snprintf(none, sizeof none, "%s", config("fcn", "100", "focal", false));
    memcpy(strstr(none, "\"weights\":true"), "\"weights\":false}}", 18);
    put_run(x, "b", none, "{\"files\":{}}", 3, 6);
    ANSWERS(store, "SELECT key, ours, published FROM deviations WHERE cell = 2", "train.weights|none|1167a1af");
}

Test(store_published, other_weights_and_deviations_are_rows_of_their_own)
{
    int64_t x = experiment(store, "x");
    put_run(x, "sound", config("fcn", "100", "focal", false), paper, 3, 90);
    put_run(x, "sound2", config("fcn", "100", "focal", false), paper, 3, 80);
    put_run(x, "published", config("fcn", "100", "focal", true), paper, 9, 70);
    put_run(x, "toy", config("fcn", "1", "focal", false), paper, 3, 10);
    ANSWERS(store, ROWS_OF_3, "0.85 2 best none; 0.7 1 last none; 0.1 1 best train.epochs 1 (paper: 100)");
    ANSWERS(store, "SELECT group_concat(tested_weights) FROM (SELECT tested_weights FROM cells ORDER BY cell)",
            "best,best,last,best");
    ANSWERS(store, "SELECT COUNT(*), SUM(state = 'not measured') FROM table3", "6|3");
}

Test(store_published, the_last_weights_are_called_so_where_there_is_no_best)
{
    put_run(experiment(store, "x"), "a", config("fcn", "100", "focal", false), paper, 9, 90);
    ANSWERS(store, "SELECT tested_weights FROM cells", "last");
}

/* ---- what lacks data ---- */

Test(store_published, missing_data_are_no_failure_and_leave_no_trace_when_they_come)
{
    int64_t x = experiment(store, "x"), run = 0;
    il_run_record r = run_record("none", "a", "fcn", "realfake");
    char *before = NULL, *manifest = NULL;
    r.dataset = "dataset1";
    r.manifest = "{}";
    r.experiment = x;
    GOOD(il_store_begin_run(&run, store, &r, &e));
    GOOD(
        il_store_end_run(store, run, &(il_run_end){ .status = IL_RUN_FAILED, .message = "data/dataset1: absent" }, &e));
    put_cell(store, x, run, 0, &r, "dataset1", "realfake", "3");
    ANSWERS(store, "SELECT status, message FROM cells", "no data|data/dataset1: absent");
    ANSWERS(store, "SELECT state FROM table3 WHERE trained_on = 'realfake' AND tested_on = 'realfake'", "no data");
    GOOD(il_store_find_stale(&before, &manifest, store, "x", "a", "other", &e));
    cr_assert_null(before); /* with the data it is a new run, no stale one */
    put_run(x, "a", config("fcn", "100", "focal", false), paper, 3, 90);
    ANSWERS(store, "SELECT COUNT(*), MIN(status) FROM cells", "1|done");
    ANSWERS(store, "SELECT COUNT(*) FROM runs", "1");
    ANSWERS(store, "SELECT COUNT(*) FROM experiment_runs", "1");
}

Test(store_published, a_run_that_failed_with_its_data_stays)
{
    int64_t x = experiment(store, "x"), run = 0;
    il_run_record r = run_record("h", "a", "fcn", "realfake");
    GOOD(il_store_begin_run(&run, store, &r, &e));
    GOOD(
        il_store_end_run(store, run, &(il_run_end){ .status = IL_RUN_FAILED, .message = "the loss is no number" }, &e));
    put_cell(store, x, run, 0, &r, "dataset1", "realfake", "3");
    ANSWERS(store, "SELECT status FROM cells", "failed");
    put_run(x, "a", config("fcn", "100", "focal", false), paper, 3, 90);
    ANSWERS(store, "SELECT COUNT(*) FROM runs", "2");
}

Test(store_published, a_test_without_data_is_no_failure)
{
    int64_t x = experiment(store, "x"), run = begin_run(store, "h", "a"), test = 0;
    il_run_record r = run_record("h", "a", "fcn", "realfake");
    il_test_record t = { .dataset = "dataset1",
                         .images = "realfake",
                         .split = "test",
                         .digest = "",
                         .batch = 8,
                         .status = IL_RUN_FAILED,
                         .message = "absent" };
    GOOD(il_store_test(&test, store, run, &t, NULL, 0, &e));
    put_cell(store, x, run, test, &r, "dataset1", "realfake", "3");
    ANSWERS(store, "SELECT status, message FROM cells", "no data|absent");
}

/* ---- authentic pictures ---- */

Test(store_published, authentic_pictures_have_false_alarms)
{
    int64_t x = experiment(store, "x"), run = begin_run(store, "h", "a"), test = 0;
    il_run_record r = run_record("h", "a", "fcn", "realfake");
    il_test_record t = {
        .dataset = "d", .images = "original", .split = "test", .digest = "d", .batch = 8, .status = IL_RUN_DONE
    };
    il_image_row rows[] = { { "a", 0, { 0, 0, 0, 100 } },
                            { "b", 0, { 0, 0, 0, 100 } },
                            { "c", 0, { 0, 0, 0, 100 } },
                            { "d", 0, { 0, 80, 0, 20 } } };
    GOOD(il_store_test(&test, store, run, &t, rows, 4, &e));
    put_cell(store, x, run, test, &r, "d", "original", NULL);
    put_cell(store, x, run, put_test(store, run, "d", "realfake", 50), &r, "d", "realfake", NULL);
    ANSWERS(store, "SELECT iou, images, authentic, false_alarms, marked FROM cells WHERE tested_on = 'original'",
            "0.0|4|4|0.25|0.2");
    ANSWERS(store, "SELECT images, authentic, false_alarms, marked FROM cells WHERE tested_on = 'realfake'",
            "2|0|NULL|NULL");
}

/* ---- version 4 ---- */

Test(store_published, settings_of_older_runs_get_their_types)
{
    struct file path = in_folder(folder, "old.sqlite");
    struct il_store old = { .path = path.path };
    il_store *s = NULL;
    cr_assert_eq(sqlite3_open(path.path, &old.db), SQLITE_OK);
    GOOD(il_store_migrate(&old, (il_migrations){ il_store_migrations().texts, 4, NULL }, &e));
    GOOD(il_store_script(
        &old,
        "INSERT INTO runs (id, hash, name, config, model_params, seed, model, dataset, mask_policy, loss, trained_on, status, started_at)"
        " VALUES (1, 'h', 'n', '{\"model\":{\"params\":{\"fine\":4,\"size\":\"40\",\"deep\":true,\"dropout\":\"0.1\"}}}',"
        " '{\"deep\":\"true\",\"dropout\":\"0.1\",\"file\":\"a \\\"b\",\"fine\":\"4\",\"size\":\"40\"}', 1, 'm', 'd', 'f', 'b', 'r', 'done', 'now'),"
        " (2, 'i', 'n', '{}', '{\"fine\":\"4\"}', 1, 'm', 'd', 'f', 'b', 'r', 'done', 'now'),"
        " (3, 'j', 'n', '{}', NULL, 1, 'm', 'd', 'f', 'b', 'r', 'done', 'now')",
        &e));
    sqlite3_close(old.db);
    GOOD(il_store_open(&s, path.path, &e));
    ANSWERS(s, "SELECT group_concat(COALESCE(model_params, 'NULL'), ' ') FROM runs",
            "{\"deep\":true,\"dropout\":0.1,\"file\":\"a \\\"b\",\"fine\":4,\"size\":\"40\"} {\"fine\":\"4\"} NULL");
    il_store_close(s);
}
