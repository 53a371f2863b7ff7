/* report_html_matrix.c - an experiment's cells with their intervals, and all that is missing. */
#include <stdlib.h>
#include <string.h>
#include "report/best_cell.h"
#include "report/html/page.h"
#include "report/footnotes.h"

/* ---- the cells ---- */

static void put_hole(il_text *t, const char *status)
{
    il_words_add(t, "<td class=\"hole\">");
    il_html_text(t, status);
    il_words_add(t, "</td>");
}

/* Of authentic pictures: nothing is to be found, so no IoU. */
static void put_alarms(il_chapter *c, size_t cell)
{
    il_words_add(c->t, "<td id=\"%s-cell-%s\"><span class=\"main\">", c->id, il_matrix_at(&c->m, cell, IL_CELL));
    il_report_html_number(c->t, strtod(il_matrix_at(&c->m, cell, IL_ALARMS), NULL));
    il_words_add(c->t, "</span><span class=\"tag\">alarms</span><span class=\"sub\">");
    il_report_html_number(c->t, strtod(il_matrix_at(&c->m, cell, IL_MARKED), NULL));
    il_words_add(c->t, " marked</span></td>");
}

static void put_cell(il_chapter *c, size_t cell, bool best)
{
    const char *iou = il_matrix_at(&c->m, cell, IL_IOU);
    if (!il_report_html_measured(c, cell)) {
        put_hole(c->t, il_matrix_at(&c->m, cell, IL_STATUS));
        return;
    }
    const il_pictures_of *p = &c->pictures[cell];
    if (strcmp(il_matrix_at(&c->m, cell, IL_AUTHENTIC), "1") == 0) {
        put_alarms(c, cell);
        return;
    }
    if (!*iou || p->defined == 0) {
        put_hole(c->t, "undefined");
        return;
    }
    il_words_add(c->t, "<td id=\"%s-cell-%s\"><span class=\"main%s\">", c->id, il_matrix_at(&c->m, cell, IL_CELL),
                 best ? " best" : "");
    il_report_html_number(c->t, strtod(iou, NULL));
    il_words_add(c->t, "</span>%s<span class=\"sub\">", best ? "<span class=\"tag\">best</span>" : "");
    il_report_html_number(c->t, p->mean);
    il_words_add(c->t, " (");
    il_report_html_between(c->t, p->between);
    il_words_add(c->t, ")</span></td>");
}

static int find_best(size_t *best, il_chapter *c, const il_matrix_part *p, il_err *e)
{
    const char **cells = calloc(p->runs.count + 1, sizeof *cells);
    int rc = cells ? IL_OK : il_fail_oom(e);
    for (size_t k = 0; k < p->kinds.count && rc == IL_OK; k++) {
        for (size_t run = 0; run < p->runs.count; run++) {
            size_t cell = il_matrix_find(&c->m, p, run, k);
            cells[run] = cell < c->m.cells.count ? il_matrix_at(&c->m, cell, IL_CELL) : "0";
        }
        rc = il_best_cell(&best[k], c->s, cells, p->runs.count, e);
    }
    free(cells);
    return rc;
}

static void put_row(il_chapter *c, const il_matrix_part *p, size_t run, const size_t *best)
{
    size_t first = il_matrix_run(&c->m, p->runs.items[run]);
    il_words_add(c->t, "<tr>");
    il_report_html_labels(c, first);
    for (size_t k = 0; k < p->kinds.count; k++) {
        size_t cell = il_matrix_find(&c->m, p, run, k);
        if (cell == c->m.cells.count)
            il_words_add(c->t, "<td></td>"); /* the grid does not ask for it */
        else
            put_cell(c, cell, best[k] == run);
    }
    if (strcmp(il_matrix_at(&c->m, first, IL_COLLAPSED), "1") == 0)
        il_words_add(c->t, "<td class=\"hole left\">collapsed</td>");
    il_words_add(c->t, "</tr>\n");
}

static bool any_collapsed(const il_chapter *c, const il_matrix_part *p)
{
    for (size_t run = 0; run < p->runs.count; run++)
        if (strcmp(il_matrix_at(&c->m, il_matrix_run(&c->m, p->runs.items[run]), IL_COLLAPSED), "1") == 0)
            return true;
    return false;
}

/* The labels that all runs share. */
static void put_common(il_chapter *c)
{
    bool any = false;
    for (int l = IL_BY_MODEL; l <= IL_BY_SEED; l++)
        if (!c->m.shown[l]) {
            il_words_add(c->t, "%s%s ", any ? ", " : "<p>In all runs: ", il_matrix_label((il_column)l));
            il_html_text(c->t, il_matrix_at(&c->m, c->m.first[0], (il_column)l));
            any = true;
        }
    il_words_add(c->t, "%s", any ? ".</p>\n" : "");
}

