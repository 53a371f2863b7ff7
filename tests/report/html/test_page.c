/* test_page.c - the report as a page: it is well-formed and loads nothing, escapes every text, has each section or says
 * why not, and its numbers are those of queries. */
#include <ctype.h>
#include <math.h>
#include "base/html.h"
#include "image/codec.h"
#include "report/report.h"
#include "store/database.h"
#include "support/filled.h"
#include "support/page.h"

TestSuite(report_html, .init = set_up_filled, .fini = tear_down);
TestSuite(report_html_empty, .init = set_up, .fini = tear_down);

static char *page_of(const char *experiment)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    GOOD(il_report_html(to, store, experiment, &e));
    fclose(to);
    cr_assert_eq(strlen(text), size);
    return without_names(text);
}

static size_t times(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        n++;
    return n;
}

static void has(const char *page, const char *what)
{
    cr_assert(strstr(page, what), "the page lacks: %s", what);
}

/* ---- structure ---- */

struct tag {
    char name[24];
    const char *end; /* after '>' */
    bool closing, empty;
};

/* The tag that begins at '<'; every attribute must be quoted. */
static struct tag read_tag(const char *at)
{
    struct tag t = { .closing = at[1] == '/' };
    size_t n = 0;
    const char *c = at + 1 + t.closing;
    while (isalnum((unsigned char)*c) && n + 1 < sizeof t.name)
        t.name[n++] = *c++;
    cr_assert_gt(n, 0, "a bare '<': %.60s", at);
    while (*c && *c != '>') {
        if (*c == '=') {
            cr_assert_eq(c[1], '"', "an unquoted value: %.80s", at);
            c = strchr(c + 2, '"');
            cr_assert_not_null(c, "an open value: %.80s", at);
        }
        cr_assert_neq(*c, '<', "a tag in a tag: %.80s", at);
        t.empty = *c == '/';
        c++;
    }
    static const char *const voids[] = { "meta", "img" };
    for (size_t i = 0; i < 2; i++)
        t.empty = t.empty || strcmp(t.name, voids[i]) == 0;
    t.end = c + 1;
    return t;
}

static void well_formed(const char *page)
{
    char stack[40][24];
    size_t depth = 0, headings = 0;
    int level = 0;
    cr_assert_eq(strncmp(page, "<!DOCTYPE html>\n", 16), 0);
    for (const char *at = strchr(page + 1, '<'); at; at = strchr(at, '<')) {
        struct tag t = read_tag(at);
        if (t.closing) {
            cr_assert_gt(depth, 0, "%s closes nothing", t.name);
            cr_assert_str_eq(stack[--depth], t.name, "near %.80s", at);
        } else if (!t.empty) {
            cr_assert_lt(depth, 40);
            memcpy(stack[depth++], t.name, sizeof t.name);
        }
        if (!t.closing && t.name[0] == 'h' && isdigit((unsigned char)t.name[1])) {
            cr_assert_leq(t.name[1] - '0', level + 1, "a heading is left out before %.80s", at);
            level = t.name[1] - '0';
            headings += level == 1;
        }
        at = t.end;
    }
    cr_assert_eq(depth, 0, "%s stays open", depth ? stack[depth - 1] : "");
    cr_assert_eq(headings, 1);
    cr_assert_str_eq(page + strlen(page) - 8, "</html>\n");
}

/* Every id once; every link leads to one. */
static void links_lead_somewhere(const char *page)
{
    for (const char *at = page; (at = strstr(at, "id=\"")); at++) {
        char whole[80];
        snprintf(whole, sizeof whole, "%s%.*s\"", at[-1] == ' ' ? " " : "", (int)strcspn(at + 4, "\"") + 4, at);
        if (at[-1] == ' ')
            cr_assert_eq(times(page, whole), 1, "%s", whole);
    }
    size_t links = 0;
    for (const char *at = page; (at = strstr(at, "href=\"")); at += 6, links++) {
        char wanted[80];
        cr_assert_eq(at[6], '#', "a link leads outside: %.60s", at);
        snprintf(wanted, sizeof wanted, " id=\"%.*s\"", (int)strcspn(at + 7, "\""), at + 7);
        cr_assert(strstr(page, wanted), "%s is nowhere", wanted);
    }
    cr_assert_gt(links, 3);
}

