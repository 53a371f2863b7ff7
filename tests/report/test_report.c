/* test_report.c - tables for people. Whole reports are compared with the files in tests/data/report; set
 * INPAINTLAB_UPDATE=1 to write these anew, and read what changed. */
#include <jansson.h>
#include "report/report.h"
#include "store/database.h"
#include "support/filled.h"

TestSuite(report, .init = set_up_filled, .fini = tear_down);
TestSuite(report_empty, .init = set_up, .fini = tear_down);

static char *printed(const char *table, const char *experiment, il_format format)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    GOOD(il_report_tables(to, store, table, experiment, format, &e));
    fclose(to);
    return text;
}

static char *read_file(const char *path)
{
    char *text = NULL;
    size_t size = 0;
    FILE *from = fopen(path, "rb"), *to = open_memstream(&text, &size);
    for (int c; from && (c = fgetc(from)) != EOF;)
        fputc(c, to);
    fclose(to);
    if (from)
        fclose(from);
    return text;
}

static void compare(const char *name, const char *got)
{
    char path[300];
    snprintf(path, sizeof path, TEST_DATA "/report/%s", name);
    if (getenv("INPAINTLAB_UPDATE")) {
        FILE *to = fopen(path, "wb");
        fputs(got, to);
        fclose(to);
    }
    char *wanted = read_file(path);
    cr_assert_str_eq(got, wanted, "%s differs; printed was:\n%s", name, got);
    free(wanted);
}

Test(report, both_collapses_are_told_apart)
{
    char *before = printed(NULL, "table4", IL_FORMAT_TEXT);
    cr_expect_not_null(strstr(before, "Collapsed (no pixel of the validation split is marked): train.on=inpainted"));
    GOOD(il_store_exec(NULL, store, "UPDATE runs SET collapse = 'everything' WHERE collapsed", NULL, &e));
    char *after = printed(NULL, "table4", IL_FORMAT_TEXT);
    cr_expect_not_null(strstr(after, "Collapsed (every pixel of the validation split is marked, so IoU is"));
    cr_expect_null(strstr(after, "no pixel of the validation split is marked)"));
    free(before);
    free(after);
}

/* Less than a hundredth is left unmarked. */
Test(report, nearly_everything_marked_is_told)
{
    static const char words[] = "Nearly everything is marked (99 % of all pixels or more)";
    char *before = printed(NULL, "table4", IL_FORMAT_TEXT);
    cr_expect_null(strstr(before, words));
    GOOD(il_store_exec(NULL, store, "UPDATE test_sums SET tn = (tp + fp) / 200, fn = 0, tp = tp + 1000", NULL, &e));
    char *after = printed(NULL, "table4", IL_FORMAT_TEXT);
    cr_expect_not_null(strstr(after, words), "%s", after);
    GOOD(il_store_exec(NULL, store, "UPDATE test_sums SET tn = (tp + fp) / 50", NULL, &e));
    char *less = printed(NULL, "table4", IL_FORMAT_TEXT);
    cr_expect_null(strstr(less, words), "%s", less);
    free(before);
    free(after);
    free(less);
}

Test(report, whole_reports)
{
    const struct {
        const char *file, *table, *experiment;
        il_format format;
    } cases[] = {
        { "all.txt", NULL, NULL, IL_FORMAT_TEXT },
        { "all.md", NULL, NULL, IL_FORMAT_MD },
        { "all.tex", NULL, NULL, IL_FORMAT_LATEX },
        { "all.csv", NULL, NULL, IL_FORMAT_CSV },
        { "policies.txt", NULL, "mask-policies", IL_FORMAT_TEXT },
        { "table1.txt", "1", NULL, IL_FORMAT_TEXT },
        { "table2.txt", "2", NULL, IL_FORMAT_TEXT },
        { "table4.md", "4", NULL, IL_FORMAT_MD },
        { "table4.csv", "4", "table4", IL_FORMAT_CSV },
        { "table4-of-policies.txt", "4", "mask-policies", IL_FORMAT_TEXT },
        { "table7.json", "7", NULL, IL_FORMAT_JSON },
        { "text.tex", "text", NULL, IL_FORMAT_LATEX },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *got = printed(cases[i].table, cases[i].experiment, cases[i].format);
        compare(cases[i].file, got);
        free(got);
    }
}

