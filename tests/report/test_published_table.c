/* test_published_table.c - what tables say besides their numbers: deviations from the paper, weights, truths, false alarms, in
 * each form of the report. */
#include "report/report.h"
#include "support/filled.h"
#include "support/page.h"

TestSuite(published_table, .init = set_up, .fini = tear_down);

static char *in_form(const char *table, const char *form)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    static const char *const forms[] = { "text", "md", "csv", "latex", "json" }; /* by il_format */
    int format = 0;
    if (strcmp(form, "html") == 0) {
        GOOD(il_report_html(to, store, NULL, &e));
    } else {
        while (strcmp(forms[format], form) != 0)
            cr_assert_lt(++format, 5, "%s", form);
        GOOD(il_report_tables(to, store, table, NULL, (il_format)format, &e));
    }
    fclose(to);
    for (char *c = text; strcmp(form, "text") == 0 && (c = strstr(c, "\n  ")) != NULL;) /* lines that were broken */
        memmove(c, c + 2, strlen(c + 2) + 1);
    return without_names(text);
}

/* In this form of the report; every '~' stands for what comes between. */
static void says(const char *table, const char *form, const char *wanted)
{
    char *text = in_form(table, form), *rest = strdup(wanted), *next = rest;
    const char *at = text;
    while (at && next) {
        char *part = next;
        next = strchr(part, '~');
        if (next)
            *next++ = '\0';
        at = strstr(at, part);
    }
    cr_expect(at, "%s lacks '%s':\n%s", form, wanted, text);
    free(rest);
    free(text);
}

static void says_not(const char *table, const char *form, const char *unwanted)
{
    char *text = in_form(table, form);
    cr_expect_null(strstr(text, unwanted), "%s has '%s':\n%s", form, unwanted, text);
    free(text);
}

/* One run, tested on one kind of three pictures; IoU found / 100 where they are tampered. */
static void put_measured(int64_t x, il_run_record r, const char *last, const char *tested_on, int found,
                         const char *table)
{
    char configuration[200];
    int64_t run = 0, test = 0;
    snprintf(configuration, sizeof configuration,
             "{\"model\":{\"name\":\"%s\"},\"train\":{\"as_published\":%s,\"epochs\":%s}}",
             strcmp(r.name, "toy") == 0 ? "unet" : "fcn", last, strcmp(r.name, "toy") == 0 ? "1" : "100");
    r.config = configuration;
    r.hash = r.name;
    r.dataset = "dataset1";
    r.experiment = x;
    GOOD(il_store_begin_run(&run, store, &r, &e));
    GOOD(il_store_end_run(store, run, &(il_run_end){ .status = IL_RUN_DONE, .best_epoch = 3, .tested_epoch = 3 }, &e));
    bool authentic = strcmp(tested_on, "original") == 0;
    il_test_record t = { .fit = "native",
                         .padding = "none",
                         .dataset = "dataset1",
                         .images = tested_on,
                         .split = "test",
                         .digest = "d",
                         .batch = 8,
                         .status = IL_RUN_DONE };
    il_image_row rows[] = { { "a", 0, { found, 0, 100 - found, 0 } },
                            { "b", 0, { found, 0, 100 - found, 0 } },
                            { "c", 0, { found, 0, 100 - found, 0 } } };
    for (int i = 0; authentic && i < 3; i++)
        rows[i].counts = (il_counts){ 0, i == 0 ? found : 0, 0, i == 0 ? 100 - found : 100 };
    GOOD(il_store_test(&test, store, run, &t, rows, 3, &e));
    put_cell(store, x, run, test, &r, "dataset1", tested_on, table);
}

static il_run_record named(const char *name)
{
    return run_record(name, name, "fcn", "realfake");
}

static void put_table3(void)
{
    int64_t x = add_experiment("table3", "FCN on Dataset 1");
    put_measured(x, named("train.on=realfake"), "false", "realfake", 90, "3");
    put_measured(x, named("train.on=realfake,train.as_published=true"), "true", "realfake", 70, "3");
    put_measured(x, named("toy"), "false", "realfake", 6, "3");
}