static void loads_nothing(const char *page)
{
    static const char *const never[] = { "http:",    "https:",   "<script", "<link",       "<iframe",
                                         "<object",  "@import",  "url(",    "javascript:", " onload",
                                         " onclick", " onerror", "src=\"/" };
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        cr_assert_null(strstr(page, never[i]), "%s", never[i]);
    cr_assert_eq(times(page, "src=\""), times(page, "src=\"data:image/"));
    has(page, "default-src 'none'; img-src data:");
}

Test(report_html, well_formed_self_contained_and_the_same_each_time)
{
    char *page = page_of(NULL), *again = page_of(NULL);
    well_formed(page);
    links_lead_somewhere(page);
    loads_nothing(page);
    cr_assert_str_eq(page, again);
    has(page, "<html lang=\"en\">");
    has(page, "name=\"viewport\"");
    cr_assert_eq(times(page, "<table"), times(page, "</table>"));
    cr_assert_eq(times(page, "<svg viewBox"), times(page, "role=\"img\"><title>"), "a chart without a title");
    cr_assert_eq(times(page, "<th"), times(page, "<th scope=") + times(page, "<thead"), "a header cell without scope");
    free(page);
    free(again);
}

Test(report_html, every_section_is_there_or_says_why_not)
{
    static const char *const parts[] = { "cells", "compare", "pictures", "spread", "sizes", "robustness", "training" };
    char *page = page_of(NULL);
    for (int x = 1; x <= 3; x++)
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
            char id[40];
            snprintf(id, sizeof id, "<h3 id=\"e%d-%s\">", x, parts[i]);
            has(page, id);
        }
    has(page, "<h2 id=\"published\">");
    has(page, "<h2 id=\"holes\">");
    has(page, "<h2 id=\"runs\">");
    has(page, "<h2 id=\"reading\">");
    cr_assert_eq(times(page, "Not measured: nothing was tested on degraded pictures."), 3);
    cr_assert_eq(times(page, "No pictures kept: these tests were made before pictures were."), 3);
    cr_assert_gt(times(page, "no epoch was finished"), 3);
    free(page);

    page = page_of("mask-policies");
    well_formed(page);
    cr_assert_null(strstr(page, "FCN on data set 2"));
    cr_assert_eq(times(page, "<h3 id=\"e1-cells\">"), 1);
    cr_assert_eq(times(page, "<h3 id=\"e2-cells\">"), 0);
    free(page);
}

Test(report_html, holes_are_named)
{
    char *page = page_of(NULL);
    has(page,
        "failed</strong>: <code>train.on=fakefake</code> of table4 on dataset2 realfake, dataset2 fakefake, dataset2 inpainted:"
        " the loss is no finite number in epoch 3");
    has(page, "collapsed</strong>: <code>train.on=inpainted</code> of table4 marks no pixel");
    cr_assert_eq(times(page, "<td class=\"hole\">failed</td>"), 3 + 3 + 1, "cells, table 4, awkward");
    cr_assert_eq(times(page, "<td class=\"hole\">undefined</td>"), 1);
    has(page, "<th scope=\"row\">inpainted<span class=\"tag hole\">collapsed</span></th>");
    free(page);
    GOOD(il_store_exec(NULL, store, "UPDATE runs SET collapse = 'everything' WHERE collapsed", NULL, &e));
    page = page_of(NULL);
    has(page,
        "collapsed</strong>: <code>train.on=inpainted</code> of table4 marks every pixel of its validation split");
    cr_assert_null(strstr(page, "marks no pixel of its validation split"));
    free(page);
}

/* ---- escaping ---- */

