/* test_seeds.c - a sweep's axes as columns, its seeds as one row, which measure is shown, and what may be called best. */
#include "report/best_cell.h"
#include "report/report.h"
#include "support/fixture.h"
#include "support/page.h"

TestSuite(seeds, .init = set_up, .fini = tear_down);

/* IoU found / 100 on each of twelve pictures, less one hundredth on every second, of a policy's own truth nine hundredths less. */
static int64_t put_test_of(int64_t run, il_test_record t, int found, bool own)
{
    static char ids[12][8];
    il_image_row rows[12];
    int64_t test = 0;
    for (int i = 0; i < 12; i++) {
        snprintf(ids[i], sizeof ids[i], "p%d", i);
        rows[i] = (il_image_row){ .id = ids[i], .counts = { found - i % 2, 0, 100 - found + i % 2 + 9 * own, 50 } };
    }
    t.fit = "native";
    t.padding = "none";
    t.dataset = "d";
    t.images = "realfake";
    t.split = "test";
    t.batch = 12;
    t.status = IL_RUN_DONE;
    GOOD(il_store_test(&test, store, run, &t, rows, 12, &e));
    return test;
}

/* A run of that learning rate and seed. truth: the policy of the test's entry, which makes other pixels true. */
static void put_run(int64_t x, const char *lr, int seed, int found, const char *truth)
{
    char name[80], config[200], settings[100];
    int64_t run = 0;
    snprintf(name, sizeof name, "train.lr=%s,seed=%d,%s", lr, seed, truth);
    snprintf(config, sizeof config,
             "{\"mask_policy\":{\"name\":\"full\",\"params\":{}},\"seed\":%d,\"train\":{\"lr\":\"%s\"}}", seed, lr);
    snprintf(settings, sizeof settings, "{\"mask_policy\":{\"name\":\"%s\",\"params\":{\"level\":9}}}", truth);
    il_run_record r = run_record(name, name, "fcn", "realfake");
    r.config = config;
    r.seed = (uint64_t)seed;
    bool own = strcmp(truth, "full") != 0;
    GOOD(il_store_begin_run(&run, store, &r, &e));
    GOOD(il_store_end_run(store, run, &(il_run_end){ .status = IL_RUN_DONE }, &e));
    int64_t test = put_test_of(run, (il_test_record){ .digest = "d", .settings = own ? settings : NULL }, found, own);
    put_cell(store, x, run, test, &r, "d", "realfake", NULL);
}

/* Its test on pictures under JPEG of that quality. */
static void put_jpeg(int64_t x, const char *lr, int seed, double quality, int found)
{
    char name[80], digest[32];
    il_run_row row;
    snprintf(name, sizeof name, "train.lr=%s,seed=%d,full", lr, seed);
    snprintf(digest, sizeof digest, "jpeg %g", quality);
    GOOD(il_store_find_run(&row, store, name, &e));
    int64_t test = put_test_of(row.id, (il_test_record){ .digest = digest, .degradation = "jpeg", .level = quality },
                               found, false);
    il_cell_record c = { .experiment = x,
                         .run = row.id,
                         .test = test,
                         .run_name = name,
                         .model = "fcn",
                         .dataset = "d",
                         .mask_policy = "full",
                         .loss = "focal",
                         .trained_on = "realfake",
                         .tested_dataset = "d",
                         .tested_on = "realfake",
                         .split = "test",
                         .degradation = "jpeg",
                         .level = quality };
    GOOD(il_store_cell(store, &c, &e));
}

static char *shown(const char *convention, const char *metric, il_format format)
{
    char *text = NULL;
    size_t size = 0;
    il_measure m = { 0 };
    FILE *to = open_memstream(&text, &size);
    GOOD(il_measure_find(&m, store, convention, metric, &e));
    GOOD(il_report_measure(to, store, &m, NULL, false, format, &e));
    fclose(to);
    return text;
}

static char *page(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    GOOD(il_report_html(to, store, NULL, &e));
    fclose(to);
    return without_names(text);
}

#define SAYS(text, wanted) cr_expect(strstr(text, wanted), "no '%s' in:\n%s", wanted, text)

static void put_sweep(int seeds)
{
    static const int high[] = { 75, 76, 73 }, low[] = { 60, 70, 66 };
    int64_t x = experiment(store, "sweep");
    for (int i = 0; i < seeds; i++) {
        put_run(x, "0.003", i + 1, high[i], "full");
        put_run(x, "0.0003", i + 1, low[i], "full");
    }
}

