/* experiment_table.c - the cells of one experiment: a row per run, or per kind of run over its seeds; a column per image kind it
 * was tested on, or per level of what these were degraded by. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "report/best_cell.h"
#include "report/experiment_notes.h"
#include "report/experiment_table.h"
#include "report/table_values.h"
#include "report/test_notes.h"

/* ---- labels ---- */

static void add_axes_columns(il_table *t, const il_matrix *m)
{
    for (size_t i = 0; i < m->axes.count; i++)
        il_table_add(t, m->axes.keys[i], (il_table_column){ .label = true, .as_is = true });
}

static il_table_cell *add_axes(il_table *t, const il_matrix *m, size_t run)
{
    il_table_cell *last = NULL;
    for (size_t i = 0; i < m->axes.count; i++) {
        const char *value = m->axes.values[run * m->axes.count + i];
        last = il_table_text(t, value ? value : "default");
    }
    return last;
}

void il_experiment_label_columns(il_table *t, const il_matrix *m)
{
    for (int by = 0; by < IL_BYS; by++)
        if (m->shown[by])
            il_table_add(t, il_matrix_label((il_by)by),
                         (il_table_column){ .label = true, .numeric = by == IL_BY_SEED });
    add_axes_columns(t, m);
}

il_table_cell *il_experiment_labels(il_table *t, const il_matrix *m, const il_matrix_cell *c)
{
    il_table_cell *last = NULL;
    for (int by = 0; by < IL_BYS; by++)
        if (m->shown[by])
            last = il_table_text(t, c->by[by]);
    return m->axes.count ? add_axes(t, m, c->run) : last; /* what a run was trained on is always shown */
}

/* Where runs differ in the seed alone, a row has all of these. */
static void group_columns(il_table *t, const il_matrix *m)
{
    if (m->most < 2) {
        il_experiment_label_columns(t, m);
        return;
    }
    for (int by = 0; by < IL_BY_SEED; by++)
        if (m->shown[by])
            il_table_add(t, il_matrix_label((il_by)by), (il_table_column){ .label = true });
    add_axes_columns(t, m);
    il_table_add(t, "seeds", (il_table_column){ .label = true, .numeric = true });
}

static il_table_cell *group_labels(il_table *t, const il_matrix *m, size_t run, size_t seeds)
{
    const il_matrix_cell *c = &m->cells[m->first[run]];
    if (m->most < 2)
        return il_experiment_labels(t, m, c);
    for (int by = 0; by < IL_BY_SEED; by++)
        if (m->shown[by])
            il_table_text(t, c->by[by]);
    add_axes(t, m, run);
    return il_table_int(t, (int64_t)seeds);
}

/* ---- rows ---- */

/* Runs that differ in the seed alone, of one part. */
struct row {
    size_t group, runs;
};

/* In the order of the part's runs. */
static size_t list_rows(struct row *rows, const il_matrix *m, const il_matrix_part *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->runs.count; i++) {
        size_t group = m->group[il_matrix_run(m, p->runs.items[i])->run], k = 0;
        while (k < n && rows[k].group != group)
            k++;
        if (k == n)
            rows[n++] = (struct row){ group, 0 };
        rows[k].runs++;
    }
    return n;
}

/* The row's cells of a kind; a run whose cell the grid does not ask for has none. Returns their number. */
static size_t list_cells(const il_matrix_cell **cells, const il_matrix *m, const il_matrix_part *p,
                         const struct row *row, size_t kind)
{
    size_t n = 0;
    for (size_t i = 0; i < p->runs.count; i++) {
        const il_matrix_cell *c = il_matrix_find(p, m, i, kind);
        if (c && m->group[c->run] == row->group)
            cells[n++] = c;
    }
    return n;
}

/* ---- values ---- */

enum part { VALUE, ALARMS, MARKED };

static double value_of(const il_matrix_cell *c, enum part what)
{
    return !c->done ? NAN : what == VALUE ? c->value : what == ALARMS ? c->alarms : c->marked;
}

/* "0.748 \xc2\xb1 0.015"; what is missing of the seeds is told. */
static il_table_cell *add_mean(il_table *t, const double *values, size_t n, size_t seeds)
{
    char mean[32], spread[32];
    il_text text = { 0 };
    if (n == 0)
        return il_table_text(t, NULL);
    il_table_decimals(mean, il_stats_mean(values, n));
    il_table_decimals(spread, il_stats_stdev(values, n));
    il_text_add(&text, n > 1 ? "%s \xc2\xb1 %s" : "%s", mean, spread);
    if (n < seeds)
        il_text_add(&text, " (%zu of %zu)", n, seeds);
    t->failed = t->failed || text.failed;
    il_table_cell *cell = il_table_text(t, text.data);
    il_text_free(&text);
    return cell;
}

