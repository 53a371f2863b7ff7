/* test_rows.c - what the database keeps, and the views that show it. */
#include <jansson.h>
#include <math.h>
#include "support/fixture.h"

TestSuite(store_rows, .init = set_up, .fini = tear_down);

Test(store_rows, experiments_are_updated_by_name)
{
    int64_t first = experiment(store, "x"), second = 0;
    GOOD(il_store_experiment(&second, store, "x", "new title", "moved.yaml", "model: nix", &e));
    cr_assert_eq(first, second);
    cr_assert_neq(experiment(store, "y"), first);
    ANSWERS(store, "SELECT title, path, source FROM experiments WHERE name = 'x'", "new title|moved.yaml|model: nix");
    ANSWERS(store,
            "SELECT created_at GLOB '20[0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z'"
            " FROM experiments",
            "1");
}

Test(store_rows, life_of_a_run)
{
    il_run_row row = { .id = 77 };
    GOOD(il_store_find_run(&row, store, "h1", &e));
    cr_assert_eq(row.status, IL_RUN_NONE);
    cr_assert_eq(row.id, 0);

    int64_t id = begin_run(store, "h1", "n");
    GOOD(il_store_find_run(&row, store, "h1", &e));
    cr_assert_eq(row.id, id);
    cr_assert_eq(row.status, IL_RUN_RUNNING);
    cr_assert_str_eq(row.hash, "h1");
    cr_assert_str_eq(row.message, "");
    cr_assert_str_eq(row.weights_sha256, "");

    il_run_end failed = { .status = IL_RUN_FAILED, .message = "the GPU is full" };
    GOOD(il_store_end_run(store, id, &failed, &e));
    GOOD(il_store_find_run(&row, store, "h1", &e));
    cr_assert_eq(row.status, IL_RUN_FAILED);
    cr_assert_str_eq(row.message, "the GPU is full");

    cr_assert_eq(begin_run(store, "h1", "renamed"), id);
    GOOD(il_store_find_run(&row, store, "h1", &e));
    cr_assert_eq(row.status, IL_RUN_RUNNING);
    cr_assert_str_eq(row.message, "");
    ANSWERS(store, "SELECT name, ended_at FROM runs", "renamed|NULL");

    il_run_end done = { .status = IL_RUN_DONE,
                        .best_epoch = 3,
                        .tested_epoch = 4,
                        .stopped_early = true,
                        .collapse = IL_COLLAPSE_NOTHING,
                        .weights_path = "w.safetensors",
                        .weights_sha256 = "ff",
                        .seconds = 12.25,
                        .left_out = 2 };
    GOOD(il_store_end_run(store, id, &done, &e));
    GOOD(il_store_find_run(&row, store, "h1", &e));
    cr_assert_eq(row.status, IL_RUN_DONE);
    cr_assert_str_eq(row.weights_sha256, "ff");
    ANSWERS(
        store,
        "SELECT best_epoch, tested_epoch, stopped_early, collapsed, collapse, weights_path, seconds, left_out, message,"
        " ended_at >= started_at FROM runs",
        "3|4|1|1|nothing|w.safetensors|12.25|2|NULL|1");
    done.collapse = IL_COLLAPSE_EVERYTHING;
    GOOD(il_store_end_run(store, id, &done, &e));
    ANSWERS(store, "SELECT collapsed, collapse FROM runs", "1|everything");
    done.collapse = IL_COLLAPSE_NONE;
    GOOD(il_store_end_run(store, id, &done, &e));
    ANSWERS(store, "SELECT collapsed, collapse FROM runs", "0|NULL");
    BAD(il_store_end_run(store, 999, &done, &e), IL_EDB, "run 999 is no longer in the database");
}

Test(store_rows, what_a_run_cannot_be)
{
    int64_t id = 5;
    il_run_record r = run_record("h", "n", "fcn", "realfake");
    r.seed = UINT64_MAX;
    BAD(il_store_begin_run(&id, store, &r, &e), IL_EPARAM,
        "seed: 18446744073709551615 is out of range; expected at "
        "most 9223372036854775807");
    r.seed = INT64_MAX;
    r.config = "{not JSON";
    BAD(il_store_begin_run(&id, store, &r, &e), IL_EDB, "CHECK constraint failed");
    r.config = "{}";
    r.model = NULL;
    BAD(il_store_begin_run(&id, store, &r, &e), IL_EDB, "runs.model");
    cr_assert_eq(id, 5);
    r.model = "m";
    r.manifest = r.model_params = r.versions = r.host = r.device = r.git_revision = NULL;
    GOOD(il_store_begin_run(&id, store, &r, &e));
    ANSWERS(store, "SELECT seed, manifest, host FROM runs", "9223372036854775807|NULL|NULL");
}

