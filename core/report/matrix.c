/* matrix.c - the cells of one experiment: what tells its runs apart, and the parts that were tested on one data set. */
#include <stdlib.h>
#include <string.h>
#include "report/matrix.h"

static const struct {
    const char *label, *column;
} bys[] = { [IL_BY_RUN] = { "run", "run" },
            [IL_BY_MODEL] = { "model", "model" },
            [IL_BY_DATASET] = { "data set", "dataset" },
            [IL_BY_POLICY] = { "mask policy", "mask_policy" },
            [IL_BY_LOSS] = { "loss", "loss" },
            [IL_BY_TRAINED_ON] = { "trained on", "trained_on" },
            [IL_BY_SEED] = { "seed", "seed" } };

/* Nothing was trained: weights from elsewhere are tested. */
#define GIVEN "COALESCE(json_type(r.config, '$.train') = 'text', 0)"

#define COLUMNS                                                                                                                                                                                   \
    " c.run, c.split, c.status, c.message, c.collapsed, c.test, c.cell, c.model, c.dataset, c.mask_policy, c.loss,"                                                                               \
    " c.trained_on, (SELECT CASE WHEN " GIVEN                                                                                                                                                     \
    " THEN NULL ELSE r.seed END FROM runs r WHERE r.hash = c.run_hash) AS seed,"                                                                                                                  \
    " (SELECT " GIVEN                                                                                                                                                                             \
    " FROM runs r WHERE r.hash = c.run_hash) AS given, c.tested_weights, c.images > 0 AND c.authentic = c.images AS authentic, c.false_alarms,"                                                   \
    " c.marked, (SELECT r.collapse FROM runs r WHERE r.hash = c.run_hash) AS collapse, CASE WHEN c.published_iou IS NULL THEN c.published_table END AS unmatched, c.truth, c.images AS pictures," \
    " (SELECT m.value FROM test_metrics m WHERE m.test = c.test AND m.convention = ?2 AND m.metric = ?3) AS value,"                                                                               \
    " (SELECT COUNT(DISTINCT COALESCE(i.photo, i.id)) FROM images i WHERE i.test = c.test) AS photos,"                                                                                            \
    " (SELECT json_remove(r.config, '$.seed') || COALESCE(r.manifest, '') FROM runs r WHERE r.hash = c.run_hash)"                                                                                 \
    " || COALESCE(c.test_batch, '') AS settings"

#define PLAIN                                                                                                          \
    "SELECT tested_dataset, tested_on, '' AS degradation," COLUMNS " FROM cells c"                                     \
    " WHERE experiment = ?1 AND degradation IS NULL ORDER BY cell"

/* Pictures as they are stand beside each kind of degradation. */
#define DEGRADED                                                                                                                   \
    "SELECT c.tested_dataset || ' ' || c.tested_on AS tested_dataset,"                                                             \
    " CASE WHEN c.level IS NULL THEN 'none' ELSE printf('%.10g', c.level) END AS tested_on, k.degradation AS degradation," COLUMNS \
    " FROM (SELECT run, tested_dataset, tested_on, split, degradation, MIN(cell) AS first FROM cells"                              \
    "  WHERE experiment = ?1 AND degradation IS NOT NULL GROUP BY 1, 2, 3, 4, 5) k"                                                \
    " JOIN cells c ON c.experiment = ?1 AND c.run = k.run AND c.tested_dataset = k.tested_dataset"                                 \
    " AND c.tested_on = k.tested_on AND c.split = k.split AND (c.degradation IS NULL OR c.degradation = k.degradation)"            \
    " ORDER BY k.first, c.degradation IS NOT NULL, c.cell"

static const char expected[] =
    "cells: cell int, run text, split text, status text, message text?, collapsed int?, test int?, model text, dataset text,"
    " mask_policy text, loss text, trained_on text, seed int?, given int, tested_weights text?, authentic int?, false_alarms real?,"
    " marked real?, collapse text?, unmatched text?, truth text?, pictures count?, value real?, photos count?,"
    " settings text?, tested_dataset text, tested_on text, degradation text";

const char *il_matrix_label(il_by by)
{
    return bys[by].label;
}

