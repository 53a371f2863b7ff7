/* test_table.c - tables that are filled value by value, and what a page makes of them. */
#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include "report/format.h"
#include "support/page.h"

#define GOOD(call) cr_assert_eq(call, IL_OK, "%s", e.message)

static il_table t;
static il_err e;

static void set_up(void)
{
    t = (il_table){ 0 };
    e = (il_err){ 0 };
}

static void tear_down(void)
{
    il_table_free(&t);
}

TestSuite(table, .init = set_up, .fini = tear_down);

static void page_has(const char *wanted)
{
    il_text page = { 0 };
    GOOD(il_table_check(&t, &e));
    il_format_html(&page, &t);
    cr_assert(page.data && !page.failed);
    cr_assert(strstr(wanted, "data-name") ? strstr(page.data, wanted) : strstr(without_names(page.data), wanted),
              "%s lacks %s", page.data, wanted);
    il_text_free(&page);
}

static void text_is(il_format format, const char *wanted)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    GOOD(il_format_table(to, &t, format, &e));
    fclose(to);
    cr_assert_str_eq(text, wanted);
    free(text);
}

static void two_rows(void)
{
    il_text_add(&t.title, "a < b");
    il_text_add(&t.label, "some-table");
    il_table_add(&t, "run", (il_table_column){ .label = true });
    il_table_add(&t, "theirs", (il_table_column){ .numeric = true, .paper = true, .group = "IoU" });
    il_table_add(&t, "ours", (il_table_column){ .numeric = true, .main = true, .group = "IoU" });
    il_table_add(&t, "difference", (il_table_column){ .numeric = true, .sign = true });
    il_table_text(&t, "one & only");
    il_table_real(&t, 0.5);
    il_table_number(&t, 0.75)->best = true;
    il_table_real(&t, 0.25);
    il_table_text(&t, "two");
    il_table_real(&t, NAN);
    il_table_text(&t, "failed")->hole = true;
    il_table_real(&t, -1.5);
    il_footnotes_add(&t.notes, "A <note>.");
}

Test(table, every_format_writes_the_same_table)
{
    two_rows();
    text_is(IL_FORMAT_TEXT, "a < b\n"
                            "run         theirs    ours  difference\n"
                            "----------  ------  ------  ----------\n"
                            "one & only   0.500   0.750       0.250\n"
                            "two              -  failed      -1.500\n"
                            "A <note>.\n");
    text_is(IL_FORMAT_MD, "**a &lt; b**\n\n"
                          "| run | theirs | ours | difference |\n| --- | ---: | ---: | ---: |\n"
                          "| one & only | 0.500 | 0.750 | 0.250 |\n| two | - | failed | -1.500 |\n\nA &lt;note>.\n");
    text_is(IL_FORMAT_CSV, "run,theirs,ours,difference\r\none & only,0.5,0.750,0.25\r\ntwo,,failed,-1.5\r\n");
    page_has("<table id=\"some-table\">\n<caption><span>a &#60; b</span></caption>\n");
    page_has(
        "<thead><tr><th scope=\"col\" rowspan=\"2\" class=\"left\">run</th>"
        "<th scope=\"colgroup\" colspan=\"2\" class=\"group\">IoU</th><th scope=\"col\" rowspan=\"2\">difference</th></tr>\n"
        "<tr><th scope=\"col\" class=\"paper\">theirs</th><th scope=\"col\">ours</th></tr></thead>");
    page_has("<tr><th scope=\"row\">one &#38; only</th><td class=\"paper\">0.500</td>"
             "<td><span class=\"main best\">0.750</span><span class=\"tag\">best</span></td><td>+0.250</td></tr>\n");
    page_has("<tr><th scope=\"row\">two</th><td class=\"paper\">\xe2\x80\x93</td><td class=\"hole\">failed</td>"
             "<td>\xe2\x88\x92"
             "1.500</td></tr>\n");
    page_has("<p class=\"note\">A &#60;note&#62;.</p>\n");
    page_has(
        "<th scope=\"row\" data-name=\"run\">one &#38; only</th><td class=\"paper\" data-name=\"theirs\">0.500</td>");
}

