/* test_compare.c - cells against each other as SciPy compares them (tests/data/stats), and what cannot be compared. */
#include <jansson.h>
#include <math.h>
#include "report/compare_print.h"
#include "support/results.h"

static struct folder folder;
static il_store *store;
static json_t *figures;
static char ids[30][8];

static void set_up(void)
{
    folder = new_folder();
    GOOD(il_store_open(&store, in_folder(folder, "results.sqlite").path, &e));
    json_t *all = json_load_file(TEST_DATA "/stats/figures.json", 0, NULL);
    figures = json_incref(json_object_get(all, "compare"));
    json_decref(all);
    cr_assert_not_null(figures);
    for (int i = 0; i < 30; i++)
        snprintf(ids[i], sizeof ids[i], "%d", i * 7 % 30); /* not in their order */
}

static void tear_down(void)
{
    json_decref(figures);
    il_store_close(store);
    remove_folder(folder);
}

TestSuite(compare, .init = set_up, .fini = tear_down);

/* A cell with the given pictures; all runs have the same settings but the seed. */
static void put(const char *hash, uint64_t seed, const char *tested_on, const il_image_row *rows, size_t count)
{
    il_run_record r = run_record(hash, hash, "fcn", "realfake");
    il_test_record t = { .fit = "native",
                         .padding = "none",
                         .dataset = "d",
                         .images = tested_on,
                         .split = "test",
                         .digest = tested_on,
                         .batch = 1,
                         .status = IL_RUN_DONE };
    int64_t run = 0, test = 0;
    r.seed = seed;
    r.config = seed == 1 ? "{\"a\":1,\"seed\":1}" : seed == 2 ? "{\"seed\":2,\"a\":1}" : "{\"a\":2}";
    GOOD(il_store_begin_run(&run, store, &r, &e));
    GOOD(il_store_test(&test, store, run, &t, rows, count, &e));
    put_cell(store, experiment(store, "x"), run, test, &r, "d", tested_on, NULL);
}

/* Cells 1 to 3; what lacks a picture has -1 in the figures. */
static void put_three(void)
{
    static const char *const names[] = { "first", "second", "third" };
    for (size_t c = 0; c < 3; c++) {
        il_image_row rows[30];
        size_t count = 0;
        for (size_t i = 0; i < 30; i++) {
            const json_t *n = json_array_get(json_array_get(json_object_get(figures, "cells"), c), i);
            int64_t tp = json_integer_value(json_array_get(n, 0));
            if (tp >= 0)
                rows[count++] = (il_image_row){ ids[i],
                                                0,
                                                { tp, json_integer_value(json_array_get(n, 1)),
                                                  json_integer_value(json_array_get(n, 2)), 50 } };
        }
        put(names[c], c + 1, "realfake", rows, count);
    }
}

static double at(const char *list, size_t i)
{
    return json_number_value(json_array_get(json_object_get(figures, list), i));
}

static double pair_figure(size_t i, const char *name)
{
    return json_number_value(json_object_get(json_array_get(json_object_get(figures, "pairs"), i), name));
}

#define NEAR(a, b) cr_assert_float_eq(a, b, 1e-12, "%.15g, expected %.15g", (double)(a), (double)(b))