static il_matrix_cell read_cell(const il_rows *r, size_t i)
{
    il_matrix_cell c = { .cell = il_rows_int(r, i, "cell"),
                         .test = il_rows_int(r, i, "test"),
                         .tested_dataset = il_rows_word(r, i, "tested_dataset"),
                         .split = il_rows_word(r, i, "split"),
                         .tested_on = il_rows_word(r, i, "tested_on"),
                         .degradation = il_rows_word(r, i, "degradation"),
                         .status = il_rows_word(r, i, "status"),
                         .message = il_rows_word(r, i, "message"),
                         .weights = il_rows_word(r, i, "tested_weights"),
                         .unmatched = il_rows_word(r, i, "unmatched"),
                         .truth = il_rows_word(r, i, "truth"),
                         .settings = il_rows_word(r, i, "settings"),
                         .value = il_rows_real(r, i, "value"),
                         .pictures = il_rows_int(r, i, "pictures"),
                         .photos = il_rows_int(r, i, "photos"),
                         .alarms = il_rows_real(r, i, "false_alarms"),
                         .marked = il_rows_real(r, i, "marked"),
                         .collapsed = il_rows_int(r, i, "collapsed") == 1,
                         .collapse = il_rows_word(r, i, "collapse"),
                         .given = il_rows_int(r, i, "given") == 1,
                         .authentic = il_rows_int(r, i, "authentic") == 1 };
    for (int by = 0; by < IL_BYS; by++)
        c.by[by] = il_rows_word(r, i, bys[by].column);
    c.done = strcmp(c.status, "done") == 0;
    return c;
}

/* ---- distinct texts ---- */

static int distinct_new(il_distinct *d, size_t most, il_err *e)
{
    *d = (il_distinct){ .items = calloc(most + 1, sizeof *d->items), .room = 2 * most + 1 };
    d->places = calloc(d->room, sizeof *d->places);
    return d->items && d->places ? IL_OK : il_fail_oom(e);
}

static void distinct_free(il_distinct *d)
{
    free(d->items);
    free(d->places);
}

/* Where the word is noted, or would be. */
static size_t *place_of(const il_distinct *d, const char *word)
{
    size_t hash = 14695981039346656037u; /* FNV-1a */
    for (const unsigned char *c = (const unsigned char *)word; *c; c++)
        hash = (hash ^ *c) * 1099511628211u;
    size_t i = hash % d->room;
    while (d->places[i] && strcmp(d->items[d->places[i] - 1], word) != 0)
        i = (i + 1) % d->room;
    return &d->places[i];
}

/* The word's place in items. */
static size_t distinct_add(il_distinct *d, const char *word)
{
    size_t *place = place_of(d, word);
    if (!*place) {
        d->items[d->count++] = word;
        *place = d->count;
    }
    return *place - 1;
}

/* ---- labels ---- */

/* Of their first cells; the seed is no label that tells more than trainings of one kind apart. */
static bool same_labels(const il_matrix_cell *a, const il_matrix_cell *b)
{
    for (int by = IL_BY_MODEL; by < IL_BY_SEED; by++)
        if (strcmp(a->by[by], b->by[by]) != 0)
            return false;
    return true;
}

static bool same_axes(const il_matrix *m, size_t run, size_t other)
{
    for (size_t i = 0; i < m->axes.count; i++) {
        const char *a = m->axes.values[run * m->axes.count + i], *b = m->axes.values[other * m->axes.count + i];
        if (a && b ? strcmp(a, b) != 0 : a != b)
            return false;
    }
    return true;
}

static int by_labels(const void *a, const void *b)
{
    const il_matrix_cell *one = *(il_matrix_cell *const *)a, *other = *(il_matrix_cell *const *)b;
    int order = strcmp(one->settings, other->settings);
    for (int by = IL_BY_MODEL; by < IL_BYS && order == 0; by++)
        order = strcmp(one->by[by], other->by[by]);
    return order ? order : (one->run > other->run) - (one->run < other->run);
}

/* Runs of equal settings and labels stand together, sorted by seed: a seed that comes again is no further seed. A group is
 * called by its run that stands first in the table. */
static void find_groups(il_matrix *m, const il_matrix_cell **runs)
{
    for (size_t i = 0, end; i < m->runs.count; i = end) {
        size_t first = runs[i]->run;
        for (end = i + 1; end < m->runs.count; end++) {
            const il_matrix_cell *c = runs[end], *before = runs[end - 1];
            if (strcmp(c->settings, before->settings) != 0 || !same_labels(c, before) ||
                strcmp(c->by[IL_BY_SEED], before->by[IL_BY_SEED]) == 0)
                break;
            first = c->run < first ? c->run : first;
        }
        for (size_t k = i; k < end; k++)
            m->group[runs[k]->run] = first;
        m->most = end - i > m->most ? end - i : m->most;
    }
}