Test(report, text_fits_100_columns_and_holds_no_control_characters)
{
    char *got = printed(NULL, NULL, IL_FORMAT_TEXT);
    size_t width = 0, lines = 0;
    for (const char *c = got; *c; c++) {
        if (*c == '\n') {
            width = 0;
            lines++;
            continue;
        }
        cr_assert((unsigned char)*c >= 0x20, "line %zu", lines + 1);
        width += ((unsigned char)*c & 0xc0) != 0x80;
        cr_assert_leq(width, 100, "line %zu", lines + 1);
    }
    cr_assert_gt(lines, 40);
    free(got);
}

Test(report, json_holds_every_cell_and_every_touched_table)
{
    char *got = printed(NULL, NULL, IL_FORMAT_JSON);
    json_t *all = json_loads(got, 0, NULL), *cells = json_object_get(all, "cells");
    json_t *published = json_object_get(all, "published"), *first = json_array_get(cells, 0);
    cr_assert_eq(json_array_size(cells), 18);
    cr_assert_eq(json_object_size(published), 4);
    cr_assert_eq(json_array_size(json_object_get(published, "4")), 9);
    cr_assert_eq(json_array_size(json_object_get(published, "text")), 3);
    cr_assert_eq(json_array_size(json_object_get(published, "1")), 3);
    cr_assert_str_eq(json_string_value(json_object_get(first, "trained_on")), "realfake");
    cr_assert_float_eq(json_real_value(json_object_get(first, "iou")), 0.5, 1e-15);
    cr_assert(json_is_integer(json_object_get(first, "images")));
    cr_assert(json_is_null(json_object_get(first, "message")));
    json_decref(all);
    free(got);
}

Test(report, measured_and_published_keep_apart)
{
    char *got = printed("4", NULL, IL_FORMAT_JSON);
    json_t *rows = json_loads(got, 0, NULL), *row;
    size_t i, measured = 0;
    json_array_foreach(rows, i, row)
    {
        json_t *ours = json_object_get(row, "measured"), *theirs = json_object_get(row, "published");
        cr_assert(json_is_real(theirs));
        cr_assert_eq(json_is_null(ours), json_is_null(json_object_get(row, "difference")));
        if (json_is_null(ours))
            continue;
        measured++;
        cr_assert_float_eq(json_number_value(json_object_get(row, "difference")),
                           json_number_value(ours) - json_number_value(theirs), 1e-12);
    }
    cr_assert_eq(i, 9);
    cr_assert_eq(measured, 6);
    json_decref(rows);
    free(got);
}

Test(report, unknown_names_are_refused_with_the_known_ones)
{
    FILE *to = fopen("/dev/null", "w");
    BAD(il_report_tables(to, store, "9", NULL, IL_FORMAT_TEXT, &e), IL_EUSAGE,
        "table 9 does not exist; expected 1 to 7 or text");
    BAD(il_report_tables(to, store, NULL, "nix", IL_FORMAT_TEXT, &e), IL_EPARAM,
        "experiment nix: not in the database; there are table4, mask-policies, awkward");
    fclose(to);
}

Test(report, a_full_disk_is_told)
{
    FILE *to = fopen("/dev/full", "w");
    if (!to)
        cr_skip_test("/dev/full is absent");
    setvbuf(to, NULL, _IONBF, 0);
    for (int format = IL_FORMAT_TEXT; format <= IL_FORMAT_JSON; format++)
        BAD(il_report_tables(to, store, NULL, NULL, (il_format)format, &e), IL_EIO, "cannot write the output");
    fclose(to);
}

Test(report_empty, nothing_measured)
{
    const char *const wanted[] = { "nothing measured yet\n", "nothing measured yet\n", NULL,
                                   "% nothing measured yet\n" };
    for (int format = IL_FORMAT_TEXT; format <= IL_FORMAT_LATEX; format++) {
        char *got = printed(NULL, NULL, (il_format)format);
        if (wanted[format])
            cr_assert_str_eq(got, wanted[format]);
        else
            cr_assert_str_eq(strchr(got, '\r'), "\r\n", "%s", got); /* the header alone */
        free(got);
    }
    char *got = printed(NULL, NULL, IL_FORMAT_JSON);
    cr_assert_str_eq(got, "{\n  \"cells\": [],\n  \"published\": {}\n}\n");
    free(got);
    BAD(il_report_tables(stdout, store, NULL, "x", IL_FORMAT_TEXT, &e), IL_EPARAM,
        "experiment x: not in the database; there are none");
}