Test(published_table, deviations_are_remarks_under_the_table)
{
    put_table3();
    const char *const sorted = "Remark 1, not as in the paper: model unet (paper: fcn), train.epochs 1 (paper: 100),~"
                               "Remark 2, not as in the paper: test pictures 3 (paper: 500).";
    says("3", "text", "trained on  tested on~measured  published  difference  weights  remark\n");
    says("3", "text",
         "realfake    realfake~0.060*      0.944      -0.884  best     1\n"
         "realfake    realfake~0.900*      0.944      -0.044  best     2\n"
         "realfake    realfake~0.700*      0.944      -0.244  last     2\n"
         "realfake    fakefake   not measured");
    const char *const forms[] = { "text", "md", "latex", "html" };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        says("3", forms[i], sorted);
        says("3", forms[i], "so no repetition of its value: measured on 3 pictures (paper: 500).");
        says("3", forms[i], "Weights tested: best, of the epoch with the lowest validation loss; last,");
    }
    says("3", "md", "| realfake | realfake | 0.060\\* | 0.944 | -0.884 | best | 1 |");
    says("3", "latex", "0.944 & 0.700* & -0.244 & 0.700 & 0.700 to 0.700 & last & 2 \\\\");
    says(
        NULL, "html",
        "<td class=\"paper\">0.944</td><td><span class=\"main\">0.060</span><span class=\"sub\">remark 1; few pictures</span></td>"
        "<td>\xe2\x88\x92"
        "0.884</td><td class=\"left\">best</td>");
    says(
        "3", "csv",
        "tested_weights,deviations\r\n~,best,\"model unet (paper: fcn), train.epochs 1 (paper: 100), test pictures 3 (paper: 500)\"\r\n");
    says("3", "json", "\"tested_weights\": \"last\",\n    \"deviations\": \"test pictures 3 (paper: 500)\"");
}

Test(published_table, without_deviations_there_are_no_remarks)
{
    il_run_record r = named("a");
    r.config = "{}";
    int64_t x = add_experiment("x", ""), run = add_run(&r, &(il_run_end){ .status = IL_RUN_DONE });
    put_cell(store, x, run, put_test(store, run, "sd21", "realfake", 50), &r, "sd21", "fakefake", "3");
    says("3", "text", "difference\n");
    says_not("3", "text", "emark");
    says_not("3", "latex", "emark");
    says_not(NULL, "html", "emark");
}

Test(published_table, an_experiment_says_which_weights_were_tested)
{
    put_table3();
    says(NULL, "text",
         "Weights tested: of the best epoch; of the last epoch in train.on=realfake,train.as_published=true\n");
    says(NULL, "html",
         "Weights tested: of the best epoch; of the last epoch in train.on=realfake,train.as_published=true</p>");
    put_measured(add_experiment("sound", ""), named("sound"), "false", "realfake", 50, NULL);
    says(NULL, "md", "Weights tested: of the best epoch.\n");
}

Test(published_table, authentic_pictures_have_alarms_in_place_of_iou)
{
    int64_t x = add_experiment("x", "");
    put_measured(x, named("a"), "false", "original", 60, NULL);
    const char *note =
        "Pictures with nothing to be found have no IoU: alarms is the share of them in which anything is marked,";
    says(NULL, "text",
         "trained on  original: alarms  original: marked\n~realfake               0.333             0.200\n");
    says(NULL, "md", "| realfake | 0.333 | 0.200 |");
    says(NULL, "latex", "realfake} & 0.333 & 0.200");
    says(NULL, "html", "<span class=\"main\">0.333</span></td><td><span class=\"main\">0.200</span></td>");
    const char *const forms[] = { "text", "md", "latex", "html" };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        says(NULL, forms[i], note);
}

Test(published_table, mask_policies_have_truths_of_their_own)
{
    int64_t x = add_experiment("x", "");
    il_run_record soft = named("mask_policy=soft"), full = named("mask_policy=full");
    soft.mask_policy = "soft";
    put_measured(x, full, "false", "realfake", 60, "text");
    says_not(NULL, "html", "Cells of different mask policies are measured against different truths.</p>\n<h3");
    put_measured(x, soft, "false", "realfake", 60, "text");
    const char *const forms[] = { "text", "md", "latex", "html" };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        says(NULL, forms[i], "Cells of different mask policies are measured against different truths.");
        says("text", forms[i], "Cells of different mask policies are measured against different truths.");
    }
}

Test(published_table, a_grid_whose_labels_match_no_published_cell_is_told)
{
    il_run_record r = named("a");
    r.model = "mymodel";
    put_measured(add_experiment("x", ""), r, "false", "realfake", 60, "3");
    says(NULL, "text", "The grid names the published table 3, but no cell has the labels of one of its cells.");
    says(NULL, "html", "The grid names the published table 3, but no cell has the labels of one of its cells.");
    put_measured(add_experiment("y", ""), named("b"), "false", "realfake", 60, "3");
    says_not("3", "text", "The grid names");
}
