/* report_html.c - the report as one page that needs nothing else: its frame, its summary, and an experiment's chapter. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/file.h"
#include "report/html/page.h"

extern const char il_embedded_report_css[];

#define DASH "\xe2\x80\x93"
#define MINUS "\xe2\x88\x92"

/* ---- shared ---- */

void il_report_html_number(il_text *t, double value)
{
    char text[32];
    if (!isfinite(value)) {
        il_words_add(t, DASH);
        return;
    }
    il_report_number(text, value);
    il_words_add(t, "%s%s", *text == '-' ? MINUS : "", *text == '-' ? text + 1 : text);
}

void il_report_html_signed(il_text *t, double value)
{
    char text[32];
    il_report_number(text, value);
    if (isfinite(value) && *text != '-' && strtod(text, NULL) != 0)
        il_words_add(t, "+");
    il_report_html_number(t, value);
}

void il_report_html_between(il_text *t, il_interval between)
{
    il_report_html_number(t, between.low);
    if (isfinite(between.low)) {
        il_words_add(t, " to ");
        il_report_html_number(t, between.high);
    }
}

bool il_report_html_measured(const il_chapter *c, size_t cell)
{
    return strcmp(il_matrix_at(&c->m, cell, IL_STATUS), "done") == 0;
}

void il_report_html_run(il_chapter *c, size_t cell)
{
    bool any = false;
    for (int l = 0; l < IL_COLUMNS; l++)
        if (c->m.shown[l] && *il_matrix_at(&c->m, cell, (il_column)l)) {
            il_words_add(c->t, "%s", any ? ", " : "");
            if (l == IL_BY_SEED)
                il_words_add(c->t, "seed ");
            il_html_text(c->t, il_matrix_at(&c->m, cell, (il_column)l));
            any = true;
        }
}

void il_report_html_label_heads(il_chapter *c)
{
    for (int l = 0; l < IL_COLUMNS; l++)
        if (c->m.shown[l])
            il_words_add(c->t, "<th scope=\"col\" class=\"left\">%s</th>", il_matrix_label((il_column)l));
}

void il_report_html_labels(il_chapter *c, size_t cell)
{
    for (int l = 0; l < IL_COLUMNS; l++)
        if (c->m.shown[l]) {
            il_words_add(c->t, "<th scope=\"row\">");
            il_html_text(c->t, il_matrix_at(&c->m, cell, (il_column)l));
            il_words_add(c->t, "</th>");
        }
}

void il_report_html_heading(il_chapter *c, const char *part, const char *heading)
{
    il_words_add(c->t, "<h3 id=\"%s-%s\">%s</h3>\n", c->id, part, heading);
}

/* ---- a chapter ---- */

static int read_pictures(il_pictures_of *out, il_store *s, const char *test, il_err *e)
{
    il_rows rows = { 0 };
    il_pictures_of p = { 0 };
    double *defined = NULL;
    int rc = il_store_query(&rows, s, "SELECT il_iou(tp, fp, fn), (tp + fn) * 1.0 / (tp + fp + fn + tn) FROM images"
                            " WHERE test = CAST(?1 AS INTEGER) ORDER BY id", (const char *const[]){ test, NULL }, e);
    p.iou = calloc(rows.count + 1, sizeof *p.iou);
    p.share = calloc(rows.count + 1, sizeof *p.share);
    defined = calloc(rows.count + 1, sizeof *defined);
    if (rc == IL_OK && (!p.iou || !p.share || !defined))
        rc = il_fail_oom(e);
    for (size_t i = 0; rc == IL_OK && i < rows.count; i++) {
        const char *iou = rows.values[2 * i], *share = rows.values[2 * i + 1];
        p.iou[i] = iou ? strtod(iou, NULL) : NAN;
        p.share[i] = share ? strtod(share, NULL) : 0;
        p.authentic += p.share[i] == 0;
        if (iou)
            defined[p.defined++] = p.iou[i];
        p.count++;
    }
    if (rc == IL_OK) {
        p.mean = il_stats_mean(defined, p.defined);
        rc = il_bootstrap_mean(&p.between, defined, p.defined, (il_boot){ .level = 0.95 }, e);
    }
    free(defined);
    il_store_rows_free(&rows);
    *out = p; /* freed with the chapter in any case */
    return rc;
}

static int chapter_parts(il_chapter *c, il_err *e)
{
    static int (*const parts[])(il_chapter *, il_err *) = {
        il_report_html_matrix, il_report_html_compare, il_report_html_pictures, il_report_html_spread,
        il_report_html_sizes, il_report_html_robustness, il_report_html_curves };
    int rc = IL_OK;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && rc == IL_OK; i++)
        rc = parts[i](c, e);
    return rc;
}

