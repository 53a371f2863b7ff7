/* select_run.c: which run is taken, and what is told of it. */
#include <math.h>
#include "detect/detector.h"
#include "detect/select_run.h"
#include "support/results.h"

static il_store *open_store(struct folder f)
{
    il_store *s = NULL;
    GOOD(il_store_open(&s, in_folder(f, "r.sqlite").path, &e));
    return s;
}

/* A run that is done and has one cell; the IoU rises with `found`. */
static int64_t put_run(il_store *s, const char *hash, const char *name, const char *trained_on, const char *tested_on,
                       int found)
{
    int64_t x = experiment(s, "grid"), id = 0;
    il_run_record r = run_record(hash, name, "unet", trained_on);
    il_run_end end = { .status = IL_RUN_DONE, .weights_path = "w.safetensors", .weights_sha256 = "abc" };
    GOOD(il_store_begin_run(&id, s, &r, &e));
    GOOD(il_store_end_run(s, id, &end, &e));
    put_cell(s, x, id, put_test(s, id, "dataset2", tested_on, found), &r, "dataset2", tested_on, NULL);
    return id;
}

static il_card picked(il_store *s, const char *wanted)
{
    il_card c = { 0 };
    char *config = NULL, *params = NULL;
    GOOD(il_select_run(&c, &config, &params, s, wanted, &e));
    cr_assert_str_eq(config, "{\"a\":1}");
    free(config);
    free(params);
    return c;
}

static void card_free(il_card c)
{
    il_detector d = { .card = c };
    il_detector_close(&d);
}

#define REFUSES(wanted, code, text)                                                                                    \
    do {                                                                                                               \
        il_card c = { 0 };                                                                                             \
        char *config = NULL, *params = NULL;                                                                           \
        BAD(il_select_run(&c, &config, &params, s, wanted, &e), code, text);                                           \
        cr_assert_null(config);                                                                                        \
    } while (0)

Test(pick, the_best_on_its_own_kind)
{
    struct folder f = new_folder();
    il_store *s = open_store(f);
    REFUSES(NULL, IL_EDATA, "no finished run was tested on the kind of images it was trained on");
    REFUSES("1", IL_EDATA, "--run 1: there is no finished run yet");
    put_run(s, "h1", "low", "realfake", "realfake", 20);
    int64_t high = put_run(s, "h2", "high", "fakefake", "fakefake", 70);
    put_run(s, "h3", "elsewhere", "realfake", "fakefake", 9000); /* on another kind */
    put_run(s, "h4", "equal", "fakefake", "fakefake", 70);
    begin_run(s, "h5", "unfinished");
    il_card c = picked(s, NULL);
    cr_assert_eq(c.run, high);
    cr_assert_str_eq(c.name, "high");
    cr_assert_str_eq(c.trained_on, "fakefake");
    cr_assert_str_eq(c.dataset, "dataset2");
    cr_assert_str_eq(c.mask_policy, "full");
    cr_assert_str_eq(c.weights, "w.safetensors");
    cr_assert_str_eq(c.sha256, "abc");
    cr_assert(fabs(c.tested.iou - (0.5 + 70.0 / 120) / 2) < 1e-9, "%g", c.tested.iou);
    cr_assert(c.has_seed && c.seed == 1);
    cr_assert_eq(c.tested.alarms.pictures, 0);
    card_free(c);
    il_store_close(s);
    remove_folder(f);
}

Test(pick, one_that_has_seen_authentic_pictures_comes_first)
{
    struct folder f = new_folder();
    il_store *s = open_store(f);
    put_run(s, "h1", "high", "realfake", "realfake", 70);
    put_run(s, "h2", "authentic only", "realfake+original", "original", 90);
    put_run(s, "h3", "lower", "realfake+original", "realfake", 20);
    int64_t lower = put_run(s, "h4", "low", "realfake+original", "realfake", 30);
    put_run(s, "h5", "another word", "realfake+originals", "realfake", 90);
    il_card c = picked(s, NULL);
    cr_assert_eq(c.run, lower);
    cr_assert_str_eq(c.trained_on, "realfake+original");
    cr_assert(fabs(c.tested.iou - (0.5 + 30.0 / 80) / 2) < 1e-9, "%g", c.tested.iou);
    card_free(c);
    il_store_close(s);
    remove_folder(f);
}

/* Kinds in part, or with the truth that nothing of them is inpainted. */
Test(pick, kinds_with_shares_and_truths)
{
    static const char *const kinds[] = { "realfake+original:0.25", "realfake:0.5+original:nothing",
                                         "realfake+original:nothing:0.5" };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct folder f = new_folder();
        il_store *s = open_store(f);
        put_run(s, "h1", "alone", "realfake", "realfake", 70);
        put_run(s, "h2", "as a negative", "realfake:nothing+original", "realfake", 90);
        put_run(s, "h3", "other truth", "realfake+original:everything", "realfake", 60);
        int64_t best = put_run(s, "h4", "kinds", kinds[i], "realfake", 30);
        il_card c = picked(s, NULL);
        cr_expect_eq(c.run, best, "%s", kinds[i]);
        card_free(c);
        il_store_close(s);
        remove_folder(f);
    }
}