/* By NumPy and SciPy of 0.745, 0.755, 0.725 and 0.595, 0.695, 0.655: means 0.74167, 0.64833, deviations 0.01528, 0.05033, Welch's
 * p 0.0741, Student's interval 0.7037 to 0.7796. */
Test(seeds, a_sweep_has_its_axes_and_deviations)
{
    put_sweep(3);
    char *text = shown(NULL, NULL, IL_FORMAT_TEXT);
    SAYS(text, "trained on  train.lr  seeds       realfake\n");
    SAYS(text, "realfake    0.003         3  0.742 \xc2\xb1 0.015\n");
    SAYS(text, "realfake    0.0003        3  0.648 \xc2\xb1 0.050\n");
    SAYS(text, "A row is the mean \xc2\xb1 standard deviation over its seeds");
    free(text);
    text = shown(NULL, NULL, IL_FORMAT_LATEX);
    cr_expect(!strstr(text, "textbf") && !strstr(text, "Bold"), "p is 0.07: %s", text);
    SAYS(text, "0.0003 & 3 & 0.648 \xc2\xb1 0.050 \\\\");
    free(text);
    text = page();
    SAYS(
        text,
        "<th scope=\"row\">0.003</th><th scope=\"row\">3</th><td id=\"e1-cell-1\"><span class=\"main\">0.742 \xc2\xb1 0.015</span>"
        "<span class=\"sub\">0.704 to 0.780 (t, 3 seeds)</span></td>");
    SAYS(text, "realfake, seed 1, train.lr 0.003");
    free(text);
}

Test(seeds, what_several_seeds_bear_out_is_best)
{
    static const double a[] = { 0.75, 0.76, 0.73 }, b[] = { 0.5, 0.52, 0.51 }, c[] = { 0.74, 0.75, 0.76 };
    const il_best_method methods[] = { { b, 3, "full" }, { a, 3, "full" }, { c, 3, "full" } };
    size_t best = 9;
    GOOD(il_best_of_seeds(&best, methods, 2, &e));
    cr_expect_eq(best, 1);
    GOOD(il_best_of_seeds(&best, methods, 3, &e));
    cr_expect_eq(best, 3, "the third is as good");
    GOOD(il_best_of_seeds(&best, (il_best_method[]){ { b, 3, "full" }, { a, 3, "soft" } }, 2, &e));
    cr_expect_eq(best, 2, "unequal truths");
    GOOD(il_best_of_seeds(&best, (il_best_method[]){ { b, 3, "full" }, { a, 1, "full" } }, 2, &e));
    cr_expect_eq(best, 2, "one seed");
    GOOD(il_best_of_seeds(&best, methods, 1, &e));
    cr_expect_eq(best, 1, "no rival");
}

/* The same numbers of one seed: what is best is so of these trainings. */
Test(seeds, the_best_of_one_seed_says_so)
{
    put_sweep(1);
    char *text = shown(NULL, NULL, IL_FORMAT_LATEX);
    SAYS(text, "\\textbf{0.745}");
    SAYS(text, "One seed each: best of these trainings, which other seeds may turn round");
    free(text);
    text = page();
    SAYS(text, "<span class=\"tag\">best, one seed</span>");
    SAYS(text, "1 of 1 pairs of trainings differ");
    free(text);
    text = shown(NULL, NULL, IL_FORMAT_TEXT);
    SAYS(text, "One seed each: a difference between rows is one between these trainings");
    free(text);
}

/* Each by its own truth: nothing is best, and no pair is tested. */
Test(seeds, unequal_truths_have_no_best)
{
    int64_t x = experiment(store, "policies");
    put_run(x, "0.003", 1, 75, "full");
    put_run(x, "0.0003", 1, 60, "soft");
    char *text = shown(NULL, NULL, IL_FORMAT_LATEX);
    cr_expect(!strstr(text, "textbf"), "%s", text);
    SAYS(text, "Cells of different mask policies are measured against different truths.");
    free(text);
    text = page();
    cr_expect(!strstr(text, "class=\"tag\">best"), "%s", text);
    SAYS(text, "0 of 0 pairs of trainings differ");
    SAYS(text, "<td class=\"left\">not compared</td><td class=\"left\">truth</td>");
    SAYS(text, "Not compared are cells that are measured by different truths, or in which nothing is true.");
    free(text);
    ANSWERS(store, "SELECT group_concat(truth, '; ') FROM cells", "full; soft level 9");
    ANSWERS(store, "SELECT group_concat(truth, '; ') FROM robustness", "full; soft level 9");
}

