/* compare.c - cells tested on the same pictures against each other: paired tests, corrected by Holm. */
#include <stdio.h>
#include <stdlib.h>
#include "report/compare_print.h"
#include "report/html/page_parts.h"

enum { MOST_CELLS = 10 }; /* 45 pairs */

/* Names of the compared cells' runs, as one text each. */
static void name_cells(il_text names[MOST_CELLS], const il_chapter *c, const il_comparison *found)
{
    for (size_t i = 0; i < found->ncells; i++)
        for (size_t k = 0; k < c->m.count; k++)
            if (c->m.cells[k].cell == found->cells[i].cell)
                il_page_run(&names[i], &c->m, &c->m.cells[k]);
}

static int put_pairs(il_chapter *c, const il_comparison *found, const il_matrix_part *part, const char *kind, bool open,
                     il_err *e)
{
    il_text names[MOST_CELLS] = { { 0 } };
    const char *list[MOST_CELLS];
    il_table t = { 0 };
    size_t differ = 0, refused = 0, fewest = 0;
    il_text photos = { 0 };
    name_cells(names, c, found);
    for (size_t i = 0; i < found->ncells; i++) {
        list[i] = names[i].data;
        c->t->failed = c->t->failed || names[i].failed;
    }
    for (size_t i = 0; i < found->npairs; i++) {
        differ += il_compare_differ(&found->pairs[i]);
        refused += (found->pairs[i].unlike & IL_UNLIKE_REFUSED) != 0;
    }
    for (size_t i = 1; i < found->ncells; i++)
        fewest = found->cells[i].photos < found->cells[fewest].photos ? i : fewest;
    il_compare_note_photos(&photos, found->cells[fewest].defined, found->cells[fewest].photos);
    il_footnotes_take(&t.notes, &photos);
    if (refused)
        il_footnotes_add(&t.notes,
                         "Not compared are cells that are measured by different truths, or in which nothing is true.");
    il_text_add(
        &t.title,
        "Difference of the mean IoU over pictures, cell minus other, with its 95\xc2\xa0%% interval from low to high,"
        " and p of two paired tests%s.",
        found->npairs > 1 ? ", as they are and after Holm's correction" : "");
    il_compare_pairs(&t, found, list);
    il_text_add(c->t, "<details%s><summary>", open ? " open" : "");
    il_html_text(c->t, kind);
    il_text_add(c->t, ", ");
    il_html_text(c->t, part->dataset);
    il_page_put_split(c->t, part->split);
    il_text_add(c->t, ": %zu of %zu pairs of trainings differ</summary>\n", differ, found->npairs - refused);
    int rc = il_page_table(c->t, &t, e);
    il_text_add(c->t, "</details>\n");
    for (size_t i = 0; i < found->ncells; i++)
        il_text_free(&names[i]);
    return rc;
}

/* Whether an earlier run of the part is the same one under another name, as --set dataset.root makes it. */
static bool is_same_test(const il_chapter *c, const il_matrix_part *part, size_t run, size_t kind)
{
    for (size_t i = 0; i < run; i++) {
        const il_matrix_cell *cell = il_matrix_find(part, &c->m, i, kind);
        if (cell && cell->test == il_matrix_find(part, &c->m, run, kind)->test)
            return true;
    }
    return false;
}

/* Cells of one image kind of a part that have values; more than MOST_CELLS are counted only. */
static size_t choose(char names[MOST_CELLS][24], const char *list[MOST_CELLS], const il_chapter *c,
                     const il_matrix_part *part, size_t kind)
{
    size_t n = 0;
    for (size_t run = 0; run < part->runs.count; run++) {
        const il_matrix_cell *cell = il_matrix_find(part, &c->m, run, kind);
        if (!cell || c->pictures[cell - c->m.cells].defined == 0 || is_same_test(c, part, run, kind))
            continue;
        if (n < MOST_CELLS) {
            snprintf(names[n], sizeof names[n], "%lld", (long long)cell->cell);
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
        il_text_add(c->t, "<p>");
        il_html_text(c->t, part->kinds.items[kind]);
        il_text_add(
            c->t,
            ": %zu cells, too many pairs for a page; <code>inpaintlab compare</code> compares those you name.</p>\n",
            n);
        return IL_OK;
    }
    int rc = il_compare_cells(&found, c->s, list, n, IL_METRIC_IOU, &why);
    if (!rc) {
        rc = put_pairs(c, &found, part, part->kinds.items[kind], *shown == 1, e);
    } else if (rc == IL_EDATA) {
        il_text_add(c->t, "<p>");
        il_html_text(c->t, why.message);
        il_text_add(c->t, "</p>\n");
        rc = IL_OK;
    } else {
        *e = why;
    }
    il_compare_free(&found);
    return rc;
}

int il_page_compare(il_chapter *c, il_err *e)
{
    size_t shown = 0;
    int rc = IL_OK;
    il_page_heading(c, "compare", "Differences between runs");
    il_text_add(
        c->t,
        "<p>Runs tested on the same pictures, paired picture by picture: Wilcoxon's signed-rank test of the mean IoU of each"
        " photo, two-sided, corrected by Holm over the pairs of one table; they differ where p after Holm is below 0.05. " IL_COMPARE_TRAININGS
        "</p>\n");
    for (size_t i = 0; i < c->m.nparts && !rc; i++)
        for (size_t k = 0; k < c->m.parts[i].kinds.count && !rc; k++)
            rc = compare_kind(c, &c->m.parts[i], k, &shown, e);
    if (!rc && !shown)
        il_text_add(c->t, "<p class=\"soft\">No two cells were measured on the same pictures.</p>\n");
    return rc;
}