Test(compare, three_cells_as_scipy)
{
    il_comparison c = { 0 };
    put_three();
    GOOD(il_compare_cells(&c, store, (const char *[]){ "1", "2", "3" }, 3, IL_METRIC_IOU, &e));
    cr_assert(c.ncells == 3 && c.npairs == 3 && c.nseeds == 1);
    for (size_t i = 0; i < 3; i++) {
        NEAR(c.cells[i].mean, at("means", i));
        cr_assert_lt(c.cells[i].interval.low, c.cells[i].mean);
        cr_assert_gt(c.cells[i].interval.high, c.cells[i].mean);
        const il_compare_pair *p = &c.pairs[i];
        cr_assert_eq(p->n, (size_t)pair_figure(i, "n"));
        NEAR(p->difference, pair_figure(i, "difference"));
        NEAR(p->wilcoxon, pair_figure(i, "wilcoxon"));
        NEAR(p->ttest, pair_figure(i, "ttest"));
        cr_assert_lt(p->interval.low, p->difference);
        cr_assert_gt(p->interval.high, p->difference);
        cr_assert(p->wilcoxon_holm >= p->wilcoxon && p->wilcoxon_holm <= fmin(1, 3 * p->wilcoxon));
    }
    double smallest = fmin(c.pairs[0].ttest, fmin(c.pairs[1].ttest, c.pairs[2].ttest));
    for (size_t i = 0; i < 3; i++)
        if (c.pairs[i].ttest == smallest)
            NEAR(c.pairs[i].ttest_holm, fmin(1, 3 * smallest));
    cr_assert(c.pairs[0].undefined == 1 && c.pairs[0].alone_a == 0 && c.pairs[1].alone_a == 5 &&
              c.pairs[1].alone_b == 0);
    cr_assert(c.seeds[0].n == 2 && c.seeds[0].first == 0);
    NEAR(c.seeds[0].mean, (at("means", 0) + at("means", 1)) / 2);
    NEAR(c.seeds[0].stdev, json_number_value(json_object_get(figures, "stdev")));
    il_compare_free(&c);
}

static char *printed(const char *const *names, size_t count, il_metric metric, il_format format)
{
    il_comparison c = { 0 };
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    GOOD(il_compare_cells(&c, store, names, count, metric, &e));
    GOOD(il_compare_print(to, &c, format, &e));
    fclose(to);
    il_compare_free(&c);
    return text;
}

Test(compare, every_format_holds_the_numbers)
{
    char wanted[32];
    const char *const two[] = { "1", "third/real*" };
    put_three();
    snprintf(wanted, sizeof wanted, "%.3f", pair_figure(1, "difference"));
    for (int format = IL_FORMAT_TEXT; format <= IL_FORMAT_JSON; format++) {
        char *text = printed(two, 2, IL_METRIC_IOU, (il_format)format);
        char *part = format == IL_FORMAT_JSON || format == IL_FORMAT_CSV ? "difference" : wanted;
        cr_assert(strstr(text, part), "%s: %s", part, text);
        if (format == IL_FORMAT_TEXT) {
            cr_assert(strstr(text, "Left unpaired: 5 pictures of cell 1 and 0 of cell 3 have no partner."), "%s", text);
            cr_assert(!strstr(text, "holm") && !strstr(text, "Spread over seeds"), "%s", text);
        }
        if (format == IL_FORMAT_JSON) {
            json_t *document = json_loads(text, 0, NULL);
            json_t *pair = json_array_get(json_object_get(document, "pairs"), 0);
            NEAR(json_number_value(json_object_get(pair, "wilcoxon_p")), pair_figure(1, "wilcoxon"));
            cr_assert_eq(json_array_size(json_object_get(document, "cells")), 2);
            json_decref(document);
        }
        free(text);
    }
    char *text = printed((const char *[]){ "*/realfake" }, 1, IL_METRIC_F1, IL_FORMAT_TEXT);
    cr_assert(strstr(text, "Holm") && strstr(text, "Spread over seeds") && strstr(text, "f1: "), "%s", text);
    free(text);
}