Test(table, latex_marks_the_best)
{
    char *text = NULL;
    size_t size = 0;
    two_rows();
    FILE *to = open_memstream(&text, &size);
    GOOD(il_format_table(to, &t, IL_FORMAT_LATEX, &e));
    fclose(to);
    cr_assert(strstr(text, "\\label{tab:some-table}") && strstr(text, " & \\textbf{0.750} & 0.250 \\\\"), "%s", text);
    free(text);
}

Test(table, a_page_shows_what_stands_beside_a_value)
{
    t.anchors = "e1-cell-";
    il_table_add(&t, "name", (il_table_column){ .label = true, .wraps = true });
    il_table_add(&t, "digest", (il_table_column){ .code = true });
    il_table_add(&t, "loss", (il_table_column){ .numeric = true, .as_is = true });
    il_table_add(&t, "drawn", (il_table_column){ 0 });
    il_table_text(&t, "x")->warning = "collapsed";
    il_table_text(&t, "abc");
    il_table_cell *cell = il_table_text(&t, "0.25");
    cell->anchor = 7;
    il_text_add(&cell->under, "n = 3");
    il_text_add(&il_table_text(&t, NULL)->markup, "<svg></svg>");
    page_has(
        "<tr><th scope=\"row\" class=\"text\">x<span class=\"tag hole\">collapsed</span></th><td class=\"left\"><code>abc</code></td>"
        "<td id=\"e1-cell-7\">0.25<span class=\"sub\">n = 3</span></td><td class=\"left\"><svg></svg></td></tr>\n");
}

Test(table, values_are_kept_as_sqlite_writes_them)
{
    il_table_add(&t, "x", (il_table_column){ .numeric = true });
    il_table_real(&t, 3);
    il_table_real(&t, 0.1);
    il_table_int(&t, -5);
    il_table_number(&t, -0.0);
    il_table_number(&t, INFINITY);
    const double small[] = { 0.00031, -0.00031, 0.0025, 0.007, 0.0123, 3e-5, -1e-17 };
    for (size_t i = 0; i < 7; i++)
        il_table_number(&t, small[i]);
    const char *const wanted[] = { "3.0",      "0.1",    "-5",    "0.000", NULL,    "0.00031",
                                   "-0.00031", "0.0025", "0.007", "0.012", "3e-05", "0.000" };
    cr_assert_eq(t.rows.count, 12);
    for (size_t i = 0; i < 12; i++) {
        const char *got = il_rows_text(&t.rows, i, "x");
        cr_assert(got && wanted[i] ? strcmp(got, wanted[i]) == 0 : got == wanted[i], "%zu: %s", i, got);
    }
}

Test(table, small_numbers_keep_their_digits)
{
    const double x[] = { 0.0003, 0.0015, 0.00123456, 0.005, 0.25, 4.8e-9 };
    static const char *const wanted[] = { "0.0003", "0.0015", "0.00123", "0.005", "0.250", "4.8e-09" };
    il_table_add(&t, "lr", (il_table_column){ .numeric = true });
    for (size_t i = 0; i < 6; i++)
        il_table_real(&t, x[i]);
    text_is(IL_FORMAT_CSV, "lr\r\n0.0003\r\n0.0015\r\n0.00123456\r\n0.005\r\n0.25\r\n4.8e-09\r\n");
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    GOOD(il_format_table(to, &t, IL_FORMAT_MD, &e));
    fclose(to);
    for (size_t i = 0; i < 6; i++) {
        char row[40];
        snprintf(row, sizeof row, "| %s |\n", wanted[i]);
        cr_expect(strstr(text, row), "%s in %s", row, text);
    }
    free(text);
}

#ifdef NDEBUG
Test(table, a_name_that_no_column_has_has_no_value)
#else
Test(table, a_name_that_no_column_has_is_a_bug, .signal = SIGABRT)
#endif
{
    il_table_add(&t, "x", (il_table_column){ 0 });
    il_table_text(&t, "1");
    cr_assert_null(il_rows_text(&t.rows, 0, "y"));
}