Test(pick, a_test_by_another_mask_policy_counts)
{
    struct folder f = new_folder();
    il_store *s = open_store(f);
    int64_t x = experiment(s, "grid"), id = 0;
    il_run_record r = run_record("h1", "any", "unet", "realfake");
    il_run_end end = { .status = IL_RUN_DONE, .weights_path = "w.safetensors", .weights_sha256 = "abc" };
    GOOD(il_store_begin_run(&id, s, &r, &e));
    GOOD(il_store_end_run(s, id, &end, &e));
    put_cell(s, x, id, put_test(s, id, "dataset2", "realfake", 30), &r, "dataset2", "realfake by full", NULL);
    il_card c = picked(s, NULL);
    cr_assert_eq(c.run, id);
    cr_assert(fabs(c.tested.iou - (0.5 + 30.0 / 80) / 2) < 1e-9, "%g", c.tested.iou);
    card_free(c);
    put_cell(s, x, id, put_test(s, id, "dataset2", "fakefake", 90), &r, "dataset2", "fakefake",
             NULL); /* another kind */
    put_cell(s, x, id, put_test(s, id, "dataset2", "original", 90), &r, "dataset2", "original by full", NULL);
    c = picked(s, NULL);
    cr_assert(fabs(c.tested.iou - (0.5 + 30.0 / 80) / 2) < 1e-9, "%g", c.tested.iou);
    card_free(c);
    il_store_close(s);
    remove_folder(f);
}

Test(pick, weights_are_found_beside_a_database_that_was_moved)
{
    struct folder f = new_folder();
    char command[300];
    il_store *s = open_store(f);
    int64_t id = put_run(s, "a", "one", "realfake", "realfake", 20);
    GOOD(il_store_end_run(s, id,
                          &(il_run_end){ .status = IL_RUN_DONE,
                                         .weights_path = "elsewhere/runs/0123/weights.safetensors",
                                         .weights_sha256 = "abc" },
                          &e));
    il_card c = picked(s, "one");
    cr_expect_str_eq(c.weights, "elsewhere/runs/0123/weights.safetensors");
    card_free(c);
    snprintf(command, sizeof command, "mkdir -p %s/runs/0123 && touch %s/runs/0123/weights.safetensors", f.path,
             f.path);
    cr_assert_eq(system(command), 0);
    c = picked(s, "one");
    cr_expect_str_eq(c.weights, in_folder(f, "runs/0123/weights.safetensors").path);
    card_free(c);
    il_store_close(s);
    remove_folder(f);
}

Test(pick, by_number_name_or_glob)
{
    struct folder f = new_folder();
    il_store *s = open_store(f);
    int64_t first = put_run(s, "h1", "seed=1", "realfake", "realfake", 20);
    int64_t second = put_run(s, "h2", "seed=2", "realfake", "realfake", 30);
    int64_t third = put_run(s, "h3", "seed=2", "realfake", "inpainted", 30);
    put_run(s, "h4", "model=nix", "realfake", "inpainted", 30);
    begin_run(s, "h5", "lost");
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)second);
    il_card c = picked(s, number);
    cr_expect(c.run == second && c.namesakes == 1);
    card_free(c);
    c = picked(s, "seed=1");
    cr_expect(c.run == first && c.namesakes == 1);
    card_free(c);
    c = picked(s, "seed=2"); /* the newest of that name */
    cr_expect(c.run == third && c.namesakes == 2);
    card_free(c);
    c = picked(s, "*nix");
    cr_expect_str_eq(c.name, "model=nix");
    cr_expect(isnan(c.tested.iou));
    card_free(c);
    REFUSES("seed*", IL_EUSAGE, "--run seed*: matches 3 runs: 1 (seed=1), 2 (seed=2), 3 (seed=2)");
    REFUSES("lost", IL_EUSAGE,
            "--run lost: no finished run has that name; the finished runs are 1 (seed=1), 2 (seed=2)");
    REFUSES("99", IL_EUSAGE, "--run 99: no finished run has that name");
    const char *later = "UPDATE runs SET ended_at = '2999-01-01T00:00:00Z' WHERE hash = 'h2'";
    cr_assert_eq(sqlite3_exec(s->db, later, NULL, NULL, NULL), SQLITE_OK);
    c = picked(s, "seed=2");
    cr_expect(c.run == second && c.namesakes == 2);
    card_free(c);
    il_store_close(s);
    remove_folder(f);
}

Test(pick, false_alarms_of_authentic_pictures)
{
    struct folder f = new_folder();
    il_store *s = open_store(f);
    int64_t id = put_run(s, "h1", "one", "realfake", "realfake", 20), test = 0;
    il_test_record t = { .fit = "native",
                         .padding = "none",
                         .dataset = "d",
                         .images = "original",
                         .split = "test",
                         .digest = "o",
                         .batch = 2,
                         .status = IL_RUN_DONE };
    il_image_row rows[] = { { "a", 0, { 0, 0, 0, 10000 } },
                            { "b", 0, { 0, 63, 0, 9937 } },
                            { "c", 1, { 0, 500, 0, 9500 } },
                            { "d", 1, { 0, 64, 0, 9936 } } };
    GOOD(il_store_test(&test, s, id, &t, rows, 4, &e));
    il_card c = picked(s, "one");
    cr_expect_eq(c.tested.alarms.pictures, 4);
    cr_expect_eq(c.tested.alarms.alarms, 2, "64 pixels are enough, 63 are not");
    cr_expect_eq(c.tested.alarms.pixels, 40000);
    cr_expect(fabs(c.tested.alarms.marked - 0.015675) < 1e-12, "%g", c.tested.alarms.marked);
    card_free(c);
    il_store_close(s);
    remove_folder(f);
}