Test(compare, intervals_are_those_of_the_figures)
{
    il_comparison c = { 0 };
    for (int i = 0; i < 30; i++)
        snprintf(ids[i], sizeof ids[i], "%02d", i); /* resampling depends on the order of ids */
    put_three();
    GOOD(il_compare_cells(&c, store, (const char *[]){ "*" }, 1, IL_METRIC_IOU, &e));
    for (size_t i = 0; i < 3; i++) {
        const json_t *cell = json_array_get(json_object_get(figures, "intervals"), i);
        const json_t *pair = json_object_get(json_array_get(json_object_get(figures, "pairs"), i), "interval");
        NEAR(c.cells[i].interval.low, json_number_value(json_array_get(cell, 0)));
        NEAR(c.cells[i].interval.high, json_number_value(json_array_get(cell, 1)));
        NEAR(c.pairs[i].interval.low, json_number_value(json_array_get(pair, 0)));
        NEAR(c.pairs[i].interval.high, json_number_value(json_array_get(pair, 1)));
    }
    il_compare_free(&c);
}

/* ---- tiles ---- */

/* A run of the policy, tested on the case's tiles of so many pixels; every truth has `more` pixels more. Ids are numbers, so that the
 * photos must be told. */
static void put_sized(const json_t *c, size_t which, const char *policy, const char *split, int64_t more,
                      int64_t pixels)
{
    static char names[64][32];
    char hash[80], config[120];
    il_image_row rows[64];
    const json_t *photo = json_object_get(c, "photo");
    size_t n = json_array_size(photo);
    for (size_t i = 0; i < n; i++) {
        int64_t tp = json_integer_value(json_array_get(json_array_get(json_object_get(c, "tp"), which), i));
        int64_t fp = json_integer_value(json_array_get(json_array_get(json_object_get(c, "fp"), which), i));
        int64_t truth = json_integer_value(json_array_get(json_object_get(c, "truth"), i));
        snprintf(names[i], sizeof names[i], "%02zu", i * 7 % n);
        rows[i] = (il_image_row){ .id = names[i], .counts = { tp, fp, truth - tp + more, pixels - truth - fp - more } };
        rows[i].photo = json_string_value(json_array_get(photo, i));
    }
    snprintf(hash, sizeof hash, "%s%zu%s%d", policy, which, split, (int)more);
    snprintf(config, sizeof config, "{\"a\":%zu,\"mask_policy\":{\"name\":\"%s\",\"params\":{}}}", which, policy);
    il_run_record r = run_record(hash, hash, "fcn", "realfake");
    il_test_record t = { .fit = "native",
                         .padding = "none",
                         .dataset = "d",
                         .images = "realfake",
                         .split = split,
                         .digest = split,
                         .batch = 1,
                         .status = IL_RUN_DONE };
    int64_t run = 0, test = 0;
    r.config = config;
    GOOD(il_store_begin_run(&run, store, &r, &e));
    GOOD(il_store_test(&test, store, run, &t, rows, n, &e));
    put_cell(store, experiment(store, "x"), run, test, &r, "d", "realfake", NULL);
    char sql[200];
    snprintf(sql, sizeof sql, "UPDATE experiment_cells SET split = '%s' WHERE test = %lld", split, (long long)test);
    GOOD(il_store_script(store, sql, &e));
}

static void put_tiles(const json_t *c, size_t which, const char *policy, const char *split, int64_t more)
{
    put_sized(c, which, policy, split, more, 4096);
}

static json_t *read_photos(void)
{
    json_t *all = json_load_file(TEST_DATA "/stats/photos.json", 0, NULL);
    cr_assert_not_null(all);
    return all;
}