Test(store_rows, epochs_come_whole_and_leave_no_later_ones)
{
    int64_t run = begin_run(store, "h", "n");
    il_epoch_row rows[] = { { 1, .5, .6, .7, .8, 10, 20, 0 },
                            { 2, .4, NAN, .6, .1, 11, 21, .125 },
                            { 3, .3, .2, INFINITY, .1, 12, 22, 1 } };
    il_run_row row;
    GOOD(il_store_epochs(store, run, rows, 3, &e));
    GOOD(il_store_epochs(store, run, rows, 3, &e));
    ANSWERS(
        store,
        "SELECT train_loss, train_iou, validation_loss, validation_iou, seconds, images_per_second, marked FROM epochs"
        " WHERE epoch = 2",
        "0.4|NULL|0.6|0.1|11.0|21.0|0.125");
    rows[1].train_iou = .25;
    GOOD(il_store_epochs(store, run, rows, 2, &e)); /* resumed from the second epoch's checkpoint */
    ANSWERS(store, "SELECT COUNT(*), MAX(epoch), SUM(train_iou) FROM epochs", "2|2|0.85");
    GOOD(il_store_find_run(&row, store, "h", &e));
    cr_assert_eq(row.epochs, 2);
    rows[1].epoch = 0;
    BAD(il_store_epochs(store, run, rows, 3, &e), IL_EDB, "CHECK constraint failed");
    ANSWERS(store, "SELECT COUNT(*) FROM epochs", "2");
    BAD(il_store_epochs(store, 99, rows, 1, &e), IL_EDB, "FOREIGN KEY constraint failed");
}

Test(store_rows, stale_runs_are_found_by_experiment_and_name)
{
    int64_t one = experiment(store, "one"), two = experiment(store, "two"), id = 0;
    char *config = NULL, *manifest = NULL;
    il_run_record r = run_record("h1", "a", "fcn", "realfake");
    r.experiment = one;
    r.config = "{\"lr\":1}";
    GOOD(il_store_begin_run(&id, store, &r, &e));
    r.hash = "h2";
    r.config = "{\"lr\":2}";
    r.manifest = "{\"m\":2}";
    GOOD(il_store_begin_run(&id, store, &r, &e));

    GOOD(il_store_find_stale(&config, &manifest, store, "one", "a", "h3", &e));
    cr_assert_str_eq(config, "{\"lr\":2}");
    cr_assert_str_eq(manifest, "{\"m\":2}");
    free(config);
    free(manifest);
    GOOD(il_store_find_stale(&config, &manifest, store, "one", "a", "h2", &e));
    cr_assert_str_eq(config, "{\"lr\":1}");
    free(config);
    free(manifest);
    config = manifest = NULL;
    GOOD(il_store_find_stale(&config, &manifest, store, "one", "b", "h3", &e));
    cr_assert_null(config);
    GOOD(il_store_find_stale(&config, &manifest, store, "two", "a", "h3", &e));
    cr_assert_null(config);

    il_run_record shared = run_record("h2", "b", "fcn", "realfake"); /* a cell names its run as well */
    put_cell(store, two, id, 0, &shared, "dataset2", "realfake", NULL);
    GOOD(il_store_find_stale(&config, &manifest, store, "two", "b", "h3", &e));
    cr_assert_str_eq(config, "{\"lr\":2}");
    free(config);
    free(manifest);
}