static int put_part(il_chapter *c, const il_matrix_part *p, il_err *e)
{
    size_t *best = calloc(p->kinds.count + 1, sizeof *best);
    int rc = best ? find_best(best, c, p, e) : il_fail_oom(e);
    if (rc == IL_OK) {
        il_words_add(c->t, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Cells\"><table>\n<caption><span>IoU on the ");
        il_html_text(c->t, p->split);
        il_words_add(c->t, " split of ");
        il_html_text(c->t, p->dataset);
        il_words_add(c->t, ", a column for each kind of picture tested on. Large: as published (mean over batches). Small: mean over"
                     " pictures, with its 95\xc2\xa0%% bootstrap interval.</span></caption>\n<thead><tr>");
        il_report_html_label_heads(c);
        for (size_t k = 0; k < p->kinds.count; k++) {
            il_words_add(c->t, "<th scope=\"col\">");
            il_html_text(c->t, p->kinds.items[k]);
            il_words_add(c->t, "</th>");
        }
        il_words_add(c->t, "%s</tr></thead>\n<tbody>\n", any_collapsed(c, p) ? "<th scope=\"col\" class=\"left\">remark</th>" : "");
        for (size_t run = 0; run < p->runs.count; run++)
            put_row(c, p, run, best);
        il_words_add(c->t, "</tbody></table></div>\n");
    }
    free(best);
    return rc;
}

/* What the text report says under each part, once. */
static int put_notes(il_chapter *c, il_err *e)
{
    il_notes notes = { 0 };
    bool authentic = false;
    for (size_t i = 0; i < c->m.cells.count; i++)
        authentic = authentic || strcmp(il_matrix_at(&c->m, i, IL_AUTHENTIC), "1") == 0;
    il_notes_weights(&notes, &c->m);
    if (authentic)
        il_notes_add(&notes, IL_NOTE_AUTHENTIC);
    if (c->m.shown[IL_BY_POLICY])
        il_notes_add(&notes, IL_NOTE_TRUTH);
    il_notes_unmatched(&notes, &c->m);
    for (size_t i = 0; i < notes.count; i++) {
        il_words_add(c->t, "<p class=\"note\">");
        il_html_text(c->t, notes.lines[i]);
        il_words_add(c->t, "</p>\n");
    }
    int rc = notes.failed ? il_fail_oom(e) : IL_OK;
    il_notes_free(&notes);
    return rc;
}

int il_report_html_matrix(il_chapter *c, il_err *e)
{
    int rc = IL_OK;
    il_report_html_heading(c, "cells", "Cells");
    put_common(c);
    for (size_t i = 0; i < c->m.nparts && rc == IL_OK; i++)
        rc = put_part(c, &c->m.parts[i], e);
    if (rc == IL_OK)
        rc = put_notes(c, e);
    il_words_add(c->t, "<p class=\"note\"><span class=\"tag\">best</span> " IL_BEST_NOTE("of its column") ".</p>\n");
    return rc;
}

/* ---- what is missing ---- */

#define OF_EXPERIMENT "(?1 IS NULL OR experiment = ?1)"

/* One line for all cells of a run that lack for the same reason. */
static const char holes[] =
    "SELECT experiment, run, status, group_concat(tested_dataset || ' ' || tested_on, ', '), message FROM cells"
    " WHERE " OF_EXPERIMENT " AND status <> 'done' GROUP BY experiment, run, status, message ORDER BY MIN(cell)";
static const char collapses[] =
    "SELECT experiment, run FROM cells WHERE " OF_EXPERIMENT " AND collapsed GROUP BY experiment, run ORDER BY MIN(cell)";

static void put_named(il_text *t, const char *run, const char *experiment, bool all)
{
    il_words_add(t, "<code>");
    il_html_text(t, run);
    il_words_add(t, "</code>");
    if (all) {
        il_words_add(t, " of ");
        il_html_text(t, experiment);
    }
}

static void put_holes(il_text *t, const il_rows *rows, bool all)
{
    for (size_t i = 0; i < rows->count; i++) {
        char **v = rows->values + i * rows->columns;
        il_words_add(t, "<li><strong class=\"hole\">");
        il_html_text(t, v[2]);
        il_words_add(t, "</strong>: ");
        put_named(t, v[1], v[0], all);
        il_words_add(t, " on ");
        il_html_text(t, v[3]);
        il_words_add(t, "%s", v[4] ? ": " : "");
        il_html_text(t, v[4]);
        il_words_add(t, "</li>\n");
    }
}

int il_report_html_holes(il_text *t, il_store *s, const char *experiment, il_err *e)
{
    const char *args[] = { experiment, NULL };
    il_rows missing = { 0 }, collapsed = { 0 };
    int rc = il_store_query(&missing, s, holes, args, e);
    if (rc == IL_OK)
        rc = il_store_query(&collapsed, s, collapses, args, e);
    il_words_add(t, "<section class=\"run-on\" aria-labelledby=\"holes\">\n<h2 id=\"holes\">What is missing</h2>\n");
    if (rc == IL_OK && missing.count + collapsed.count == 0)
        il_words_add(t, "<p>Nothing: every cell that was asked for is measured, and no run collapsed.</p>\n");
    else if (rc == IL_OK)
        il_words_add(t, "<ul class=\"holes\">\n");
    put_holes(t, &missing, !experiment);
    for (size_t i = 0; i < collapsed.count; i++) {
        il_words_add(t, "<li><strong class=\"hole\">collapsed</strong>: ");
        put_named(t, collapsed.values[2 * i + 1], collapsed.values[2 * i], !experiment);
        il_words_add(t, " marks no pixel of its validation split; its cells are measured all the same</li>\n");
    }
    il_words_add(t, "%s</section>\n", missing.count + collapsed.count ? "</ul>\n" : "");
    il_store_rows_free(&missing);
    il_store_rows_free(&collapsed);
    return rc;
}