Test(compare, tiles_are_resampled_and_paired_by_photo)
{
    json_t *all = read_photos(), *c = json_array_get(json_object_get(all, "cases"), 0);
    il_comparison found = { 0 };
    put_tiles(c, 0, "full", "test", 0);
    put_tiles(c, 1, "full", "test", 0);
    GOOD(il_compare_cells(&found, store, (const char *[]){ "1", "2" }, 2, IL_METRIC_IOU, &e));
    for (size_t i = 0; i < 2; i++) {
        const json_t *interval = json_array_get(json_object_get(c, "interval"), i);
        NEAR(found.cells[i].mean, json_number_value(json_array_get(json_object_get(c, "mean"), i)));
        NEAR(found.cells[i].interval.low, json_number_value(json_array_get(interval, 0)));
        NEAR(found.cells[i].interval.high, json_number_value(json_array_get(interval, 1)));
        cr_assert(found.cells[i].pictures == 36 && found.cells[i].photos == 6);
    }
    const json_t *interval = json_object_get(c, "difference_interval");
    const il_compare_pair *p = found.pairs;
    NEAR(p->difference, json_number_value(json_object_get(c, "difference")));
    NEAR(p->interval.low, json_number_value(json_array_get(interval, 0)));
    NEAR(p->interval.high, json_number_value(json_array_get(interval, 1)));
    NEAR(p->wilcoxon, 0.03125); /* the least that six pairs can give; by tiles it would be 2e-5 */
    NEAR(p->ttest, json_number_value(json_object_get(c, "ttest")));
    cr_assert(p->n == 36 && p->photos == 6 && !p->unlike);
    il_compare_free(&found);
    char *text = printed((const char *[]){ "1", "2" }, 2, IL_METRIC_IOU, IL_FORMAT_TEXT);
    cr_assert(strstr(text, "36 tiles of 6 photos: intervals resample photos"), "%s", text);
    cr_assert(strstr(text, "Only 6 photos: intervals are rough."), "%s", text);
    cr_assert(strstr(text, "Each pair is of two trainings"), "%s", text);
    free(text);
    json_decref(all);
}

Test(compare, two_photos_give_no_interval)
{
    json_t *all = read_photos(), *c = json_array_get(json_object_get(all, "cases"), 3);
    il_comparison found = { 0 };
    put_tiles(c, 0, "full", "test", 0);
    put_tiles(c, 1, "full", "test", 0);
    GOOD(il_compare_cells(&found, store, (const char *[]){ "1", "2" }, 2, IL_METRIC_IOU, &e));
    cr_assert(found.cells[0].photos == 2 && isnan(found.cells[0].interval.low) && isnan(found.pairs[0].interval.high));
    cr_assert_not(il_compare_differ(found.pairs), "two photos bear nothing out");
    il_compare_free(&found);
    json_decref(all);
}

/* Policies by which other pixels are true; one by which the same are; another split; a size of its own; and one policy by which other
 * pixels are true all the same, as they are of another kind of picture or for a detector that is to mark nothing. */
Test(compare, unequal_truths_and_splits_are_refused)
{
    json_t *all = read_photos(), *c = json_array_get(json_object_get(all, "cases"), 0);
    il_comparison found = { 0 };
    put_tiles(c, 0, "soft", "test", 0);
    put_tiles(c, 1, "any", "test", 0);
    put_tiles(c, 1, "full", "test", 9);
    put_tiles(c, 0, "full", "validation", 9);
    put_sized(c, 0, "full", "test", 12, 4225);
    put_tiles(c, 0, "full", "test", 15);
    GOOD(il_compare_cells(&found, store, (const char *[]){ "1", "2", "3", "4", "5", "6" }, 6, IL_METRIC_IOU, &e));
    static const unsigned wanted[] = { 0, 1, 3, 1, 1, 1, 3, 1, 1, 2, 16, 1, 18, 3, 16 };
    for (size_t i = 0; i < found.npairs; i++) {
        const il_compare_pair *p = &found.pairs[i];
        bool refused = wanted[i] & IL_UNLIKE_REFUSED;
        cr_expect_eq(p->unlike & 19, wanted[i], "pair %zu: %u", i, p->unlike);
        cr_expect(isnan(p->difference) == refused && isnan(p->wilcoxon) == refused &&
                  isnan(p->interval.low) == refused && !(refused && il_compare_differ(p)));
    }
    NEAR(found.pairs[0].wilcoxon_holm, 3 * found.pairs[0].wilcoxon); /* three pairs are tested, not fifteen */
    il_compare_free(&found);
    char *text = printed((const char *[]){ "1", "3", "4" }, 3, IL_METRIC_IOU, IL_FORMAT_TEXT);
    cr_expect(strstr(text, "Cells 1 and 3 are not compared: they are measured by different truths (soft; full)."), "%s",
              text);
    cr_expect(strstr(text, "Cells 3 and 4 are not compared: they are of different splits (test; validation)."), "%s",
              text);
    free(text);
    text = printed((const char *[]){ "3", "6" }, 2, IL_METRIC_IOU, IL_FORMAT_TEXT);
    cr_expect(
        strstr(text, "Cells 3 and 6 are not compared: other pixels of the same pictures are true (d realfake test; d"),
        "%s", text);
    free(text);
    text = printed((const char *[]){ "3", "5" }, 2, IL_METRIC_IOU, IL_FORMAT_TEXT);
    cr_expect(strstr(text, "Cells 3 and 5 count other pixels of the same pictures"), "%s", text);
    free(text);
    text = printed((const char *[]){ "1", "3", "4" }, 3, IL_METRIC_IOU, IL_FORMAT_CSV);
    cr_expect(strstr(text, "unlike,truth,other_truth") && strstr(text, ",truth,soft,full\r\n"), "%s", text);
    free(text);
    json_decref(all);
}

