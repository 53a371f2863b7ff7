/* experiment_table.c - the cells of one experiment: a row per run, a column per image kind it was tested on, or per level of
 * what these were degraded by. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "report/best_cell.h"
#include "report/conventions.h"
#include "report/experiment_table.h"
#include "report/table_values.h"

/* ---- labels ---- */

void il_experiment_label_columns(il_table *t, const il_matrix *m)
{
    for (int by = 0; by < IL_BYS; by++)
        if (m->shown[by])
            il_table_add(t, il_matrix_label((il_by)by),
                         (il_table_column){ .label = true, .numeric = by == IL_BY_SEED });
}

il_table_cell *il_experiment_labels(il_table *t, const il_matrix *m, const il_matrix_cell *c)
{
    il_table_cell *last = NULL;
    for (int by = 0; by < IL_BYS; by++)
        if (m->shown[by])
            last = il_table_text(t, c->by[by]);
    return last; /* what a run was trained on is always shown */
}

/* ---- values ---- */

/* Of pictures without anything to be found: how many raise an alarm, and how much is marked. */
static void add_alarms(il_table *t, const il_matrix_cell *c, const il_experiment_view *view)
{
    il_table_number(t, c->alarms)->anchor = view->medium == IL_MEDIUM_PAGE ? c->cell : 0;
    il_table_number(t, c->marked);
}

/* On a page the mean over pictures stands below, with its interval. */
static void add_iou(il_table *t, const il_matrix *m, const il_matrix_cell *c, const il_experiment_view *view, bool best)
{
    il_table_cell *cell = il_table_number(t, c->iou);
    cell->best = best;
    if (view->medium != IL_MEDIUM_PAGE)
        return;
    const il_picture_scores *p = &view->pictures[c - m->cells];
    if (isnan(c->iou) || p->defined == 0 || c->authentic) {
        cell->hole = true;
        il_text_add(&cell->markup, "undefined");
        return;
    }
    cell->anchor = c->cell;
    il_table_values_interval(&cell->under, p->mean, p->between);
}

static void add_cell(il_table *t, const il_matrix *m, const il_matrix_cell *c, const il_experiment_view *view,
                     bool authentic, bool best)
{
    const char *status = !c ? "" : c->status; /* "": the grid does not ask for it */
    for (int i = 0; i <= authentic && (!c || !c->done); i++)
        il_table_text(t, status)->hole = c != NULL;
    if (c && c->done && authentic)
        add_alarms(t, c, view);
    else if (c && c->done)
        add_iou(t, m, c, view, best);
}

static void add_columns(il_table *t, const il_matrix *m, const il_matrix_part *p)
{
    const il_table_column look = { .numeric = true, .main = true };
    il_experiment_label_columns(t, m);
    for (size_t k = 0; k < p->kinds.count; k++) {
        il_text name = { 0 };
        il_text_add(&name, "%s: alarms", p->kinds.items[k]);
        il_table_add(t, p->authentic[k] ? name.data : p->kinds.items[k], look);
        il_text_free(&name);
        if (!p->authentic[k])
            continue;
        il_text_add(&name, "%s: marked", p->kinds.items[k]);
        il_table_add(t, name.data, look);
        il_text_free(&name);
    }
}

/* Of each column the row of the cell that stands out; the count of rows where none does. */
static int find_best(size_t *best, il_store *s, const il_matrix *m, const il_matrix_part *p, il_err *e)
{
    int64_t *cells = calloc(p->runs.count + 1, sizeof *cells);
    int rc = cells ? IL_OK : il_fail_oom(e);
    for (size_t k = 0; k < p->kinds.count && !rc; k++) {
        best[k] = p->runs.count;
        for (size_t run = 0; run < p->runs.count; run++) {
            const il_matrix_cell *c = il_matrix_find(p, m, run, k);
            cells[run] = c ? c->cell : 0;
        }
        if (!p->authentic[k])
            rc = il_best_cell(&best[k], s, cells, p->runs.count, e);
    }
    free(cells);
    return rc;
}

