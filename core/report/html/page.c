/* page.c - the report as one page that needs nothing else: its summary, its contents, and an experiment's chapter. The frame is
 * page.html. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/file.h"
#include "report/html/page_parts.h"
#include "report/report.h"

extern const char il_embedded_report_css[];
extern const char il_embedded_page_html[];

/* ---- a chapter ---- */

static int chapter_parts(il_chapter *c, il_err *e)
{
    static int (*const parts[])(il_chapter *, il_err *) = { il_page_cells,  il_page_compare, il_page_pictures,
                                                            il_page_spread, il_page_sizes,   il_page_robustness,
                                                            il_page_curves };
    int rc = IL_OK;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && !rc; i++)
        rc = parts[i](c, e);
    return rc;
}

static bool has_title(const il_chapter *c)
{
    return c->title && *c->title;
}

static void begin_chapter(il_chapter *c)
{
    il_text_add(c->t, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">", c->id, c->id);
    il_html_text(c->t, has_title(c) ? c->title : c->experiment);
    il_text_add(c->t, "</h2>\n");
    if (has_title(c)) {
        il_text_add(c->t, "<p class=\"soft\">Experiment <code>");
        il_html_text(c->t, c->experiment);
        il_text_add(c->t, "</code></p>\n");
    }
}

static int fill_chapter(il_chapter *c, il_err *e)
{
    int64_t *tests = calloc(c->m.count + 1, sizeof *tests);
    c->pictures = calloc(c->m.count + 1, sizeof *c->pictures);
    int rc = tests && c->pictures ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; !rc && i < c->m.count; i++)
        tests[i] = c->m.cells[i].done ? c->m.cells[i].test : 0;
    if (!rc)
        rc = il_picture_scores_read(c->pictures, c->s, tests, c->m.count, e);
    free(tests);
    begin_chapter(c);
    if (!rc && c->m.count == 0)
        il_text_add(c->t, "<p>Nothing was run yet.</p>\n");
    else if (!rc)
        rc = chapter_parts(c, e);
    il_text_add(c->t, "</section>\n");
    return rc;
}

static int add_chapter(il_text *t, il_store *s, const il_rows *experiments, size_t i, il_err *e)
{
    il_chapter c = { .t = t,
                     .s = s,
                     .experiment = il_rows_text(experiments, i, "name"),
                     .title = il_rows_text(experiments, i, "title") };
    snprintf(c.id, sizeof c.id, "e%zu", i + 1);
    snprintf(c.anchors, sizeof c.anchors, "%s-cell-", c.id);
    int rc = il_matrix_read(&c.m, s, c.experiment, false, NULL, e);
    if (!rc)
        rc = fill_chapter(&c, e);
    for (size_t k = 0; c.pictures && k < c.m.count; k++)
        il_picture_scores_free(&c.pictures[k]);
    free(c.pictures);
    il_matrix_free(&c.m);
    return rc;
}

/* ---- the summary ---- */

#define OF_EXPERIMENT "(?1 IS NULL OR x.name = ?1)"

static const char facts[] =
    "WITH c AS MATERIALIZED (SELECT c.test, c.run, t.status AS tested FROM experiment_cells c"
    " JOIN experiments x ON x.id = c.experiment LEFT JOIN tests t ON t.id = c.test WHERE " OF_EXPERIMENT "),"
    " r AS MATERIALIZED (SELECT * FROM runs WHERE id IN (SELECT n.run FROM experiment_runs n"
    " JOIN experiments x ON x.id = n.experiment WHERE " OF_EXPERIMENT ")),"
    " i AS MATERIALIZED (SELECT DISTINCT test FROM c WHERE tested = 'done')"
    " SELECT (SELECT COUNT(*) FROM r) AS runs, (SELECT COUNT(*) FROM r WHERE status = 'done') AS runs_done,"
    " (SELECT COUNT(*) FROM c) AS cells, (SELECT COUNT(*) FROM c WHERE tested = 'done') AS cells_done,"
    " (SELECT COALESCE(SUM(images), 0) FROM test_sums WHERE test IN (SELECT test FROM i)) AS pictures,"
    " (SELECT group_concat(device, '; ') FROM (SELECT DISTINCT device FROM r)) AS devices,"
    " (SELECT substr(MIN(created_at), 1, 10) FROM r) AS began,"
    " (SELECT substr(MAX(COALESCE(ended_at, started_at)), 1, 10) FROM r) AS ended,"
    " (SELECT SUM(seconds) FROM r) AS seconds,"
    " (SELECT group_concat(v, ', ') FROM (SELECT DISTINCT 'inpaintlab ' || json_extract(versions, '$.inpaintlab') AS v FROM r))"
    " AS versions";

