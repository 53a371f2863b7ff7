/* report_html_published.c - the published tables: theirs and ours in columns of their own, with intervals of ours. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "report/html/page.h"
#include "report/published.h"
#include "report/html/svg.h"

/* After the labels; the last three are what il_published_best expects. */
enum { THEIRS, OURS, DIFFERENCE, STATE, LOWEST, HIGHEST, COLLAPSED, MEAN, LOW, HIGH, PICTURES, WEIGHTS, REMARK, RUNS, CELL, TESTED_ON,
       COLUMNS };

static const char columns[] =
    "p.published, p.measured, p.difference, p.state, p.lowest, p.highest, p.collapsed, m.mean, m.low, m.high, m.pictures,"
    " p.tested_weights, p.deviations, p.runs, m.cell, p.tested_on";

static double real(const char *text)
{
    return text ? strtod(text, NULL) : NAN;
}

/* 0 to 1 as a strip: a diamond for theirs, a disc for ours, a bar for the interval of the image mean. */
static void put_strip(il_text *t, char *const *v)
{
    const il_plot p = { 0, 1, 0, 1, 6, 0, 120, 14 };
    il_svg_begin(t, 132, 16, "published and measured IoU on a scale from 0 to 1");
    il_words_add(t, "<line class=\"axis\" x1=\"6\" y1=\"8\" x2=\"126\" y2=\"8\"/><line class=\"axis\" x1=\"6\" y1=\"5\" x2=\"6\" y2=\"11\"/>"
                    "<line class=\"axis\" x1=\"126\" y1=\"5\" x2=\"126\" y2=\"11\"/>");
    il_words_add(t, "<path class=\"theirs\" d=\"M%.1f 2.5l5.5 5.5l-5.5 5.5l-5.5 -5.5z\"/>", il_svg_x(&p, real(v[THEIRS])));
    if (v[LOW])
        il_words_add(t, "<line class=\"between\" x1=\"%.1f\" y1=\"8\" x2=\"%.1f\" y2=\"8\"/>", il_svg_x(&p, real(v[LOW])),
                     il_svg_x(&p, real(v[HIGH])));
    if (v[OURS])
        il_words_add(t, "<circle class=\"dot a\" cx=\"%.1f\" cy=\"8\" r=\"2.8\"/>", il_svg_x(&p, real(v[OURS])));
    il_svg_end(t);
}

static void put_ours(il_text *t, char *const *v, bool best)
{
    if (!v[OURS]) {
        il_words_add(t, "<td class=\"hole\">");
        il_html_text(t, v[STATE]);
        il_words_add(t, "</td>");
        return;
    }
    il_words_add(t, "<td><span class=\"main%s\">", best ? " best" : "");
    il_report_html_number(t, real(v[OURS]));
    il_words_add(t, "</span>%s%s", best ? "<span class=\"tag\">best</span>" : "",
                 strcmp(v[COLLAPSED], "0") == 0 ? "" : "<span class=\"tag hole\">collapsed</span>");
    if (strtol(v[RUNS], NULL, 10) > 1) {
        il_words_add(t, "<span class=\"sub\">%s runs, ", v[RUNS]);
        il_report_html_between(t, (il_interval){ real(v[LOWEST]), real(v[HIGHEST]) });
        il_words_add(t, "</span>");
    }
    if (v[REMARK])
        il_words_add(t, "<span class=\"sub\">remark %s</span>", v[REMARK]);
    il_words_add(t, "</td>");
}

static void put_row(il_text *t, char *const *row, size_t labels, bool best)
{
    char *const *v = row + labels;
    il_words_add(t, "<tr>");
    for (size_t i = 0; i < labels; i++) {
        il_words_add(t, "<th scope=\"row\">");
        il_html_text(t, row[i]);
        il_words_add(t, "</th>");
    }
    il_words_add(t, "<td class=\"paper\">");
    il_report_html_number(t, real(v[THEIRS]));
    il_words_add(t, "</td>");
    put_ours(t, v, best);
    il_words_add(t, "<td>");
    il_report_html_signed(t, real(v[DIFFERENCE]));
    il_words_add(t, "</td><td class=\"left\">%s</td><td>", v[WEIGHTS] ? v[WEIGHTS] : "\xe2\x80\x93");
    put_strip(t, v);
    il_words_add(t, "</td><td>");
    il_report_html_number(t, real(v[MEAN]));
    il_words_add(t, "</td><td>");
    il_report_html_between(t, (il_interval){ real(v[LOW]), real(v[HIGH]) });
    il_words_add(t, "</td><td>%s</td></tr>\n", v[PICTURES] ? v[PICTURES] : "\xe2\x80\x93");
}

static void put_heads(il_text *t, const il_rows *rows, size_t labels)
{
    il_words_add(t, "<thead><tr>");
    for (size_t i = 0; i < labels; i++) {
        il_words_add(t, "<th scope=\"col\" rowspan=\"2\" class=\"left\">");
        for (char *c = strchr(rows->names[i], '_'); c; c = strchr(c, '_'))
            *c = ' ';
        il_html_text(t, rows->names[i]);
        il_words_add(t, "</th>");
    }
    il_words_add(t, "<th scope=\"colgroup\" colspan=\"5\" class=\"group\">IoU as published</th>"
                    "<th scope=\"colgroup\" colspan=\"3\" class=\"group\">measured, picture by picture</th></tr>\n<tr>"
                    "<th scope=\"col\" class=\"paper\">published</th><th scope=\"col\">measured</th><th scope=\"col\">difference</th>"
                    "<th scope=\"col\" class=\"left\">weights</th>"
                    "<th scope=\"col\" class=\"left\">0 to 1</th><th scope=\"col\">mean</th><th scope=\"col\">95\xc2\xa0%% interval</th>"
                    "<th scope=\"col\">pictures</th></tr></thead>\n<tbody>\n");
}