Test(store_rows, tests_are_found_once_done_and_replaced_whole)
{
    int64_t run = begin_run(store, "h", "n"), id = 3, again = 0;
    il_test_record t = { .dataset = "d",
                         .images = "realfake",
                         .split = "test",
                         .digest = "dd",
                         .batch = 8,
                         .status = IL_RUN_FAILED,
                         .message = "no weights" };
    il_image_row rows[] = { { "a", 0, { 1, 2, 3, 4 } }, { "b", 0, { 5, 6, 7, 8 } }, { "a", 1, { 0, 0, 0, 0 } } };
    GOOD(il_store_find_test(&id, store, run, "dd", "test", 8, &e));
    cr_assert_eq(id, 0);
    GOOD(il_store_test(&id, store, run, &t, NULL, 0, &e));
    GOOD(il_store_find_test(&again, store, run, "dd", "test", 8, &e));
    cr_assert_eq(again, 0);

    t.status = IL_RUN_DONE;
    t.message = NULL;
    BAD(il_store_test(&again, store, run, &t, rows, 3, &e), IL_EDB, "image a: ");
    ANSWERS(store, "SELECT status, message, (SELECT COUNT(*) FROM images) FROM tests", "failed|no weights|0");
    GOOD(il_store_test(&again, store, run, &t, rows, 2, &e));
    cr_assert_eq(again, id);
    ANSWERS(store, "SELECT COUNT(*), SUM(tp), SUM(fp), SUM(fn), SUM(tn) FROM images", "2|6|8|10|12");
    GOOD(il_store_test(&again, store, run, &t, rows, 1, &e));
    ANSWERS(store, "SELECT COUNT(*), SUM(tp) FROM images", "1|1");
    GOOD(il_store_find_test(&again, store, run, "dd", "test", 8, &e));
    cr_assert_eq(again, id);
    GOOD(il_store_find_test(&again, store, run, "dd", "test", 4, &e));
    cr_assert_eq(again, 0);
    GOOD(il_store_find_test(&again, store, run, "dd", "validation", 8, &e));
    cr_assert_eq(again, 0);
}

Test(store_rows, other_weights_take_old_tests_away)
{
    int64_t run = begin_run(store, "h", "n"), id = 0, found = 0;
    il_test_record t = {
        .dataset = "d", .images = "realfake", .split = "test", .digest = "dd", .batch = 8, .status = IL_RUN_DONE
    };
    il_run_end end = { .status = IL_RUN_DONE, .weights_path = "w", .weights_sha256 = "aa" };
    GOOD(il_store_end_run(store, run, &end, &e));
    GOOD(il_store_test(&id, store, run, &t, NULL, 0, &e));
    GOOD(il_store_end_run(store, run, &end, &e));
    GOOD(il_store_find_test(&found, store, run, "dd", "test", 8, &e));
    cr_assert_eq(found, id, "the same weights keep their tests");
    end.weights_sha256 = "bb";
    GOOD(il_store_end_run(store, run, &end, &e));
    GOOD(il_store_find_test(&found, store, run, "dd", "test", 8, &e));
    cr_assert_eq(found, 0);
}

Test(store_rows, tests_without_data_do_not_push_each_other_out)
{
    int64_t run = begin_run(store, "h", "n"), first = 0, second = 0;
    il_test_record t = { .dataset = "d",
                         .images = "realfake",
                         .split = "test",
                         .digest = "",
                         .batch = 8,
                         .status = IL_RUN_FAILED,
                         .message = "no folder" };
    GOOD(il_store_test(&first, store, run, &t, NULL, 0, &e));
    t.images = "fakefake";
    GOOD(il_store_test(&second, store, run, &t, NULL, 0, &e));
    cr_assert_neq(first, second);
}