static const char expected_facts[] =
    "runs: runs count, runs_done count, cells count, cells_done count, pictures count, devices text?, began text?,"
    " ended text?, seconds real?, versions text?";

static void fact(il_text *t, const char *name, const char *value, const char *of)
{
    il_text_add(t, "<div><dt>%s</dt><dd class=\"big\">", name);
    il_html_text(t, value ? value : "\xe2\x80\x93");
    if (of) {
        il_text_add(t, " <span class=\"soft\">of ");
        il_html_text(t, of);
        il_text_add(t, "</span>");
    }
    il_text_add(t, "</dd></div>\n");
}

static void add_time(il_text *t, double seconds)
{
    char text[40];
    double value = isnan(seconds) ? 0 : round(seconds);
    if (value < 120)
        snprintf(text, sizeof text, "%.0f s", value);
    else if (value < 7200)
        snprintf(text, sizeof text, "%.0f min", value / 60);
    else
        snprintf(text, sizeof text, "%.1f h", value / 3600);
    fact(t, "Training", text, NULL);
}

static void add_origin(il_text *t, const il_rows *rows)
{
    const char *began = il_rows_text(rows, 0, "began"), *ended = il_rows_text(rows, 0, "ended");
    const char *devices = il_rows_text(rows, 0, "devices"), *versions = il_rows_text(rows, 0, "versions");
    il_text line = { 0 };
    bool once = began && ended && strcmp(began, ended) == 0;
    if (began)
        il_text_add(&line, "Run %s%s%s on %s%s%s. ", began, once || !ended ? "" : " to ", once || !ended ? "" : ended,
                    devices ? devices : "an unnamed device", versions ? ", with " : "", versions ? versions : "");
    il_text_add(t, "<p class=\"note\">");
    il_html_text(t, line.data);
    il_text_add(t, "A picture counts once for each test.</p>\n");
    t->failed = t->failed || line.failed;
    il_text_free(&line);
}

static int add_summary(il_text *t, il_store *s, const char *experiment, size_t experiments, il_err *e)
{
    il_rows rows = { 0 };
    char number[24];
    int rc = il_store_read(&rows, s, expected_facts, facts, (const char *const[]){ experiment, NULL }, e);
    if (rc)
        return rc;
    snprintf(number, sizeof number, "%zu", experiments);
    il_text_add(t, "<dl class=\"facts\">\n");
    if (!experiment)
        fact(t, "Experiments", number, NULL);
    fact(t, "Runs trained", il_rows_text(&rows, 0, "runs_done"), il_rows_text(&rows, 0, "runs"));
    fact(t, "Cells measured", il_rows_text(&rows, 0, "cells_done"), il_rows_text(&rows, 0, "cells"));
    fact(t, "Pictures tested", il_rows_text(&rows, 0, "pictures"), NULL);
    add_time(t, il_rows_real(&rows, 0, "seconds"));
    il_text_add(t, "</dl>\n");
    add_origin(t, &rows);
    il_store_rows_free(&rows);
    return IL_OK;
}

static const char *title_of(const il_rows *experiments, size_t i)
{
    const char *title = il_rows_text(experiments, i, "title");
    return title && *title ? title : il_rows_text(experiments, i, "name");
}