Test(report_html, texts_from_the_database_are_escaped)
{
    const char *evil = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>&amp;\xff";
    int64_t x = 0, run = 0, test = 0;
    il_run_record r = run_record(evil, evil, evil, evil);
    il_run_end end = { .status = IL_RUN_DONE, .message = evil };
    il_test_record t = { .fit = "native",
                         .padding = "none",
                         .dataset = evil,
                         .images = evil,
                         .split = evil,
                         .digest = evil,
                         .batch = 1,
                         .status = IL_RUN_DONE,
                         .message = evil };
    il_image_row rows[] = { { evil, 0, { 5, 5, 5, 5 } } };
    il_epoch_row epoch = { .epoch = 1, .train_loss = 1, .validation_loss = NAN };
    r.dataset = r.mask_policy = r.loss = r.host = r.device = r.git_revision = evil;
    r.versions = "{\"<script>\": \"<script>\"}";
    r.config = "{\"<script>\": [\"</pre><script>\"]}";
    r.manifest = "{\"train\": {\"digest\": \"<script>\", \"images\": 1, \"left_out\": 0}}";
    GOOD(il_store_experiment(&x, store, evil, evil, evil, evil, &e));
    r.experiment = x;
    GOOD(il_store_begin_run(&run, store, &r, &e));
    GOOD(il_store_epochs(store, run, &epoch, 1, &e));
    GOOD(il_store_end_run(store, run, &end, &e));
    GOOD(il_store_test(&test, store, run, &t, rows, 1, &e));
    put_cell(store, x, run, test, &r, evil, evil, NULL);
    put_cell(store, x, run, 0, &r, "<script>", "never", NULL);
    il_example kept = { .id = (char *)evil,
                        .iou = 0.3,
                        .photo = { (uint8_t *)"<script>", 8 },
                        .truth = { (uint8_t *)"x", 1 },
                        .score = { (uint8_t *)"y", 1 } };
    GOOD(il_store_put_examples(store, test, &kept, 1, &e));

    char *page = page_of(NULL);
    cr_assert_null(strstr(page, "<script"));
    cr_assert_null(strstr(page, "<img src=x"));
    cr_assert_gt(times(page, "&#60;script&#62;alert(&#39;x&#39;)&#60;/script&#62;&#34;&#62;&#60;img src=x onerror"),
                 10);
    has(page, "cannot be shown: ");
    cr_assert_null(strchr(page, '\xff'));
    for (const char *c = page; *c; c++)
        cr_assert((unsigned char)*c >= 0x20 || *c == '\n', "a control character");
    char *rest = strdup(page); /* what was made harmless must not confuse the checks */
    for (char *at = rest; (at = strstr(at, " onerror"));)
        memset(at, '-', 8);
    well_formed(rest);
    links_lead_somewhere(rest);
    loads_nothing(rest);
    free(rest);
    free(page);
}

/* ---- numbers ---- */

static const char *number(double value)
{
    static char texts[8][32];
    static int next;
    char *text = texts[next++ % 8];
    snprintf(text, sizeof texts[0], "%s%.3f", value < -0.0005 ? "\xe2\x88\x92" : "", fabs(value));
    return text;
}

Test(report_html, cells_and_intervals_are_those_of_queries)
{
    /* five pictures more of two photos, so that there are photos enough for an interval */
    GOOD(il_store_script(
        store,
        "INSERT INTO images (test, id, batch, tp, fp, fn, tn, photo) SELECT t.id, k.value, 2, 9 * k.value, 10 + t.id,"
        " 20, 0, 'p' || (k.value > 2) FROM tests t JOIN json_each('[1,2,3,4,5]') k"
        " WHERE t.id IN (SELECT test FROM images)",
        &e));
    GOOD(il_store_rebuild_metrics(store, 0, &e));
    char *page = page_of(NULL);
    il_rows rows = { 0 };
    GOOD(il_store_query(
        &rows, store,
        "SELECT x.id, c.cell, c.iou, AVG(il_iou(tp, fp, fn)), il_boot_photo_low(il_iou(tp, fp, fn), COALESCE(photo, i.id)),"
        " il_boot_photo_high(il_iou(tp, fp, fn), COALESCE(photo, i.id))"
        " FROM cells c JOIN experiments x ON x.name = c.experiment JOIN images i ON i.test = c.test WHERE c.experiment <> 'mask-policies'"
        " GROUP BY c.cell",
        NULL, &e));
    cr_assert_eq(rows.count, 8);
    for (size_t i = 0; i < rows.count; i++) {
        char **v = rows.values + 6 * i, wanted[400];
        snprintf(wanted, sizeof wanted,
                 "<td id=\"e%s-cell-%s\"><span class=\"main\">%s</span><span class=\"sub\">%s (%s to %s)</span>"
                 "</td>",
                 v[0], v[1], number(strtod(v[2], NULL)), number(strtod(v[3], NULL)), number(strtod(v[4], NULL)),
                 number(strtod(v[5], NULL)));
        has(page, wanted);
    }
    il_store_rows_free(&rows);
    free(page);
}

