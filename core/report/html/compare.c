/* report_html_compare.c - cells tested on the same pictures against each other: paired tests, corrected by Holm. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "report/compare.h"
#include "report/html/page.h"

enum { MOST_CELLS = 10 }; /* 45 pairs */

static size_t cell_of(const il_chapter *c, int64_t number)
{
    for (size_t i = 0; i < c->m.cells.count; i++)
        if (strtoll(il_matrix_at(&c->m, i, IL_CELL), NULL, 10) == number)
            return i;
    return c->m.cells.count;
}

static void put_p(il_text *t, double p)
{
    if (isnan(p))
        il_words_add(t, "<td>\xe2\x80\x93</td>");
    else if (p < 0.001)
        il_words_add(t, "<td>&lt;\xe2\x80\x89" "0.001</td>");
    else
        il_words_add(t, "<td>%.3f</td>", p);
}

static void put_pair(il_chapter *c, const il_comparison *found, const il_compare_pair *p)
{
    bool differs = p->wilcoxon_holm < 0.05;
    il_words_add(c->t, "<tr><th scope=\"row\" class=\"text\">");
    il_report_html_run(c, cell_of(c, found->cells[p->a].cell));
    il_words_add(c->t, "</th><th scope=\"row\" class=\"text\">");
    il_report_html_run(c, cell_of(c, found->cells[p->b].cell));
    il_words_add(c->t, "</th><td>%zu</td><td%s>", p->n, differs ? " class=\"best\"" : "");
    il_report_html_signed(c->t, p->difference);
    il_words_add(c->t, "</td><td>");
    il_report_html_between(c->t, p->interval);
    il_words_add(c->t, "</td>");
    put_p(c->t, p->wilcoxon);
    put_p(c->t, p->wilcoxon_holm);
    il_words_add(c->t, "<td class=\"left\">%s</td></tr>\n", differs ? "yes" : "no");
}

static void put_pairs(il_chapter *c, const il_comparison *found, const il_matrix_part *part, const char *kind, bool open)
{
    size_t differ = 0;
    for (size_t i = 0; i < found->npairs; i++)
        differ += found->pairs[i].wilcoxon_holm < 0.05;
    il_words_add(c->t, "<details%s><summary>", open ? " open" : "");
    il_html_text(c->t, kind);
    il_words_add(c->t, ", ");
    il_html_text(c->t, part->dataset);
    il_words_add(c->t, ": %zu of %zu pairs differ</summary>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Pairs\"><table>\n"
                 "<caption><span>Difference of the mean IoU over pictures, first minus second</span></caption>\n<thead><tr>"
                 "<th scope=\"col\" class=\"text\">first</th><th scope=\"col\" class=\"text\">second</th><th scope=\"col\">pictures</th>"
                 "<th scope=\"col\">difference</th><th scope=\"col\">95\xc2\xa0%% interval</th><th scope=\"col\">p</th>"
                 "<th scope=\"col\">p after Holm</th><th scope=\"col\" class=\"left\">differ</th></tr></thead>\n<tbody>\n", differ,
                 found->npairs);
    for (size_t i = 0; i < found->npairs; i++)
        put_pair(c, found, &found->pairs[i]);
    il_words_add(c->t, "</tbody></table></div></details>\n");
}

/* Cells of one image kind of a part that have values; more than MOST_CELLS are counted only. */
static size_t choose(char names[MOST_CELLS][24], const char *list[MOST_CELLS], const il_chapter *c, const il_matrix_part *part,
                     size_t kind)
{
    size_t n = 0;
    for (size_t run = 0; run < part->runs.count; run++) {
        size_t cell = il_matrix_find(&c->m, part, run, kind);
        if (cell == c->m.cells.count || c->pictures[cell].defined == 0)
            continue;
        if (n < MOST_CELLS) {
            snprintf(names[n], sizeof names[n], "%.20s", il_matrix_at(&c->m, cell, IL_CELL));
            list[n] = names[n];
        }
        n++;
    }
    return n;
}

static int compare_kind(il_chapter *c, const il_matrix_part *part, size_t kind, size_t *shown, il_err *e)
{
    char names[MOST_CELLS][24];
    const char *list[MOST_CELLS];
    size_t n = choose(names, list, c, part, kind);
    il_comparison found = { 0 };
    il_err why = { 0 };
    if (n < 2)
        return IL_OK;
    (*shown)++;
    if (n > MOST_CELLS) {
        il_words_add(c->t, "<p>");
        il_html_text(c->t, part->kinds.items[kind]);
        il_words_add(c->t, ": %zu cells, too many pairs for a page; <code>inpaintlab compare</code> compares those you name.</p>\n", n);
        return IL_OK;
    }
    int rc = il_compare_cells(&found, c->s, list, n, IL_METRIC_IOU, &why);
    if (rc == IL_OK) {
        put_pairs(c, &found, part, part->kinds.items[kind], *shown == 1);
    } else if (rc == IL_EDATA) {
        il_words_add(c->t, "<p>");
        il_html_text(c->t, why.message);
        il_words_add(c->t, "</p>\n");
        rc = IL_OK;
    } else {
        *e = why;
    }
    il_compare_free(&found);
    return rc;
}

int il_report_html_compare(il_chapter *c, il_err *e)
{
    size_t shown = 0;
    int rc = IL_OK;
    il_report_html_heading(c, "compare", "Differences between runs");
    il_words_add(c->t, "<p>Runs tested on the same pictures, paired picture by picture: Wilcoxon's signed-rank test of their IoU,"
                 " two-sided, corrected by Holm over the pairs of one table; they differ where p after Holm is below 0.05.</p>\n");
    for (size_t i = 0; i < c->m.nparts && rc == IL_OK; i++)
        for (size_t k = 0; k < c->m.parts[i].kinds.count && rc == IL_OK; k++)
            rc = compare_kind(c, &c->m.parts[i], k, &shown, e);
    if (rc == IL_OK && !shown)
        il_words_add(c->t, "<p class=\"soft\">No two cells were measured on the same pictures.</p>\n");
    return rc;
}