Test(report_empty, every_published_table_can_be_shown)
{
    const char *const names[] = { "1", "2", "3", "4", "5", "6", "7", "text" };
    for (size_t i = 0; i < 8; i++) {
        char *got = printed(names[i], NULL, IL_FORMAT_TEXT);
        cr_assert(strstr(got, "not measured"), "%s", got);
        free(got);
    }
}

/* ---- single rows ---- */

static void rows_print(const char *sql, il_format format, const char *wanted)
{
    il_rows rows = { 0 };
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    GOOD(il_store_query(&rows, store, sql, NULL, &e));
    GOOD(il_format_rows(to, &rows, format, &e));
    fclose(to);
    cr_assert_str_eq(text, wanted, "%s\n%s", sql, text);
    free(text);
    il_store_rows_free(&rows);
}

Test(report_empty, rows_as_text)
{
    rows_print("SELECT 1 AS n, 0.12345 AS x, 'a' AS t UNION ALL SELECT 20, -3.0, NULL", IL_FORMAT_TEXT,
               " n       x  t\n--  ------  -\n 1   0.123  a\n20  -3.000  -\n");
    rows_print("SELECT 0.0001 AS a, 2e12 AS b, -0.0 AS c, '1.23456' AS d", IL_FORMAT_TEXT,
               "     a      b      c  d\n------  -----  -----  -------\n0.0001  2e+12  0.000  1.23456\n");
    rows_print("SELECT 'a' AS x WHERE 0", IL_FORMAT_TEXT, "x\n-\n(no rows)\n");
    rows_print("SELECT 'two' || char(10) || 'lines' || char(9, 27) AS x", IL_FORMAT_TEXT,
               "x\n----------------\ntwo\\nlines\\t\\x1b\n");
    rows_print("SELECT '\xc3\xa4\xe2\x82\xac' AS x, 'b' AS y UNION ALL SELECT 'abc', 'd'", IL_FORMAT_TEXT,
               "x    y\n---  -\n\xc3\xa4\xe2\x82\xac   b\nabc  d\n");
}

Test(report_empty, wide_rows_become_records)
{
    rows_print("SELECT printf('%060d', 1) AS first, printf('%060d', 2) AS b UNION ALL SELECT 'x', NULL", IL_FORMAT_TEXT,
               "row 1\n"
               "  first  000000000000000000000000000000000000000000000000000000000001\n"
               "  b      000000000000000000000000000000000000000000000000000000000002\n"
               "\n"
               "row 2\n"
               "  first  x\n"
               "  b      -\n");
}

Test(report_empty, rows_as_csv)
{
    rows_print("SELECT 1 AS \"a,b\", 'x\"y' AS c, NULL AS d, '' AS e, 'l' || char(10) || 'm' AS f, 0.123456789012 AS g",
               IL_FORMAT_CSV, "\"a,b\",c,d,e,f,g\r\n1,\"x\"\"y\",,\"\",\"l\nm\",0.123456789012\r\n");
}

Test(report_empty, rows_as_markdown)
{
    rows_print("SELECT 'a|b' AS \"x|y\", 1.5 AS n, '<b>' || char(10) || '`c` *d* [e] \\' AS z", IL_FORMAT_MD,
               "| x\\|y | n | z |\n| --- | ---: | --- |\n| a\\|b | 1.500 | &lt;b> \\`c\\` \\*d\\* \\[e\\] \\\\ |\n");
}

Test(report_empty, rows_as_latex)
{
    rows_print(
        "SELECT 'a_b & 5% $x #1 {y} ~ ^ \\ < > |' AS t, 2 AS n", IL_FORMAT_LATEX,
        "\\begin{tabular}{lr}\n\\toprule\n{t} & n \\\\\n\\midrule\n"
        "{a\\_b \\& 5\\% \\$x \\#1 \\{y\\} \\textasciitilde{} \\textasciicircum{} \\textbackslash{} \\textless{} "
        "\\textgreater{} \\textbar{}} & 2 \\\\\n\\bottomrule\n\\end{tabular}\n");
}