static int fill(il_table *t, il_store *s, const il_matrix *m, const il_matrix_part *p, const il_experiment_view *view,
                il_err *e)
{
    size_t *best = calloc(p->kinds.count + 1, sizeof *best);
    int rc = best ? IL_OK : il_fail_oom(e);
    if (!rc && view->medium != IL_MEDIUM_TEXT)
        rc = find_best(best, s, m, p, e);
    add_columns(t, m, p);
    for (size_t run = 0; run < p->runs.count && !rc; run++) {
        const il_matrix_cell *first = il_matrix_run(m, p->runs.items[run]);
        il_experiment_labels(t, m, first)->warning = first->collapsed ? "collapsed" : NULL;
        for (size_t k = 0; k < p->kinds.count; k++)
            add_cell(t, m, il_matrix_find(p, m, run, k), view, p->authentic[k],
                     view->medium != IL_MEDIUM_TEXT && best[k] == run);
    }
    free(best);
    return rc;
}

/* ---- the lines under a part ---- */

/* Has an earlier cell of the same run said the same? */
static bool is_repeated(const il_matrix *m, const il_matrix_part *p, const il_matrix_cell *c)
{
    for (size_t k = 0; k < p->kinds.count; k++) {
        const il_matrix_cell *other = il_matrix_find(p, m, c->row, k);
        if (other && other < c && strcmp(other->message, c->message) == 0)
            return true;
    }
    return false;
}

static void note_failures(il_footnotes *n, const il_matrix *m, size_t part)
{
    const il_matrix_part *p = &m->parts[part];
    for (size_t i = 0; i < m->count; i++) {
        const il_matrix_cell *c = &m->cells[i];
        il_text line = { 0 };
        if (c->part != part || c->done || !*c->message || is_repeated(m, p, c))
            continue;
        il_text_add(&line, "%s: %s", c->status, c->by[IL_BY_RUN]);
        if (c->test)
            il_text_add(&line, " on %s%s%s", p->degradation, *p->degradation ? " " : "", c->tested_on);
        il_text_add(&line, ": %s", c->message);
        il_footnotes_take(n, &line);
    }
}

static void note_collapses(il_footnotes *n, const il_matrix *m, const il_matrix_part *p)
{
    static const char *const leads[] = {
        "Collapsed (no pixel of the validation split is marked): ",
        "Collapsed (every pixel of the validation split is marked, so IoU is the masks' share): "
    };
    for (int all = 0; all < 2; all++) {
        il_text line = { 0 };
        for (size_t i = 0; i < p->runs.count; i++) {
            const il_matrix_cell *run = il_matrix_run(m, p->runs.items[i]);
            if (run->collapsed && (strcmp(run->collapse, "everything") == 0) == all)
                il_text_add(&line, "%s%s", line.data ? ", " : leads[all], p->runs.items[i]);
        }
        il_footnotes_take(n, &line);
    }
}

/* The labels that all runs share. */
static void note_common(il_footnotes *n, const il_matrix *m)
{
    il_text line = { 0 };
    for (int by = IL_BY_MODEL; by < IL_BYS; by++)
        if (!m->shown[by])
            il_text_add(&line, "%s%s %s", line.data ? ", " : "All runs: ", il_matrix_label((il_by)by),
                        m->cells[m->first[0]].by[by]);
    il_footnotes_take(n, &line);
}

static bool was_last(const il_matrix *m, size_t run)
{
    return strcmp(m->cells[m->first[run]].weights, "last") == 0;
}