/* The run's name is shown where neither labels nor axes tell it from another. */
static bool needs_names(const il_matrix *m)
{
    for (size_t i = 0; i < m->runs.count; i++)
        for (size_t k = 0; k < i; k++) {
            const il_matrix_cell *a = &m->cells[m->first[i]], *b = &m->cells[m->first[k]];
            bool seeds = m->most > 1 ? m->group[i] == m->group[k] : strcmp(a->by[IL_BY_SEED], b->by[IL_BY_SEED]) != 0;
            if (!seeds && same_labels(a, b) && same_axes(m, i, k))
                return true;
        }
    return false;
}

const char *il_matrix_common(const il_matrix *m, il_by by)
{
    size_t i = 0;
    while (i + 1 < m->runs.count && !*m->cells[m->first[i]].by[by])
        i++;
    return m->cells[m->first[i]].by[by];
}

/* Labels that differ between runs are shown. A run that only tests weights has no data set, loss and seed. */
static int choose_labels(il_matrix *m, il_err *e)
{
    const il_matrix_cell **runs = calloc(m->runs.count + 1, sizeof(const il_matrix_cell *));
    if (!runs)
        return il_fail_oom(e);
    m->shown[IL_BY_TRAINED_ON] = true;
    for (size_t i = 0; i < m->runs.count; i++) {
        runs[i] = &m->cells[m->first[i]];
        for (int by = IL_BY_MODEL; by < IL_BYS; by++)
            if (*runs[i]->by[by] && strcmp(il_matrix_common(m, (il_by)by), runs[i]->by[by]) != 0)
                m->shown[by] = true;
    }
    if (m->runs.count)
        qsort(runs, m->runs.count, sizeof(const il_matrix_cell *), by_labels);
    find_groups(m, runs);
    m->shown[IL_BY_RUN] = needs_names(m);
    free(runs);
    return IL_OK;
}

static int read_axes(il_matrix *m, il_store *s, const char *experiment, il_err *e)
{
    il_axes_run *runs = calloc(m->runs.count + 1, sizeof *runs);
    if (!runs)
        return il_fail_oom(e);
    for (size_t i = 0; i < m->runs.count; i++) {
        const char *const *by = m->cells[m->first[i]].by;
        runs[i] = (il_axes_run){ m->runs.items[i],
                                 { by[IL_BY_MODEL], by[IL_BY_DATASET], by[IL_BY_POLICY], by[IL_BY_LOSS] },
                                 m->cells[m->first[i]].given };
    }
    int rc = il_matrix_axes_read(&m->axes, s, experiment, runs, m->runs.count, e);
    free(runs);
    return rc;
}

/* ---- parts ---- */

static bool is_in(const il_matrix_cell *c, const il_matrix_part *p)
{
    return strcmp(c->tested_dataset, p->dataset) == 0 && strcmp(c->split, p->split) == 0 &&
           strcmp(c->degradation, p->degradation) == 0;
}

/* The part of each cell, made where it is the first. A database has few. */
static void find_parts(il_matrix *m)
{
    for (size_t i = 0; i < m->count; i++) {
        il_matrix_cell *c = &m->cells[i];
        size_t k = i > 0 && is_in(c, &m->parts[c[-1].part]) ? c[-1].part : 0;
        while (k < m->nparts && !is_in(c, &m->parts[k]))
            k++;
        if (k == m->nparts)
            m->parts[m->nparts++] = (il_matrix_part){ .dataset = c->tested_dataset,
                                                      .split = c->split,
                                                      .degradation = c->degradation };
        c->part = k;
    }
}

/* Rows and columns. Authentic are the kinds, of those that were tested, of which every test is of authentic pictures alone. */
static int fill_part(il_matrix *m, size_t part, const size_t *cells, size_t count, il_err *e)
{
    il_matrix_part *p = &m->parts[part];
    int rc = distinct_new(&p->kinds, count, e);
    if (!rc)
        rc = distinct_new(&p->runs, count, e);
    for (size_t i = 0; !rc && i < count; i++) {
        il_matrix_cell *c = &m->cells[cells[i]];
        c->kind = distinct_add(&p->kinds, c->tested_on);
        c->row = distinct_add(&p->runs, c->by[IL_BY_RUN]);
    }
    if (rc)
        return rc;
    bool *tampered = calloc(p->kinds.count + 1, sizeof *tampered);
    p->authentic = calloc(p->kinds.count + 1, sizeof *p->authentic);
    p->at = calloc(p->kinds.count * p->runs.count + 1, sizeof *p->at);
    if (!tampered || !p->authentic || !p->at)
        rc = il_fail_oom(e);
    for (size_t i = 0; !rc && i < count; i++) {
        const il_matrix_cell *c = &m->cells[cells[i]];
        size_t *at = &p->at[c->row * p->kinds.count + c->kind];
        *at = *at ? *at : cells[i] + 1;
        tampered[c->kind] = tampered[c->kind] || (c->done && !c->authentic);
        p->authentic[c->kind] = !tampered[c->kind] && (p->authentic[c->kind] || c->done);
    }
    free(tampered);
    return rc;
}