Test(store_rows, three_conventions_agree_with_scikit_learn)
{
    json_t *all = json_load_file(TEST_DATA "/metrics/figures.json", 0, NULL), *figures, *picture;
    size_t i, j;
    int64_t x = experiment(store, "x");
    json_array_foreach(json_object_get(all, "runs"), i, figures)
    {
        char hash[24], ids[16][24];
        il_image_row rows[16];
        snprintf(hash, sizeof hash, "h%zu", i);
        il_run_record r = run_record(hash, hash, "fcn", "realfake");
        int batch = (int)json_integer_value(json_object_get(figures, "batch"));
        json_array_foreach(json_object_get(figures, "pictures"), j, picture)
        {
            const json_t *c = json_object_get(picture, "counts");
            snprintf(ids[j], sizeof ids[j], "%02zu", 15 - j); /* the batches do not follow the order of ids */
            rows[j] = (il_image_row){
                ids[j],
                (int)j / batch,
                { json_integer_value(json_array_get(c, 0)), json_integer_value(json_array_get(c, 1)),
                  json_integer_value(json_array_get(c, 2)), json_integer_value(json_array_get(c, 3)) }
            };
        }
        il_test_record t = { .dataset = "dataset2",
                             .images = "realfake",
                             .split = "test",
                             .digest = "dd",
                             .batch = batch,
                             .status = IL_RUN_DONE };
        int64_t test = 0, run = begin_run(store, hash, hash);
        GOOD(il_store_test(&test, store, run, &t, rows, j, &e));
        put_cell(store, x, run, test, &r, "dataset2", "realfake", NULL);

        il_rows got = { 0 };
        const char *args[] = { hash, NULL };
        GOOD(il_store_query(&got, store, "SELECT iou, iou_image_mean, iou_pooled, images FROM cells WHERE run = ?1",
                            args, &e));
        const char *const names[] = { "published", "image_mean", "pooled" };
        for (int k = 0; k < 3; k++)
            cr_assert_float_eq(strtod(got.values[k], NULL), json_real_value(json_object_get(figures, names[k])), 1e-14,
                               "run %zu, %s: %s", i, names[k], got.values[k]);
        cr_assert_str_eq(got.values[3], "11");
        il_store_rows_free(&got);
    }
    cr_assert_eq(i, 4);
    json_decref(all);
}

Test(store_rows, undefined_scores_are_null)
{
    int64_t x = experiment(store, "x"), run = begin_run(store, "h", "n"), test = 0;
    il_run_record r = run_record("h", "n", "fcn", "realfake");
    il_test_record t = {
        .dataset = "d", .images = "original", .split = "test", .digest = "1", .batch = 1, .status = IL_RUN_DONE
    };
    il_image_row rows[] = { { "a", 0, { 0, 0, 0, 9 } }, { "b", 1, { 0, 0, 0, 9 } } };
    GOOD(il_store_test(&test, store, run, &t, rows, 2, &e));
    put_cell(store, x, run, test, &r, "d", "original", NULL);
    ANSWERS(store, "SELECT iou, iou_image_mean, iou_pooled, images FROM cells", "0.0|NULL|NULL|2");
    GOOD(il_store_test(&test, store, run, &t, rows, 0, &e));
    ANSWERS(store, "SELECT iou, iou_image_mean, iou_pooled, images, status FROM cells", "NULL|NULL|NULL|0|done");
}

/* ---- views ---- */

Test(store_rows, cells_are_named_and_ordered_for_people)
{
    il_rows rows = { 0 };
    GOOD(il_store_query(&rows, store, "SELECT * FROM cells", NULL, &e));
    const char *const wanted[] = { "experiment", "model",          "parameters", "dataset", "mask_policy",
                                   "loss",       "trained_on",     "tested_on",  "seed",    "split",
                                   "iou",        "iou_image_mean", "iou_pooled", "images",  "published_iou",
                                   "difference", "tested_dataset", "status",     "message", "run",
                                   "run_hash" };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        cr_assert_str_eq(rows.names[i], wanted[i]);
    il_store_rows_free(&rows);
}