/* Student's interval of 0.25, 0.393, 0.472: SciPy's t.interval(0.95, 2, mean, sem). */
Test(report_html, runs_of_several_seeds_are_one_row)
{
    char *page = page_of("mask-policies");
    has(page, "<th scope=\"row\">soft</th><th scope=\"row\">realfake</th><th scope=\"row\">3</th>"
              "<td id=\"e1-cell-11\"><span class=\"main\">0.372 \xc2\xb1 0.113</span>"
              "<span class=\"sub\">0.092 to 0.651 (t, 3 seeds)</span></td>");
    has(page, "A row is the mean \xc2\xb1 standard deviation over its seeds");
    cr_expect_eq(times(page, "<span class=\"tag\">best</span>"), 0);
    free(page);
}

Test(report_html, published_and_measured_stand_in_columns_of_their_own)
{
    char *page = page_of(NULL);
    il_rows rows = { 0 };
    GOOD(il_store_query(
        &rows, store,
        "SELECT p.trained_on, p.tested_on, p.published, p.measured, p.difference, p.state,"
        " (SELECT AVG(il_iou(tp, fp, fn)) FROM images i JOIN cells c ON c.test = i.test WHERE c.trained_on = p.trained_on"
        "  AND c.tested_on = p.tested_on AND c.experiment = 'table4' AND c.tested_dataset = 'dataset2')"
        " FROM published_cells p WHERE p.published_table = '4' AND p.experiment IS NULL",
        NULL, &e));
    cr_assert_eq(rows.count, 9);
    const char *table = strstr(page, "<table id=\"published-4\">");
    cr_assert_not_null(table);
    for (size_t i = 0; i < rows.count; i++) {
        char **v = rows.values + 7 * i, wanted[300], *end = NULL;
        double difference = v[4] ? strtod(v[4], NULL) : 0;
        snprintf(wanted, sizeof wanted,
                 "<tr><th scope=\"row\">%s</th><th scope=\"row\">%s</th><td class=\"paper\">%s</td>", v[0], v[1],
                 number(strtod(v[2], NULL)));
        const char *row = strstr(table, wanted);
        cr_assert_not_null(row, "%s", wanted);
        if (v[3])
            snprintf(wanted, sizeof wanted, "<td><span class=\"main\">%s</span>", number(strtod(v[3], NULL)));
        else
            snprintf(wanted, sizeof wanted, "<td class=\"hole\">%s</td><td>\xe2\x80\x93</td>", v[5]);
        char *cells = strndup(row, strcspn(row, "\n"));
        char *whole = strndup(row, (size_t)(strstr(row, "</tr>") - row));
        end = whole;
        cr_assert(strstr(cells, wanted) || strstr(whole, wanted), "%s in %s", wanted, whole);
        if (v[3]) {
            snprintf(wanted, sizeof wanted, "<td>%s%s</td>", difference > 0 ? "+" : "", number(difference));
            cr_assert(strstr(whole, wanted), "%s in %s", wanted, whole);
            snprintf(wanted, sizeof wanted, "<td>%s</td>", number(strtod(v[6], NULL)));
            cr_assert(strstr(whole, wanted), "%s in %s", wanted, whole);
        }
        free(end);
        free(cells);
    }
    il_store_rows_free(&rows);
    free(page);
}

/* Three seeds of one policy: the mean over runs with its extremes, and the interval of the pictures' means over runs. */
Test(report_html, several_runs_are_averaged_picture_by_picture)
{
    GOOD(il_store_script(
        store,
        "INSERT INTO images (test, id, batch, tp, fp, fn, tn) SELECT test, 'c', 0, tp + 9, fp, fn, tn FROM images"
        " WHERE id = 'b'",
        &e));
    GOOD(il_store_rebuild_metrics(store, 0, &e));
    char *page = page_of(NULL);
    struct answer a = ask(
        store,
        "SELECT printf('%.3f', AVG(v)), printf('%.3f', il_boot_low(v)), printf('%.3f', il_boot_high(v)) FROM (SELECT AVG(il_iou(tp, fp,"
        " fn)) AS v FROM images i JOIN cells c USING (test) WHERE c.experiment = 'mask-policies' AND c.mask_policy = 'soft' GROUP BY i.id)");
    char wanted[200], mean[16], low[16], high[16];
    cr_assert_eq(sscanf(a.text, "%15[^|]|%15[^|]|%15s", mean, low, high), 3);
    snprintf(wanted, sizeof wanted, "<td>%s</td><td>%s to %s</td><td>3</td></tr>", mean, low, high);
    has(page, wanted);
    has(page, "<span class=\"sub\">3 runs, ");
    free(page);
}

/* ---- what stands out ---- */