Test(seeds, any_measure_is_shown)
{
    put_sweep(2);
    char *text = shown("pooled", "f1", IL_FORMAT_MD);
    SAYS(text, ": f1 (pooled) on the test split of d");
    SAYS(text, "f1, pooled: ");
    /* 2 IoU / (1 + IoU) of 0.745 and 0.755; 0.595 and 0.695 */
    SAYS(text, "| realfake | 0.003 | 2 | 0.857 \xc2\xb1 0.0046 |");
    SAYS(text, "| realfake | 0.0003 | 2 | 0.783 \xc2\xb1 0.052 |");
    free(text);
    text = shown(NULL, "recall", IL_FORMAT_CSV);
    SAYS(text, ",test,pooled,recall,0.745,");
    SAYS(text, "run,truth\r\n");
    free(text);
    il_measure m;
    GOOD(il_measure_find(&m, store, NULL, "auc", &e));
    cr_expect(strcmp(m.convention, "image mean") == 0 && !m.published);
    GOOD(il_measure_find(&m, store, "TruFor", NULL, &e));
    cr_expect_str_eq(m.metric, "f1");
    GOOD(il_measure_find(&m, store, "pooled", NULL, &e));
    cr_expect_str_eq(m.metric, "iou");
    GOOD(il_measure_find(&m, store, NULL, NULL, &e));
    cr_expect(m.published);
    BAD(il_measure_find(&m, store, NULL, "auk", &e), IL_EPARAM, "--metric 'auk': not measured; expected iou, f1,");
    BAD(il_measure_find(&m, store, "TruFor", "iou", &e), IL_EPARAM,
        "--metric 'iou': not measured by the convention TruFor; expected f1, best f1");
    BAD(il_measure_find(&m, store, "poled", NULL, &e), IL_EPARAM, "did you mean 'pooled'?");
}

/* The height of a value on the chart, 150 high from 12 on: IoU 0.395 and 0.595 of two seeds at quality 90, 0.195 and 0.295 at 70;
 * means 0.495 and 0.245. The other learning rate has one seed. */
Test(seeds, a_chart_has_one_line_for_all_seeds_and_their_spread)
{
    int64_t x = experiment(store, "sweep");
    for (int seed = 1; seed <= 2; seed++) {
        put_run(x, "0.003", seed, 60 + 10 * seed, "full");
        put_jpeg(x, "0.003", seed, 70, 10 + 10 * seed);
        put_jpeg(x, "0.003", seed, 90, 20 + 20 * seed);
    }
    put_run(x, "0.0003", 1, 50, "full");
    put_jpeg(x, "0.0003", 1, 70, 80);
    put_jpeg(x, "0.0003", 1, 90, 90);
    char *text = page();
    SAYS(text, "<path class=\"band a\" d=\"M34.0 117.8L354.0 72.8L354.0 102.8L34.0 132.8Z\"/>");
    SAYS(text, "<path class=\"line a p0\" d=\"M34.0 125.2L354.0 87.8\"/>");
    SAYS(text, "<path class=\"line ref a p0\" d=\"M34 50.2h320\"/>"); /* 0.745 */
    SAYS(text, "<path class=\"line b p1\" d=\"M34.0 42.8L354.0 27.8\"/>");
    SAYS(text, "train.lr 0.003 (2 seeds)</li>");
    SAYS(text, "seed 1, train.lr 0.0003</li>");
    SAYS(text, "A line is the mean over seeds");
    cr_expect_null(strstr(text, "class=\"band b"));
    free(text);
}

/* In a database of others. */
Test(seeds, a_degradation_without_a_level_is_drawn)
{
    int64_t x = experiment(store, "sweep");
    put_run(x, "0.003", 1, 60, "full");
    for (int i = 0; i < 3; i++)
        put_jpeg(x, "0.003", 1, 70 + i, 30 + i);
    GOOD(il_store_script(store,
                         "PRAGMA ignore_check_constraints = ON;"
                         "UPDATE experiment_cells SET level = NULL WHERE level = 71;"
                         "UPDATE tests SET level = NULL WHERE level = 71",
                         &e));
    ANSWERS(store, "SELECT COUNT(*) FROM robustness WHERE degradation IS NOT NULL AND level IS NULL", "1");
    char *text = page();
    SAYS(text, "text-anchor=\"middle\">-</text>");
    free(text);
}