static void begin_chapter(il_chapter *c, const char *title)
{
    il_words_add(c->t, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">", c->id, c->id);
    il_html_text(c->t, title && *title ? title : c->experiment);
    il_words_add(c->t, "</h2>\n");
    if (title && *title) {
        il_words_add(c->t, "<p class=\"soft\">Experiment <code>");
        il_html_text(c->t, c->experiment);
        il_words_add(c->t, "</code></p>\n");
    }
}

static int show_chapter(il_text *t, il_store *s, const char *experiment, const char *title, size_t number, il_err *e)
{
    il_chapter c = { .t = t, .s = s, .experiment = experiment };
    snprintf(c.id, sizeof c.id, "e%zu", number);
    int rc = il_matrix_read(&c.m, s, experiment, false, e);
    if (rc != IL_OK)
        return rc;
    c.pictures = calloc(c.m.cells.count + 1, sizeof *c.pictures);
    if (!c.pictures)
        rc = il_fail_oom(e);
    for (size_t i = 0; rc == IL_OK && i < c.m.cells.count; i++)
        if (il_report_html_measured(&c, i))
            rc = read_pictures(&c.pictures[i], s, il_matrix_at(&c.m, i, IL_TEST), e);
    begin_chapter(&c, title);
    if (rc == IL_OK && c.m.cells.count == 0)
        il_words_add(t, "<p>Nothing was run yet.</p>\n");
    else if (rc == IL_OK)
        rc = chapter_parts(&c, e);
    il_words_add(t, "</section>\n");
    for (size_t i = 0; c.pictures && i < c.m.cells.count; i++) {
        free(c.pictures[i].iou);
        free(c.pictures[i].share);
    }
    free(c.pictures);
    il_matrix_free(&c.m);
    return rc;
}

/* ---- the frame ---- */

#define OF_EXPERIMENT "(?1 IS NULL OR x.name = ?1)"

static const char facts[] =
    "WITH c AS MATERIALIZED (SELECT c.test, c.run, t.status AS tested FROM experiment_cells c"
    " JOIN experiments x ON x.id = c.experiment LEFT JOIN tests t ON t.id = c.test WHERE " OF_EXPERIMENT "),"
    " r AS MATERIALIZED (SELECT * FROM runs WHERE id IN (SELECT n.run FROM experiment_runs n"
    " JOIN experiments x ON x.id = n.experiment WHERE " OF_EXPERIMENT ")),"
    " i AS MATERIALIZED (SELECT DISTINCT test FROM c WHERE tested = 'done')"
    " SELECT (SELECT COUNT(*) FROM r), (SELECT COUNT(*) FROM r WHERE status = 'done'),"
    " (SELECT COUNT(*) FROM c), (SELECT COUNT(*) FROM c WHERE tested = 'done'),"
    " (SELECT COALESCE(SUM(images), 0) FROM test_sums WHERE test IN (SELECT test FROM i)),"
    " (SELECT group_concat(device, '; ') FROM (SELECT DISTINCT device FROM r)),"
    " (SELECT substr(MIN(created_at), 1, 10) FROM r),"
    " (SELECT substr(MAX(COALESCE(ended_at, started_at)), 1, 10) FROM r),"
    " (SELECT printf('%.0f', SUM(seconds)) FROM r), (SELECT COUNT(*) FROM r WHERE collapsed),"
    " (SELECT group_concat(v, ', ') FROM (SELECT DISTINCT 'inpaintlab ' || json_extract(versions, '$.inpaintlab') AS v FROM r))";

static void fact(il_text *t, const char *name, const char *value, const char *of)
{
    il_words_add(t, "<div><dt>%s</dt><dd class=\"big\">", name);
    il_html_text(t, value ? value : DASH);
    if (of) {
        il_words_add(t, " <span class=\"soft\">of ");
        il_html_text(t, of);
        il_words_add(t, "</span>");
    }
    il_words_add(t, "</dd></div>\n");
}

static void add_time(il_text *t, const char *seconds)
{
    double value = seconds ? strtod(seconds, NULL) : 0;
    char text[40];
    if (value < 120)
        snprintf(text, sizeof text, "%.0f s", value);
    else if (value < 7200)
        snprintf(text, sizeof text, "%.0f min", value / 60);
    else
        snprintf(text, sizeof text, "%.1f h", value / 3600);
    fact(t, "Training", text, NULL);
}