/* 12 pictures; the first run is better on each of them when `better`. */
static void add_rivals(const char *name, bool better)
{
    int64_t x = add_experiment(name, "");
    for (int k = 0; k < 2; k++) {
        char hash[40], ids[12][8];
        il_image_row rows[12];
        int64_t test = 0;
        snprintf(hash, sizeof hash, "%s%d", name, k);
        il_run_record r = run_record(hash, k ? "second" : "first", k ? "nix" : "fcn", "realfake");
        il_test_record t = { .fit = "native",
                             .padding = "none",
                             .dataset = "d",
                             .images = "realfake",
                             .split = "test",
                             .digest = hash,
                             .batch = 1,
                             .status = IL_RUN_DONE };
        int64_t run = add_run(&r, &(il_run_end){ .status = IL_RUN_DONE });
        for (int i = 0; i < 12; i++) {
            snprintf(ids[i], sizeof ids[i], "%02d", i);
            int tp = 40 + i * (better || i % 2 ? 1 : -1) * (k ? 1 : 2) + (better && !k ? 5 : 0);
            rows[i] = (il_image_row){ ids[i], i, { tp, 5, 100 - tp, 50 } };
        }
        GOOD(il_store_test(&test, store, run, &t, rows, 12, &e));
        put_cell(store, x, run, test, &r, "d", "realfake", NULL);
    }
}

Test(report_html_empty, only_what_the_tests_bear_out_is_best)
{
    add_rivals("clear", true);
    char *page = page_of("clear");
    cr_assert_eq(times(page, "<span class=\"main best\">"), 1);
    has(page, "1 of 1 pairs of trainings differ");
    free(page);
    add_rivals("close", false);
    page = page_of("close");
    cr_assert_eq(times(page, "<span class=\"main best\">"), 0);
    has(page, "0 of 1 pairs of trainings differ");
    free(page);
}

/* ---- pictures and curves ---- */

static il_blob encoded(int channels)
{
    il_image image = { 0 };
    il_blob b = { 0 };
    GOOD(il_image_new(&image, 20, 10, channels, &e));
    for (int i = 0; i < 200 * channels; i++)
        image.pixels[i] = (uint8_t)(i * 7);
    if (channels == 3)
        GOOD(il_image_webp_encode_lossy(&b.data, &b.size, &image, 85, "x", &e));
    else
        GOOD(il_image_png_encode(&b.data, &b.size, &image, "x", &e));
    il_image_free(&image);
    return b;
}

Test(report_html, pictures_are_in_the_page)
{
    il_example x = {
        .id = (char *)"a", .rank = IL_BEST, .iou = 0.5, .photo = encoded(3), .truth = encoded(1), .score = encoded(1)
    };
    GOOD(il_store_put_examples(store, 1, &x, 1, &e));
    char *page = page_of("table4");
    il_text uri = { 0 };
    il_html_data(&uri, "image/webp", x.photo.data, x.photo.size);
    has(page, uri.data);
    has(page, "<strong>Best</strong> a, IoU 0.500");
    cr_assert_eq(times(page, "<img "), 4);
    cr_assert_eq(times(page, "width=\"20\" height=\"10\" alt=\"a, "), 4);
    has(page, "No pictures kept of 6 more cells");
    well_formed(page);
    loads_nothing(page);
    il_text_free(&uri);
    free(x.photo.data);
    free(x.truth.data);
    free(x.score.data);
    free(page);
}

Test(report_html, epochs_become_curves_with_their_numbers)
{
    il_epoch_row epochs[] = { { 1, 0.5, 0.4, 0.6, 0.3, 1, 1, 0 }, { 2, 0.25, 0.8, NAN, 0.7, 1, 1, 0.5 } };
    GOOD(il_store_epochs(store, 1, epochs, 2, &e));
    char *page = page_of("table4");
    has(page, "loss per epoch, 2 epochs; at the end train 0.250, validation \xe2\x80\x93");
    has(page, "<th scope=\"row\">2</th><td>0.25</td><td>\xe2\x80\x93</td><td>0.800</td><td>0.700</td>");
    /* the scale of 0 to 1 puts 0.4 of epoch 1 at 20 + 104 * 0.6 */
    has(page, "<path class=\"line a p0\" d=\"M38.0 82.4L216.0 40.8\"/>");
    free(page);
}

/* One picture of 100 tampered pixels, `found` of them found, tested by a run of table4 that no label tells from the other
 * one; level 0: as it is. */