/* Cells sorted by part, each in the order of the rows. */
static int fill_parts(il_matrix *m, il_err *e)
{
    size_t *start = calloc(m->nparts + 2, sizeof *start), *sorted = calloc(m->count + 1, sizeof *sorted);
    int rc = start && sorted ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; !rc && i < m->count; i++)
        start[m->cells[i].part + 2]++;
    for (size_t k = 2; !rc && k < m->nparts + 2; k++)
        start[k] += start[k - 1];
    for (size_t i = 0; !rc && i < m->count; i++)
        sorted[start[m->cells[i].part + 1]++] = i;
    for (size_t k = 0; !rc && k < m->nparts; k++)
        rc = fill_part(m, k, sorted + start[k], start[k + 1] - start[k], e);
    free(start);
    free(sorted);
    return rc;
}

const il_matrix_cell *il_matrix_run(const il_matrix *m, const char *run)
{
    size_t place = *place_of(&m->runs, run);
    return place ? &m->cells[m->first[place - 1]] : NULL;
}

const il_matrix_cell *il_matrix_find(const il_matrix_part *p, const il_matrix *m, size_t run, size_t kind)
{
    size_t at = p->at[run * p->kinds.count + kind];
    return at ? &m->cells[at - 1] : NULL;
}

/* ---- the whole ---- */

static int fill(il_matrix *m, il_store *s, const char *experiment, il_err *e)
{
    m->count = m->rows.count;
    m->cells = calloc(m->count + 1, sizeof *m->cells);
    m->first = calloc(m->count + 1, sizeof *m->first);
    m->group = calloc(m->count + 1, sizeof *m->group);
    m->parts = calloc(m->count + 1, sizeof *m->parts);
    int rc = m->cells && m->first && m->group && m->parts ? distinct_new(&m->runs, m->count, e) : il_fail_oom(e);
    for (size_t i = 0; !rc && i < m->count; i++) {
        size_t before = m->runs.count;
        m->cells[i] = read_cell(&m->rows, i);
        m->cells[i].run = distinct_add(&m->runs, m->cells[i].by[IL_BY_RUN]);
        if (m->runs.count > before)
            m->first[before] = i;
    }
    if (!rc)
        rc = read_axes(m, s, experiment, e);
    if (!rc)
        rc = choose_labels(m, e);
    if (!rc) {
        find_parts(m);
        rc = fill_parts(m, e);
    }
    return rc;
}

int il_matrix_read(il_matrix *out, il_store *s, const char *experiment, bool degraded, const il_measure *measure,
                   il_err *e)
{
    il_matrix m = { .experiment = experiment,
                    .measure = { .convention = "published", .metric = "iou", .published = true } };
    if (measure)
        m.measure = *measure;
    int rc = il_store_read(&m.rows, s, expected, degraded ? DEGRADED : PLAIN,
                           (const char *const[]){ experiment, m.measure.convention, m.measure.metric, NULL }, e);
    if (!rc)
        rc = fill(&m, s, experiment, e);
    if (rc) {
        il_matrix_free(&m);
        return rc;
    }
    *out = m;
    return IL_OK;
}

void il_matrix_free(il_matrix *m)
{
    for (size_t i = 0; m->parts && i < m->nparts; i++) {
        free(m->parts[i].authentic);
        free(m->parts[i].at);
        distinct_free(&m->parts[i].kinds);
        distinct_free(&m->parts[i].runs);
    }
    free(m->parts);
    distinct_free(&m->runs);
    free(m->first);
    free(m->group);
    il_matrix_axes_free(&m->axes);
    free(m->cells);
    il_store_rows_free(&m->rows);
    *m = (il_matrix){ 0 };
}