static int add_summary(il_text *t, il_store *s, const char *experiment, size_t experiments, il_err *e)
{
    il_rows rows = { 0 };
    int rc = il_store_query(&rows, s, facts, (const char *const[]){ experiment, NULL }, e);
    if (rc != IL_OK)
        return rc;
    char **v = rows.values, number[24];
    bool once = v[6] && v[7] && strcmp(v[6], v[7]) == 0;
    il_words_add(t, "<p class=\"lede\">Detectors of AI inpainting, trained and tested by inpaintlab; each number says which convention"
                 " it follows, and published values stand apart from measured ones.</p>\n<dl class=\"facts\">\n");
    snprintf(number, sizeof number, "%zu", experiments);
    if (!experiment)
        fact(t, "Experiments", number, NULL);
    fact(t, "Runs trained", v[1], v[0]);
    fact(t, "Cells measured", v[3], v[2]);
    fact(t, "Pictures tested", v[4], NULL);
    add_time(t, v[8]);
    il_words_add(t, "</dl>\n<p class=\"note\">");
    if (v[6]) {
        il_words_add(t, "Run ");
        il_html_text(t, v[6]);
        if (!once) {
            il_words_add(t, " to ");
            il_html_text(t, v[7]);
        }
        il_words_add(t, " on ");
        il_html_text(t, v[5] ? v[5] : "an unnamed device");
        il_words_add(t, "%s", v[10] ? ", with " : "");
        il_html_text(t, v[10]);
        il_words_add(t, ". ");
    }
    il_words_add(t, "A picture counts once for each test.</p>\n");
    il_store_rows_free(&rows);
    return IL_OK;
}

static void add_contents(il_text *t, const il_rows *experiments, bool published)
{
    il_words_add(t, "<nav aria-labelledby=\"contents\"><h2 id=\"contents\">Contents</h2>\n<ol>\n"
                    "<li><a href=\"#holes\">What is missing</a></li>\n");
    if (published)
        il_words_add(t, "<li><a href=\"#published\">Beside the published tables</a></li>\n");
    for (size_t i = 0; i < experiments->count; i++) {
        const char *name = experiments->values[2 * i], *title = experiments->values[2 * i + 1];
        il_words_add(t, "<li><a href=\"#e%zu\">", i + 1);
        il_html_text(t, title && *title ? title : name);
        il_words_add(t, "</a></li>\n");
    }
    il_words_add(t, "<li><a href=\"#runs\">Where the numbers come from</a></li>\n"
                    "<li><a href=\"#reading\">How to read the numbers</a></li>\n</ol></nav>\n");
}

/* Nothing may be loaded, whatever a text in the database says. */
static void begin_page(il_text *t, const char *title)
{
    il_words_add(t, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    il_html_text(t, title);
    il_words_add(t, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the results</a>\n"
                    "<header>\n<p class=\"kicker\">inpaintlab report</p>\n<h1>", il_embedded_report_css);
    il_html_text(t, title);
    il_words_add(t, "</h1>\n");
}

static int fill_page(il_text *t, il_store *s, const char *experiment, const il_rows *experiments, il_err *e)
{
    il_text tables = { 0 };
    bool published = false;
    int rc = add_summary(t, s, experiment, experiments->count, e);
    if (rc == IL_OK)
        rc = il_report_html_published(&tables, s, experiment, &published, e);
    if (rc == IL_OK) {
        add_contents(t, experiments, published);
        il_words_add(t, "</header>\n<main id=\"main\">\n");
        rc = il_report_html_holes(t, s, experiment, e);
        il_words_add(t, "%s", tables.data ? tables.data : "");
        t->failed = t->failed || tables.failed;
    }
    il_words_free(&tables);
    for (size_t i = 0; i < experiments->count && rc == IL_OK; i++)
        rc = show_chapter(t, s, experiments->values[2 * i], experiments->values[2 * i + 1], i + 1, e);
    if (rc == IL_OK)
        rc = il_report_html_runs(t, s, experiment, e);
    il_report_html_reading(t);
    il_words_add(t, "</main>\n<footer><p>Made by <code>inpaintlab report --format html</code>; all that stands here is in the"
                    " database of results, and nothing is loaded from elsewhere.</p></footer>\n</body>\n</html>\n");
    return rc;
}

int il_report_html(FILE *to, il_store *s, const char *experiment, il_err *e)
{
    il_rows experiments = { 0 };
    il_text t = { 0 };
    const char *title = "Detecting AI inpainting: results";
    int rc = il_report_experiment(s, experiment, e);
    if (rc == IL_OK)
        rc = il_store_query(&experiments, s, "SELECT name, title FROM experiments WHERE ?1 IS NULL OR name = ?1 ORDER BY id",
                            (const char *const[]){ experiment, NULL }, e);
    if (rc == IL_OK) {
        if (experiments.count == 1)
            title = experiments.values[1] && *experiments.values[1] ? experiments.values[1] : experiments.values[0];
        begin_page(&t, title);
        rc = fill_page(&t, s, experiment, &experiments, e);
    }
    if (rc == IL_OK && t.failed)
        rc = il_fail_oom(e);
    errno = 0;
    if (rc == IL_OK && (fwrite(t.data, 1, t.size, to) != t.size || ferror(to)))
        rc = il_fail(e, il_file_code(errno), "the report cannot be written");
    il_words_free(&t);
    il_store_rows_free(&experiments);
    return rc;
}