/* Where nothing is true the numbers are of false alarms alone. One run's own cells are of one training. */
Test(compare, nothing_true_is_not_compared)
{
    il_image_row painted[] = { { "a", 0, { 5, 5, 0, 0 } }, { "b", 0, { 6, 4, 0, 0 } } };
    il_image_row authentic[] = { { "a", 0, { 0, 3, 0, 7 } }, { "b", 0, { 0, 0, 0, 10 } } };
    il_comparison c = { 0 };
    put("first", 1, "realfake", painted, 2);
    put("first", 1, "original", authentic, 2);
    put("second", 2, "original", authentic, 2);
    GOOD(il_compare_cells(&c, store, (const char *const[]){ "1", "2", "3" }, 3, IL_METRIC_IOU, &e));
    for (size_t i = 0; i < c.npairs; i++)
        cr_expect(c.pairs[i].unlike & IL_UNLIKE_NOTHING && isnan(c.pairs[i].difference) && isnan(c.pairs[i].wilcoxon));
    il_compare_free(&c);
    char *text = printed((const char *[]){ "1", "2" }, 2, IL_METRIC_IOU, IL_FORMAT_TEXT);
    cr_expect(strstr(text, "in one of them (d realfake test; d original test) nothing is true"), "%s", text);
    cr_expect_null(strstr(text, "two trainings"), "%s", text);
    free(text);
}

/* ---- seeds ---- */

/* Another batch of the same run, and runs of equal settings on other data, tell nothing of seeds. */
Test(compare, only_seeds_make_a_spread_over_seeds)
{
    il_comparison c = { 0 };
    il_image_row rows[] = { { "a", 0, { 5, 5, 0, 0 } }, { "b", 0, { 6, 4, 0, 0 } } };
    put("first", 1, "realfake", rows, 2);
    put("second", 2, "realfake", rows, 2);
    GOOD(il_compare_cells(&c, store, (const char *const[]){ "1", "2" }, 2, IL_METRIC_IOU, &e));
    cr_expect_eq(c.nseeds, 1);
    il_compare_free(&c);
    GOOD(il_store_script(store, "UPDATE runs SET manifest = '{\"train\":{}}' WHERE hash = 'second'", &e));
    GOOD(il_compare_cells(&c, store, (const char *const[]){ "1", "2" }, 2, IL_METRIC_IOU, &e));
    cr_expect_eq(c.nseeds, 0, "other data");
    il_compare_free(&c);
    GOOD(il_store_script(store,
                         "UPDATE runs SET manifest = '{\"files\":{}}', seed = 1,"
                         " config = '{\"a\":1,\"seed\":1}' WHERE hash = 'second'",
                         &e));
    GOOD(il_compare_cells(&c, store, (const char *const[]){ "1", "2" }, 2, IL_METRIC_IOU, &e));
    cr_expect_eq(c.nseeds, 0, "the same seed twice");
    il_compare_free(&c);
    GOOD(il_store_script(store,
                         "UPDATE runs SET seed = 2, config = '{\"a\":1,\"seed\":2}' WHERE hash = 'second';"
                         "UPDATE tests SET batch = 2 WHERE run = 2",
                         &e));
    GOOD(il_compare_cells(&c, store, (const char *const[]){ "1", "2" }, 2, IL_METRIC_IOU, &e));
    cr_expect_eq(c.nseeds, 0, "another batch");
    il_compare_free(&c);
}