Test(store_rows, cells_stand_beside_what_was_published)
{
    int64_t x = experiment(store, "x"), run = begin_run(store, "h", "n"), other = begin_run(store, "h2", "n2");
    il_run_record r = run_record("h", "n", "fcn", "realfake"), late = run_record("h2", "n2", "fcn", "fakefake");
    put_cell(store, x, run, put_test(store, run, "dataset2", "fakefake", 50), &r, "dataset2", "fakefake", "4");
    put_cell(store, x, run, put_test(store, run, "sd21", "realfake", 150), &r, "sd21", "realfake", "7");
    put_cell(store, x, run, put_test(store, run, "dataset2", "realfake", 50), &r, "dataset2", "realfake", NULL);
    put_cell(store, x, other, 0, &late, "dataset2", "realfake", "4");
    ANSWERS(store,
            "SELECT experiment, model, parameters, dataset, mask_policy, loss, trained_on, tested_on, seed, split,"
            " iou, images, published_iou, round(difference, 9), tested_dataset, status FROM cells",
            "x|fcn|1000|dataset2|full|focal|realfake|fakefake|1|test|0.5|2|0.886|-0.386|dataset2|done");
    ANSWERS(store, "SELECT iou, published_iou, tested_dataset FROM cells WHERE published_table = '7'",
            "0.625|0.07|sd21");
    ANSWERS(store, "SELECT iou, published_iou, difference FROM cells WHERE published_table IS NULL", "0.5|NULL|NULL");
    ANSWERS(store, "SELECT iou, published_iou, difference, status FROM cells WHERE run = 'n2'",
            "NULL|0.762|NULL|running");
    GOOD(il_store_end_run(store, other, &(il_run_end){ .status = IL_RUN_FAILED, .message = "full" }, &e));
    ANSWERS(store, "SELECT status, message FROM cells WHERE run = 'n2'", "failed|full");
    GOOD(il_store_end_run(store, other, &(il_run_end){ .status = IL_RUN_DONE }, &e));
    ANSWERS(store, "SELECT status FROM cells WHERE run = 'n2'", "not tested");
    ANSWERS(store, "SELECT measured, published, runs, state FROM table4 WHERE trained_on = 'fakefake'",
            "NULL|0.762|0|not tested");
}

Test(store_rows, every_published_cell_is_listed_before_anything_is_measured)
{
    const char *const views[][2] = { { "table2", "3" },
                                     { "table3", "4" },
                                     { "table4", "9" },
                                     { "table5", "4" },
                                     { "table6", "9" },
                                     { "table7", "4" },
                                     { "table_mask_policies", "3" } };
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        char sql[200], wanted[32];
        snprintf(sql, sizeof sql,
                 "SELECT COUNT(*), COUNT(published), COUNT(measured), SUM(state = 'not measured') FROM %s",
                 views[i][0]);
        snprintf(wanted, sizeof wanted, "%s|%s|0|%s", views[i][1], views[i][1], views[i][1]);
        ANSWERS(store, sql, wanted);
    }
    ANSWERS(store, "SELECT * FROM table2", "NIX-Net 40M|NULL|0.769|NULL|0|NULL|NULL|not measured|0|NULL|NULL");
    ANSWERS(store, "SELECT * FROM table1", "dataset1|NULL|NULL|9000|NULL|500|NULL|500|NULL|NULL");
    ANSWERS(store, "SELECT COUNT(*) FROM table1", "3");
}

Test(store_rows, several_runs_of_a_cell_are_summed_up)
{
    int64_t x = experiment(store, "x"), y = experiment(store, "y");
    for (int seed = 0; seed < 3; seed++) {
        char hash[24];
        snprintf(hash, sizeof hash, "seed%d", seed);
        il_run_record r = run_record(hash, hash, "fcn", "realfake");
        int64_t run = begin_run(store, hash, hash), test = put_test(store, run, "dataset2", "inpainted", seed * 50);
        put_cell(store, x, run, test, &r, "dataset2", "inpainted", "4");
        if (seed == 0)
            put_cell(store, y, run, test, &r, "dataset2", "inpainted", "4"); /* shared: counts once */
    }
    /* IoU (0.5 + 0, 0.5, 0.667) / 2 per run */
    ANSWERS(store,
            "SELECT round(measured, 6), published, round(difference, 6), runs, lowest, round(highest, 6), state"
            " FROM table4 WHERE trained_on = 'realfake' AND tested_on = 'inpainted'",
            "0.444444|0.213|0.231444|3|0.25|0.583333|measured");
    ANSWERS(store,
            "SELECT measured, runs FROM published_cells WHERE experiment = 'y' AND published_table = '4'"
            " AND trained_on = 'realfake' AND tested_on = 'inpainted'",
            "0.25|1");
}

Test(store_rows, table1_puts_sizes_beside_each_other)
{
    GOOD(il_store_split(store, "dataset2", "realfake", "train", 20000, 878, "d", &e));
    GOOD(il_store_split(store, "dataset2", "realfake", "train", 20878, 0, "d", &e));
    GOOD(il_store_split(store, "dataset2", "fakefake", "test", 1984, 0, NULL, &e));
    GOOD(il_store_split(store, "dataset2", "inpainted", "validation", 1480, 6, "d", &e));
    GOOD(il_store_split(store, "dataset2-inpainted", "fakefake", "test", 12, 0, "d", &e));
    ANSWERS(store, "SELECT * FROM table1 WHERE dataset = 'dataset2' AND images = 'realfake'",
            "dataset2|realfake|20878|20878|NULL|1986|NULL|1984|1984|1986");
    ANSWERS(store, "SELECT test, test_published FROM table1 WHERE images = 'fakefake'", "1984|1984");
    ANSWERS(store, "SELECT dataset, validation, validation_published FROM table1 WHERE images = 'inpainted'",
            "dataset2-inpainted|1480|1486");
    ANSWERS(store, "SELECT COUNT(*) FROM table1", "5");
}