/* On a page Student's interval of the mean stands below. */
static void add_seeds(il_table *t, const il_matrix_cell *const *cells, size_t count, enum part what, bool best,
                      il_medium medium)
{
    double *values = calloc(count, sizeof *values);
    size_t n = 0;
    for (size_t i = 0; values && i < count; i++)
        if (!isnan(value_of(cells[i], what)))
            values[n++] = value_of(cells[i], what);
    il_interval t95 = values ? il_stats_mean_interval(values, n, 0.95) : (il_interval){ NAN, NAN };
    t->failed = t->failed || !values;
    il_table_cell *cell = add_mean(t, values, n, count);
    free(values);
    cell->best = best;
    if (medium != IL_MEDIUM_PAGE)
        return;
    cell->anchor = what == MARKED ? 0 : cells[0]->cell;
    char low[32], high[32];
    il_table_decimals(low, t95.low);
    il_table_decimals(high, t95.high);
    if (n > 1)
        il_text_add(&cell->under, "%s to %s (t, %zu seeds)", low, high, n);
}

/* Of pictures without anything to be found: how many raise an alarm, and how much is marked. */
static void add_alarms(il_table *t, const il_matrix_cell *c, const il_experiment_view *view)
{
    il_table_number(t, c->alarms)->anchor = view->medium == IL_MEDIUM_PAGE ? c->cell : 0;
    il_table_number(t, c->marked);
}

/* On a page the mean over pictures stands below, with its interval. */
static void add_value(il_table *t, const il_matrix *m, const il_matrix_cell *c, const il_experiment_view *view,
                      bool best)
{
    il_table_cell *cell = il_table_number(t, c->value);
    cell->best = cell->one_seed = best;
    if (view->medium != IL_MEDIUM_PAGE)
        return;
    const il_picture_scores *p = &view->pictures[c - m->cells];
    if (isnan(c->value) || p->defined == 0 || c->authentic) {
        cell->hole = true;
        il_text_add(&cell->markup, "undefined");
        return;
    }
    cell->anchor = c->cell;
    il_table_values_interval(&cell->under, p->mean, p->between);
}

static void add_cells(il_table *t, const il_matrix *m, const il_matrix_cell *const *cells, size_t count,
                      const il_experiment_view *view, bool authentic, bool best)
{
    size_t done = 0;
    for (size_t i = 0; i < count; i++)
        done += cells[i]->done;
    for (int i = 0; i <= authentic && !done; i++) /* "": the grid does not ask for it */
        il_table_text(t, count ? cells[0]->status : "")->hole = count > 0;
    if (!done)
        return;
    if (count > 1) {
        add_seeds(t, cells, count, authentic ? ALARMS : VALUE, best, view->medium);
        if (authentic)
            add_seeds(t, cells, count, MARKED, false, view->medium);
    } else if (authentic) {
        add_alarms(t, cells[0], view);
    } else {
        add_value(t, m, cells[0], view, best);
    }
}

static void add_columns(il_table *t, const il_matrix *m, const il_matrix_part *p)
{
    const il_table_column look = { .numeric = true, .main = true };
    group_columns(t, m);
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

/* ---- what stands out ---- */

/* By pictures where each row has one seed; the measure must be the IoU that is compared. */
static int best_of_cells(size_t *best, il_store *s, const il_matrix *m, const il_matrix_part *p, const struct row *rows,
                         size_t nrows, const il_matrix_cell **room, size_t kind, il_err *e)
{
    int64_t *cells = calloc(nrows + 1, sizeof *cells);
    int rc = cells ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; !rc && i < nrows; i++)
        cells[i] = list_cells(room, m, p, &rows[i], kind) ? room[0]->cell : 0;
    if (!rc)
        rc = il_best_cell(best, s, cells, nrows, e);
    free(cells);
    return rc;
}

/* By seeds where each row that has values has several. */
static int best_of_seeds(size_t *best, const il_matrix *m, const il_matrix_part *p, const struct row *rows,
                         size_t nrows, const il_matrix_cell **room, size_t kind, il_err *e)
{
    il_best_method *methods = calloc(nrows + 1, sizeof *methods);
    double *values = calloc(p->runs.count + 1, sizeof *values), *next = values;
    size_t *at = calloc(nrows + 1, sizeof *at), n = 0, found = 0;
    int rc = methods && values && at ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; !rc && i < nrows; i++) {
        size_t count = list_cells(room, m, p, &rows[i], kind), defined = 0;
        for (size_t k = 0; k < count; k++)
            if (!isnan(value_of(room[k], VALUE)))
                next[defined++] = value_of(room[k], VALUE);
        if (defined) {
            at[n] = i;
            methods[n++] = (il_best_method){ next, defined, room[0]->truth };
        }
        next += defined;
    }
    if (!rc)
        rc = il_best_of_seeds(&found, methods, n, e);
    *best = !rc && found < n ? at[found] : nrows;
    free(methods);
    free(values);
    free(at);
    return rc;
}