/* Which weights were tested; where runs differ, of which runs which. */
static void note_weights(il_footnotes *n, const il_matrix *m)
{
    il_text line = { 0 };
    size_t best = 0, last = 0, told = 0;
    for (size_t run = 0; run < m->runs.count; run++) {
        best += strcmp(m->cells[m->first[run]].weights, "best") == 0;
        last += was_last(m, run);
    }
    if (best && last)
        il_text_add(&line, "Weights tested: of the best epoch;");
    else if (best || last)
        il_text_add(&line, "Weights tested: of the %s epoch.", last ? "last" : "best");
    for (size_t run = 0; best && last && run < m->runs.count; run++)
        if (was_last(m, run))
            il_text_add(&line, "%s %s", told++ ? "," : " of the last epoch in", m->runs.items[run]);
    il_footnotes_take(n, &line);
}

/* Of a grid that names a published table, none of whose cells has the labels of its own. */
static void note_unmatched(il_footnotes *n, const il_matrix *m)
{
    il_text line = { 0 };
    for (size_t i = 0; i < m->count; i++)
        if (!*m->cells[i].unmatched)
            return;
    if (m->count)
        il_text_add(&line, "The grid names the published table %s, but no cell has the labels of one of its cells.",
                    m->cells[0].unmatched);
    il_footnotes_take(n, &line);
}

static bool any_authentic(const il_matrix *m, size_t part, bool all)
{
    bool any = false;
    for (size_t i = all ? 0 : part; i < (all ? m->nparts : part + 1); i++)
        for (size_t k = 0; k < m->parts[i].kinds.count; k++)
            any = any || m->parts[i].authentic[k];
    return any;
}

/* What holds for all runs, which convention of IoU is printed, and every mishap. On a page: once, under the last part, and the
 * mishaps in a section of their own. */
static void add_notes(il_table *t, const il_matrix *m, size_t part, il_medium medium)
{
    il_footnotes *n = &t->notes;
    bool page = medium == IL_MEDIUM_PAGE;
    if (page && part + 1 < m->nparts)
        return;
    note_common(n, m);
    if (!page)
        il_footnotes_add(n, IL_CONVENTION_IOU);
    if (any_authentic(m, part, page))
        il_footnotes_add(n, IL_CONVENTION_AUTHENTIC);
    note_weights(n, m);
    if (m->shown[IL_BY_POLICY])
        il_footnotes_add(n, IL_CONVENTION_TRUTH);
    if (page)
        il_footnotes_add(n, "Best: " IL_BEST_NOTE("of its column") ".");
    else if (medium == IL_MEDIUM_LATEX && m->parts[part].runs.count > 1)
        il_footnotes_add(n, "Bold: " IL_BEST_NOTE("of the column") ".");
    note_unmatched(n, m);
    if (page)
        return;
    note_failures(n, m, part);
    note_collapses(n, m, &m->parts[part]);
}

/* ---- the whole ---- */

static void add_title(il_table *t, const il_matrix_part *p, const il_experiment_view *view)
{
    if (view->medium == IL_MEDIUM_PAGE) {
        il_text_add(
            &t->title,
            "IoU on the %s split of %s, a column for each kind of picture tested on. Large: as published (mean over"
            " batches). Small: mean over pictures, with its 95\xc2\xa0%% bootstrap interval.",
            p->split, p->dataset);
        return;
    }
    il_text_add(&t->title, "%s: IoU on the %s split of %s, ", view->title, p->split, p->dataset);
    if (*p->degradation)
        il_text_add(&t->title, "degraded by %s, a column for each level", p->degradation);
    else
        il_text_add(&t->title, "a column for each image kind");
    il_text_add(&t->label, "%s-%s-%s%s%s", view->name, p->dataset, p->split, *p->degradation ? "-" : "",
                p->degradation);
}

int il_experiment_table(il_table *out, il_store *s, const il_matrix *m, size_t part, const il_experiment_view *view,
                        il_err *e)
{
    il_table *t = out;
    const il_matrix_part *p = &m->parts[part];
    t->anchors = view->anchors;
    add_title(t, p, view);
    int rc = fill(t, s, m, p, view, e);
    add_notes(t, m, part, view->medium);
    return rc ? rc : il_table_check(t, e);
}