Test(store_rows, deleting_takes_what_depends_along)
{
    int64_t x = experiment(store, "x"), run = begin_run(store, "h", "n");
    il_run_record r = run_record("h", "n", "fcn", "realfake");
    int64_t test = put_test(store, run, "dataset2", "realfake", 1);
    put_cell(store, x, run, test, &r, "dataset2", "realfake", "4");
    GOOD(il_store_script(store, "DELETE FROM tests", &e));
    ANSWERS(store, "SELECT status, (SELECT COUNT(*) FROM images) FROM cells", "running|0");
    test = put_test(store, run, "dataset2", "realfake", 1);
    GOOD(il_store_script(store, "DELETE FROM runs", &e));
    ANSWERS(store,
            "SELECT (SELECT COUNT(*) FROM experiment_cells), (SELECT COUNT(*) FROM tests),"
            " (SELECT COUNT(*) FROM images), (SELECT COUNT(*) FROM experiment_runs)",
            "0|0|0|0");
    BAD(il_store_script(store, "INSERT INTO epochs (run, epoch) VALUES (1, 1)", &e), IL_EDB, "FOREIGN KEY");
    BAD(il_store_script(store, "INSERT INTO splits VALUES ('a', 'b', 'c', 'many', 0, NULL, '')", &e), IL_EDB,
        "cannot store TEXT value in INTEGER column splits.count");
}

static il_file_facts facts_of(il_store *s, const char *path, int64_t size, int64_t mtime)
{
    bool found = false;
    il_file_facts f = { .sha256 = "untouched" };
    GOOD(il_store_file_facts(&found, &f, s, path, size, mtime, &e));
    cr_assert_eq(found, strcmp(f.sha256, "untouched") != 0);
    return f;
}

Test(store_rows, file_facts_hold_for_the_same_size_and_time)
{
    const il_file_facts image = { "abcd", 40, 30, "" }, mask = { "ef", 0, 0, "01ff-" };
    cr_assert_str_eq(facts_of(store, "/a", 10, 20).sha256, "untouched");
    GOOD(il_store_put_file_facts(store, "/a", 10, 20, &image, &e));
    il_file_facts f = facts_of(store, "/a", 10, 20);
    cr_assert(strcmp(f.sha256, "abcd") == 0 && f.width == 40 && f.height == 30 && !*f.levels);
    cr_assert_str_eq(facts_of(store, "/a", 11, 20).sha256, "untouched");
    GOOD(il_store_put_file_facts(store, "/a", 11, 21, &mask, &e));
    cr_assert_str_eq(facts_of(store, "/a", 10, 20).sha256, "untouched");
    f = facts_of(store, "/a", 11, 21);
    cr_assert(strcmp(f.levels, "01ff-") == 0 && f.width == 0);
    ANSWERS(store, "SELECT synchronous FROM pragma_synchronous", "2");
}

Test(store_rows, a_store_that_is_only_read_remembers_file_facts_while_it_is_open)
{
    const il_file_facts a = { .sha256 = "abcd" }, b = { .sha256 = "ef" };
    il_store *only = NULL;
    GOOD(il_store_put_file_facts(store, "/a", 10, 20, &a, &e));
    GOOD(il_store_open_readonly(&only, in_folder(folder, "r.sqlite").path, &e));
    GOOD(il_store_put_file_facts(only, "/b", 10, 20, &b, &e));
    cr_assert_str_eq(facts_of(only, "/a", 10, 20).sha256, "abcd");
    cr_assert_str_eq(facts_of(only, "/b", 10, 20).sha256, "ef");
    il_store_close(only);
    ANSWERS(store, "SELECT COUNT(*) FROM files", "1");
}