Test(compare, the_same_values_have_no_p)
{
    il_comparison c = { 0 };
    const il_image_row rows[] = { { "a", 0, { 1, 1, 1, 1 } }, { "b", 0, { 1, 0, 0, 1 } } };
    put("one", 1, "realfake", rows, 2);
    put("two", 3, "fakefake", rows, 2);
    GOOD(il_compare_cells(&c, store, (const char *[]){ "1", "2" }, 2, IL_METRIC_IOU, &e));
    cr_assert(c.pairs[0].difference == 0 && isnan(c.pairs[0].wilcoxon) && isnan(c.pairs[0].ttest) && c.nseeds == 0);
    il_compare_free(&c);
    char *text = printed((const char *[]){ "1", "2" }, 2, IL_METRIC_MCC, IL_FORMAT_TEXT);
    cr_assert(strstr(text, "paired by names alone: one was tested on d realfake test, the other on d fakefake test"),
              "%s", text);
    free(text);
}

Test(compare, what_cannot_be_compared_is_told)
{
    il_comparison c = { 0 };
    const il_image_row rows[] = { { "a", 0, { 1, 1, 1, 1 } }, { "b", 0, { 0, 0, 0, 4 } }, { "c", 0, { 1, 1, 2, 0 } } };
    put("one", 1, "realfake", rows, 2);
    put("two", 1, "realfake", rows + 2, 1);
    put("three", 1, "realfake", rows + 1, 1);
    il_run_record r = run_record("h9", "none", "fcn", "realfake");
    put_cell(store, experiment(store, "x"), begin_run(store, "h9", "none"), 0, &r, "d", "realfake", NULL);
    static const struct {
        const char *names[3], *message;
        il_metric metric;
    } rows_bad[] = {
        { { "1", "2" }, "cells 1 and 2 cannot be paired: they were tested on different pictures", IL_METRIC_IOU },
        { { "1" }, "1 cell to compare; expected at least two", IL_METRIC_IOU },
        { { "1", "1" }, "cell 1 is named twice", IL_METRIC_IOU },
        { { "1", "17" }, "17: no measured cell is called so", IL_METRIC_IOU },
        { { "1", "99999999999999999999" }, "no measured cell is called so", IL_METRIC_IOU },
        { { "1", "nix*" }, "nix*: no measured cell is called so", IL_METRIC_IOU },
        { { "1", "" }, "no measured cell is called so", IL_METRIC_IOU },
        { { "1", "4" }, "cell 4 is not measured: running", IL_METRIC_IOU },
        { { "1", "3" }, "cell 3 (three/d/realfake): iou is undefined for all of its 1 images", IL_METRIC_IOU },
        { { "1", "2" }, "auc is undefined for all of its 2 images, or it was tested before", IL_METRIC_AUC },
    };
    for (size_t i = 0; i < sizeof rows_bad / sizeof *rows_bad; i++)
        BAD(il_compare_cells(&c, store, rows_bad[i].names, rows_bad[i].names[1] ? 2 : 1, rows_bad[i].metric, &e),
            IL_EDATA, rows_bad[i].message);
}