/* Of each column the row that stands out; nrows where none does. */
static int find_best(size_t *best, il_store *s, const il_matrix *m, const il_matrix_part *p, const struct row *rows,
                     size_t nrows, const il_matrix_cell **room, il_err *e)
{
    int rc = IL_OK;
    for (size_t k = 0; k < p->kinds.count && !rc; k++) {
        best[k] = nrows;
        if (p->authentic[k])
            continue;
        if (m->most > 1)
            rc = best_of_seeds(&best[k], m, p, rows, nrows, room, k, e);
        else if (strcmp(m->measure.metric, "iou") == 0)
            rc = best_of_cells(&best[k], s, m, p, rows, nrows, room, k, e);
    }
    return rc;
}

/* ---- the whole ---- */

struct work {
    struct row *rows;
    size_t nrows, *best;
    const il_matrix_cell **room; /* for the cells of a row */
};

static bool any_collapsed(const il_matrix *m, size_t group)
{
    for (size_t run = 0; run < m->runs.count; run++)
        if (m->group[run] == group && m->cells[m->first[run]].collapsed)
            return true;
    return false;
}

static bool put_rows(il_table *t, const il_matrix *m, const il_matrix_part *p, const struct work *w,
                     const il_experiment_view *view)
{
    bool any = false;
    for (size_t i = 0; i < w->nrows; i++) {
        il_table_cell *label = group_labels(t, m, w->rows[i].group, w->rows[i].runs);
        label->warning = any_collapsed(m, w->rows[i].group) ? "collapsed" : NULL;
        for (size_t k = 0; k < p->kinds.count; k++) {
            bool best = view->medium != IL_MEDIUM_TEXT && w->best[k] == i;
            add_cells(t, m, w->room, list_cells(w->room, m, p, &w->rows[i], k), view, p->authentic[k], best);
            any = any || best;
        }
    }
    return any;
}

static int fill(il_table *t, bool *any_best, il_store *s, const il_matrix *m, const il_matrix_part *p,
                const il_experiment_view *view, il_err *e)
{
    struct work w = { calloc(p->runs.count + 1, sizeof *w.rows), 0, calloc(p->kinds.count + 1, sizeof *w.best),
                      calloc(p->runs.count + 1, sizeof(const il_matrix_cell *)) };
    int rc = w.rows && w.best && w.room ? IL_OK : il_fail_oom(e);
    if (!rc)
        w.nrows = list_rows(w.rows, m, p);
    if (!rc && view->medium != IL_MEDIUM_TEXT)
        rc = find_best(w.best, s, m, p, w.rows, w.nrows, w.room, e);
    add_columns(t, m, p);
    if (!rc)
        *any_best = put_rows(t, m, p, &w, view);
    free(w.rows);
    free(w.best);
    free(w.room);
    return rc;
}

static void add_title(il_table *t, const il_matrix_part *p, const il_measure *measure, size_t most,
                      const il_experiment_view *view)
{
    if (view->medium == IL_MEDIUM_PAGE) {
        il_text_add(&t->title,
                    "IoU on the %s split of %s, a column for each kind of picture tested on. Large: as published"
                    " (mean over batches)%s.",
                    p->split, p->dataset,
                    most > 1
                        ? ", over seeds mean \xc2\xb1 standard deviation, and small their 95\xc2\xa0% interval by"
                          " Student's t; of one seed small: mean over pictures, with its 95\xc2\xa0% bootstrap interval"
                        : ". Small: mean over pictures, with its 95\xc2\xa0% bootstrap interval over photos");
        return;
    }
    il_text_add(&t->title, "%s: %s on the %s split of %s, ", view->title, il_measure_shown(measure).text, p->split,
                p->dataset);
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
    bool any_best = false;
    add_title(t, p, &m->measure, m->most, view);
    int rc = fill(t, &any_best, s, m, p, view, e);
    il_experiment_notes(t, m, part, view->medium, any_best);
    if (!rc && !*p->degradation)
        rc = il_test_notes_add(
            &t->notes, s, (il_test_notes_of){ .experiment = m->experiment, .dataset = p->dataset, .split = p->split },
            e);
    return rc ? rc : il_table_check(t, e);
}