static void put_notes(il_text *t, const il_notes *notes)
{
    for (size_t i = 0; i < notes->count; i++) {
        il_words_add(t, "<p class=\"note\">");
        il_html_text(t, notes->lines[i]);
        il_words_add(t, "</p>\n");
    }
}

static int put_table(il_text *t, il_store *s, const il_published_table *table, const char *experiment, il_err *e)
{
    il_rows rows = { 0 };
    il_notes notes = { 0 };
    bool *best = NULL;
    int rc = il_published_rows(&rows, s, table, experiment, columns, e);
    size_t labels = rc == IL_OK ? rows.columns - COLUMNS : 0;
    if (rc == IL_OK && !(best = calloc(rows.count * rows.columns + 1, sizeof *best)))
        rc = il_fail_oom(e);
    if (rc == IL_OK)
        rc = il_published_best(best, &rows, s, labels + OURS, e);
    if (rc == IL_OK)
        rc = il_published_notes(&notes, &rows, labels + REMARK, s, table, experiment, e);
    if (rc == IL_OK) {
        il_words_add(t, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Published table %s\"><table id=\"published-%s\">\n"
                     "<caption><span>", table->name, table->name);
        il_html_text(t, table->title);
        il_words_add(t, "</span></caption>\n");
        put_heads(t, &rows, labels);
        for (size_t i = 0; i < rows.count; i++)
            put_row(t, rows.values + i * rows.columns, labels, best[i * rows.columns + labels + OURS]);
        il_words_add(t, "</tbody></table></div>\n");
        put_notes(t, &notes);
    }
    free(best);
    il_notes_free(&notes);
    il_store_rows_free(&rows);
    return rc;
}

/* Table 1: sizes of splits. */
static int put_splits(il_text *t, il_store *s, const il_published_table *table, il_err *e)
{
    il_rows rows = { 0 };
    int rc = il_store_query(&rows, s, "SELECT dataset, COALESCE(images, 'not measured'), train_published, train,"
                            " validation_published, validation, test_published, test FROM table1", NULL, e);
    if (rc != IL_OK)
        return rc;
    il_words_add(t, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Published table 1\"><table id=\"published-1\">\n<caption><span>");
    il_html_text(t, table->title);
    il_words_add(t, "</span></caption>\n<thead><tr><th scope=\"col\" rowspan=\"2\" class=\"left\">data set</th>"
                 "<th scope=\"col\" rowspan=\"2\" class=\"left\">pictures</th>");
    for (int i = 0; i < 3; i++)
        il_words_add(t, "<th scope=\"colgroup\" colspan=\"2\" class=\"group\">%s</th>",
                     (const char *const[]){ "train", "validation", "test" }[i]);
    il_words_add(t, "</tr>\n<tr>");
    for (int i = 0; i < 3; i++)
        il_words_add(t, "<th scope=\"col\" class=\"paper\">published</th><th scope=\"col\">found</th>");
    il_words_add(t, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < rows.count * rows.columns; i++) {
        size_t column = i % rows.columns;
        il_words_add(t, "%s%s", column ? "" : "<tr>", column < 2 ? "<th scope=\"row\">" : column % 2 ? "<td>" : "<td class=\"paper\">");
        il_html_text(t, rows.values[i] ? rows.values[i] : "\xe2\x80\x93");
        il_words_add(t, "%s%s", column < 2 ? "</th>" : "</td>", column + 1 == rows.columns ? "</tr>\n" : "");
    }
    il_words_add(t, "</tbody></table></div>\n");
    il_store_rows_free(&rows);
    return IL_OK;
}

int il_report_html_published(il_text *t, il_store *s, const char *experiment, bool *any, il_err *e)
{
    int rc = IL_OK;
    *any = false;
    for (size_t i = 0; i < IL_PUBLISHED_TABLES && rc == IL_OK; i++) {
        const il_published_table *table = &il_published_tables[i];
        bool touched = false;
        rc = il_published_touched(&touched, s, table, experiment, e);
        if (rc != IL_OK || !touched)
            continue;
        if (!*any)
            il_words_add(t, "<section aria-labelledby=\"published\">\n<h2 id=\"published\">Beside the published tables</h2>\n"
                         "<p>What the paper printed stands in the tinted columns in italics; everything else was measured here."
                         " <span class=\"note\">On the scale: diamond, published; disc, measured; bar, the interval of the mean over pictures."
                         "</span></p>\n");
        *any = true;
        rc = table->labels ? put_table(t, s, table, experiment, e) : put_splits(t, s, table, e);
    }
    if (rc == IL_OK && *any)
        il_words_add(t, "<p class=\"note\">" IL_PUBLISHED_INTERVAL " <span class=\"tag\">best</span> "
                     IL_BEST_NOTE("tested on the same pictures") ".</p>\n</section>\n");
    return rc;
}