static void put_degraded(const char *run, const char *split, const char *kind, double level, int found)
{
    char sql[1200];
    snprintf(
        sql, sizeof sql,
        "INSERT INTO tests (run, dataset, images, split, digest, batch, status, finished_at, degradation, level) SELECT id,"
        " 'other', 'realfake', '%s', '%s', 1, 'done', 'now', NULLIF('%s', ''), NULLIF(%g, 0.0) FROM runs WHERE name = '%s';"
        "INSERT INTO images (test, id, batch, tp, fp, fn, tn) SELECT MAX(id), 'a', 0, %d, 0, %d, 0 FROM tests;"
        "INSERT INTO experiment_cells (experiment, run_name, run, test, model, dataset, mask_policy, loss, trained_on,"
        " tested_dataset, tested_on, split, degradation, level) SELECT x.id, r.name, r.id, t.id, r.model, r.dataset,"
        " r.mask_policy, r.loss, r.trained_on, t.dataset, t.images, t.split, t.degradation, t.level"
        " FROM tests t JOIN runs r ON r.id = t.run JOIN experiments x ON x.name = 'curves' ORDER BY t.id DESC LIMIT 1;",
        split, split, kind, level, run, found, 100 - found);
    GOOD(il_store_script(store, sql, &e));
    GOOD(il_store_rebuild_metrics(store, 0, &e));
}

Test(report_html, each_run_and_split_has_a_curve_of_its_own)
{
    experiment(store, "curves");
    begin_run(store, "lr-1", "train.lr=1");
    begin_run(store, "lr-2", "train.lr=2");
    GOOD(il_store_script(store, "UPDATE runs SET status = 'done' WHERE name LIKE 'train.lr%'", &e));
    put_degraded("train.lr=1", "test", "", 0, 90);
    put_degraded("train.lr=1", "test", "jpeg", 50, 40);
    put_degraded("train.lr=1", "test", "jpeg", 90, 80);
    put_degraded("train.lr=1", "validation", "", 0, 100);
    put_degraded("train.lr=1", "validation", "jpeg", 50, 100);
    put_degraded("train.lr=2", "test", "", 0, 50);
    put_degraded("train.lr=2", "test", "jpeg", 50, 20);
    put_degraded("train.lr=2", "test", "jpeg", 90, 30);
    for (int i = 0; i < 20; i++)
        put_degraded("train.lr=2", "test", "blur", 1.5 + i, 25);
    char *page = page_of("curves");
    well_formed(page);
    has(page, "realfake of other</span>");
    has(page, "realfake of other, validation</span>");
    has(page, "IoU against jpeg, tested on realfake");
    has(page, "IoU against blur, tested on realfake");
    has(page, ">50</text>");
    has(page, ">1.5</text>");
    has(page, ">19.5</text>"); /* every third is named, all are drawn */
    has(page, "L354.0 124.5\"/>");
    /* blur comes first, so its run is a */
    has(page, "<path class=\"line ref b p1\" d=\"M34 27.0h320\"/>"); /* 12 + 150 * (1 - 0.9) */
    has(page, "<path class=\"line ref a p0\" d=\"M34 87.0h320\"/>");
    has(page, "<path class=\"line b p1\" d=\"M34.0 102.0L354.0 42.0\"/>");
    has(page, "<path class=\"line a p0\" d=\"M34.0 132.0L354.0 117.0\"/>");
    has(page, "train.lr=2");
    has(page, "<td class=\"left\">none</td><td></td><td>0.900</td>");
    cr_assert_null(strstr(page, "Not measured: nothing was tested on degraded"));
    free(page);
}

/* ---- what goes wrong ---- */

Test(report_html_empty, nothing_measured)
{
    char *page = page_of(NULL);
    well_formed(page);
    has(page, "Nothing was run yet.");
    free(page);
    add_experiment("planned", "");
    page = page_of("planned");
    well_formed(page);
    has(page, "Nothing was run yet.");
    free(page);
}

Test(report_html, unknown_experiments_and_full_disks_are_told)
{
    FILE *to = fopen("/dev/full", "w");
    BAD(il_report_html(stdout, store, "nix", &e), IL_EPARAM, "experiment nix: not in the database; there are table4,");
    if (!to)
        cr_skip_test("/dev/full is absent");
    setvbuf(to, NULL, _IONBF, 0);
    BAD(il_report_html(to, store, NULL, &e), IL_EIO, "cannot write the output");
    fclose(to);
}