static void add_contents(il_text *t, const il_rows *experiments, bool published)
{
    if (published)
        il_text_add(t, "<li><a href=\"#published\">Beside the published tables</a></li>\n");
    for (size_t i = 0; i < experiments->count; i++) {
        il_text_add(t, "<li><a href=\"#e%zu\">", i + 1);
        il_html_text(t, title_of(experiments, i));
        il_text_add(t, "</a></li>\n");
    }
}

/* ---- the frame ---- */

enum { TITLE, STYLE, SUMMARY, CONTENTS, HOLES, PUBLISHED, EXPERIMENTS, RUNS, RESAMPLES, PLACES };

/* What stands for {{NAME}} in page.html. */
static const char *const places[PLACES] = { "title",     "style",       "summary", "contents", "holes",
                                            "published", "experiments", "runs",    "resamples" };

static int fill(il_text parts[PLACES], il_store *s, const char *experiment, const il_rows *experiments, il_err *e)
{
    il_html_text(&parts[TITLE],
                 experiments->count == 1 ? title_of(experiments, 0) : "Detecting AI inpainting: results");
    il_text_add(&parts[STYLE], "%s", il_embedded_report_css);
    il_text_add(&parts[RESAMPLES], "%d", IL_BOOT_RESAMPLES);
    int rc = add_summary(&parts[SUMMARY], s, experiment, experiments->count, e);
    if (!rc)
        rc = il_page_holes(&parts[HOLES], s, experiment, e);
    if (!rc)
        rc = il_page_published(&parts[PUBLISHED], s, experiment, e);
    add_contents(&parts[CONTENTS], experiments, parts[PUBLISHED].data);
    for (size_t i = 0; i < experiments->count && !rc; i++)
        rc = add_chapter(&parts[EXPERIMENTS], s, experiments, i, e);
    return rc ? rc : il_page_provenance(&parts[RUNS], s, experiment, e);
}

static bool put(FILE *to, const char *text, size_t size)
{
    return fwrite(text, 1, size, to) == size;
}

/* The frame with each part in its place; false when it cannot be written whole. */
static bool write_page(FILE *to, const il_text parts[PLACES])
{
    bool whole = true;
    for (const char *at = il_embedded_page_html; *at;) {
        size_t size = strcspn(at, "{"), i = 0;
        whole = whole && put(to, at, size);
        at += size;
        if (!*at)
            break;
        assert(strncmp(at, "{{", 2) == 0);
        size = strcspn(at + 2, "}");
        while (i < PLACES && (strlen(places[i]) != size || strncmp(places[i], at + 2, size) != 0))
            i++;
        assert(i < PLACES);
        if (i < PLACES && parts[i].data)
            whole = whole && put(to, parts[i].data, parts[i].size);
        at += size + 4;
    }
    return whole && !ferror(to);
}

int il_report_html(FILE *to, il_store *s, const char *experiment, il_err *e)
{
    il_rows experiments = { 0 };
    il_text parts[PLACES] = { { 0 } };
    bool failed = false;
    int rc = il_report_experiment(s, experiment, e);
    if (!rc)
        rc = il_store_read(&experiments, s, "experiments: name text, title text?",
                           "SELECT name, title FROM experiments WHERE ?1 IS NULL OR name = ?1 ORDER BY id",
                           (const char *const[]){ experiment, NULL }, e);
    if (!rc)
        rc = fill(parts, s, experiment, &experiments, e);
    for (size_t i = 0; i < PLACES; i++)
        failed = failed || parts[i].failed;
    if (!rc && failed)
        rc = il_fail_oom(e);
    errno = 0;
    if (!rc && !write_page(to, parts))
        rc = il_fail(e, il_file_code(errno), "cannot write the output");
    for (size_t i = 0; i < PLACES; i++)
        il_text_free(&parts[i]);
    il_store_rows_free(&experiments);
    return rc;
}