Test(report_empty, rows_as_json)
{
    rows_print("SELECT 1 AS a, 0.1 AS b, 'x\"' AS c, NULL AS d, 9e999 AS e, 2 AS a, 3 AS a", IL_FORMAT_JSON,
               "[\n  {\n    \"a\": 1,\n    \"b\": 0.1,\n    \"c\": \"x\\\"\",\n    \"d\": null,\n    \"e\": null,\n"
               "    \"a_2\": 2,\n    \"a_3\": 3\n  }\n]\n");
    rows_print("SELECT 1 AS a WHERE 0", IL_FORMAT_JSON, "[]\n");

    il_rows rows = { 0 };
    FILE *to = fopen("/dev/null", "w");
    GOOD(il_store_query(&rows, store, "SELECT CAST(x'ff' AS TEXT) AS name", NULL, &e));
    BAD(il_format_rows(to, &rows, IL_FORMAT_JSON, &e), IL_EFORMAT, "row 1, name: must be valid UTF-8");
    il_store_rows_free(&rows);
    fclose(to);
}

/* ---- degraded pictures ---- */

/* jpeg 90 and 50, and noise 2.5, which failed, of the second experiment's first run. */
static void add_degraded(void)
{
    static const struct {
        const char *kind;
        double level;
        int found;
    } tests[] = { { NULL, 0, 150 }, { "jpeg", 90, 100 }, { "jpeg", 50, 0 }, { "noise", 2.5, -1 } };
    int64_t x = add_experiment("degraded", "What is left?");
    il_run_record r = run_record("d", "degraded", "fcn", "realfake");
    int64_t run = add_run(&r, &(il_run_end){ .status = IL_RUN_DONE });
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        il_test_record t = { .fit = "native",
                             .padding = "none",
                             .dataset = "dataset2",
                             .images = "realfake",
                             .split = "test",
                             .digest = "d",
                             .batch = 1,
                             .status = tests[i].found < 0 ? IL_RUN_FAILED : IL_RUN_DONE,
                             .message = tests[i].found < 0 ? "too noisy" : NULL,
                             .degradation = tests[i].kind,
                             .level = tests[i].level };
        il_image_row row = { "a", 0, { tests[i].found, 0, 200 - tests[i].found, 0 } };
        int64_t test = 0;
        GOOD(il_store_test(&test, store, run, &t, &row, tests[i].found < 0 ? 0 : 1, &e));
        il_cell_record c = { .experiment = x,
                             .run = run,
                             .test = test,
                             .run_name = r.name,
                             .model = r.model,
                             .dataset = r.dataset,
                             .mask_policy = r.mask_policy,
                             .loss = r.loss,
                             .trained_on = r.trained_on,
                             .tested_dataset = "dataset2",
                             .tested_on = "realfake",
                             .split = "test",
                             .degradation = tests[i].kind,
                             .level = tests[i].level };
        GOOD(il_store_cell(store, &c, &e));
    }
}

static char *printed_robustness(const char *experiment, il_format format)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    GOOD(il_report_robustness(to, store, experiment, format, &e));
    fclose(to);
    return text;
}

Test(report, levels_are_columns_and_other_tables_know_nothing_of_them)
{
    char *before = printed("4", NULL, IL_FORMAT_TEXT);
    add_degraded();
    char *after = printed("4", NULL, IL_FORMAT_TEXT), *cells = printed(NULL, "degraded", IL_FORMAT_CSV);
    char *text = printed_robustness(NULL, IL_FORMAT_TEXT), *csv = printed_robustness("degraded", IL_FORMAT_CSV);
    cr_expect_str_eq(before, after);
    cr_expect_null(strstr(cells, "jpeg"));
    compare("robustness.txt", text);
    compare("robustness.csv", csv);
    free(before);
    free(after);
    free(cells);
    free(text);
    free(csv);
}

Test(report, without_degraded_cells_there_is_no_table_of_them)
{
    char *text = printed_robustness(NULL, IL_FORMAT_TEXT), *latex = printed_robustness("table4", IL_FORMAT_LATEX);
    cr_expect_str_eq(text, "nothing tested on degraded pictures yet\n");
    cr_expect_str_eq(latex, "% nothing tested on degraded pictures yet\n");
    BAD(il_report_robustness(stdout, store, "none", IL_FORMAT_TEXT, &e), IL_EPARAM,
        "experiment none: not in the database");
    free(text);
    free(latex);
}
