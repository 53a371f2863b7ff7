/* matrix.c - the cells of one experiment: what tells its runs apart, and the parts that were tested on one data set. */
#include <stdlib.h>
#include <string.h>
#include "report/matrix.h"

static const char *const label_names[] = {
    [IL_BY_RUN] = "run", [IL_BY_MODEL] = "model", [IL_BY_DATASET] = "data set", [IL_BY_POLICY] = "mask policy",
    [IL_BY_LOSS] = "loss", [IL_BY_TRAINED_ON] = "trained on", [IL_BY_SEED] = "seed" };

/* From the degradation on, which is '' where columns are image kinds. */
#define AFTER_LABELS(degradation) \
    degradation ", c.tested_weights, c.images > 0 AND c.authentic = c.images, c.false_alarms, c.marked," \
    " CASE WHEN c.published_iou IS NULL THEN c.published_table END"

#define PLAIN \
    "SELECT run, tested_dataset, split, tested_on, iou, status, message, collapsed, test, cell," \
    " model, dataset, mask_policy, loss, trained_on, seed, " AFTER_LABELS("''") " FROM cells c" \
    " WHERE experiment = ?1 AND degradation IS NULL ORDER BY cell"

/* Pictures as they are stand beside each kind of degradation. */
#define DEGRADED \
    "SELECT c.run, c.tested_dataset || ' ' || c.tested_on, c.split," \
    " CASE WHEN c.level IS NULL THEN 'none' ELSE printf('%.10g', c.level) END, c.iou, c.status, c.message, c.collapsed," \
    " c.test, c.cell, c.model, c.dataset, c.mask_policy, c.loss, c.trained_on, c.seed, " AFTER_LABELS("k.degradation") \
    " FROM (SELECT run, tested_dataset, tested_on, split, degradation, MIN(cell) AS first FROM cells" \
    "  WHERE experiment = ?1 AND degradation IS NOT NULL GROUP BY 1, 2, 3, 4, 5) k" \
    " JOIN cells c ON c.experiment = ?1 AND c.run = k.run AND c.tested_dataset = k.tested_dataset" \
    " AND c.tested_on = k.tested_on AND c.split = k.split AND (c.degradation IS NULL OR c.degradation = k.degradation)" \
    " ORDER BY k.first, c.degradation IS NOT NULL, c.cell"

const char *il_matrix_label(il_column column)
{
    return label_names[column];
}

const char *il_matrix_at(const il_matrix *m, size_t cell, il_column column)
{
    const char *text = m->cells.values[cell * m->cells.columns + column];
    return text ? text : "";
}

/* d->count when it is not there. */
static size_t index_of(const il_distinct *d, const char *word)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i] && strcmp(d->items[i], word) == 0)
            return i;
    return d->count;
}

/* d->items must have room for one more. */
static bool add_word(il_distinct *d, const char *word)
{
    if (index_of(d, word) < d->count)
        return false;
    d->items[d->count++] = word;
    return true;
}

static bool same_labels(const il_matrix *m, size_t a, size_t b)
{
    for (int c = IL_BY_MODEL; c <= IL_BY_SEED; c++)
        if (strcmp(il_matrix_at(m, a, (il_column)c), il_matrix_at(m, b, (il_column)c)) != 0)
            return false;
    return true;
}

/* Labels that differ between runs are shown; the run's name too, where they do not tell all of them apart. */
static void choose_labels(il_matrix *m)
{
    m->shown[IL_BY_TRAINED_ON] = true;
    for (size_t i = 1; i < m->runs.count; i++)
        for (int c = IL_BY_MODEL; c <= IL_BY_SEED; c++)
            if (strcmp(il_matrix_at(m, m->first[0], (il_column)c), il_matrix_at(m, m->first[i], (il_column)c)) != 0)
                m->shown[c] = true;
    for (size_t i = 0; i < m->runs.count && !m->shown[IL_BY_RUN]; i++)
        for (size_t j = 0; j < i; j++)
            if (same_labels(m, m->first[i], m->first[j]))
                m->shown[IL_BY_RUN] = true;
}

/* ---- parts ---- */

bool il_matrix_in(const il_matrix *m, const il_matrix_part *p, size_t cell)
{
    return strcmp(il_matrix_at(m, cell, IL_TESTED_DATASET), p->dataset) == 0 &&
           strcmp(il_matrix_at(m, cell, IL_SPLIT), p->split) == 0 &&
           strcmp(il_matrix_at(m, cell, IL_DEGRADATION), p->degradation) == 0;
}

/* Of the kinds that were tested, those of which every test is of authentic pictures alone. */
static void find_authentic(const il_matrix *m, il_matrix_part *p)
{
    for (int tampered = 0; tampered < 2; tampered++)
        for (size_t i = 0; i < m->cells.count; i++)
            if (il_matrix_in(m, p, i) && strcmp(il_matrix_at(m, i, IL_STATUS), "done") == 0 &&
                (strcmp(il_matrix_at(m, i, IL_AUTHENTIC), "1") != 0) == tampered)
                p->authentic[index_of(&p->kinds, il_matrix_at(m, i, IL_TESTED_ON))] = !tampered;
}

static int add_part(il_matrix *m, size_t cell, il_err *e)
{
    size_t room = m->cells.count;
    il_matrix_part *p = &m->parts[m->nparts];
    *p = (il_matrix_part){ il_matrix_at(m, cell, IL_TESTED_DATASET), il_matrix_at(m, cell, IL_SPLIT),
                    il_matrix_at(m, cell, IL_DEGRADATION), { calloc(room, sizeof(char *)), 0 }, { calloc(room, sizeof(char *)), 0 },
                    calloc(room, sizeof(bool)) };
    m->nparts++;
    if (!p->kinds.items || !p->runs.items || !p->authentic)
        return il_fail_oom(e);
    for (size_t i = cell; i < m->cells.count; i++)
        if (il_matrix_in(m, p, i)) {
            add_word(&p->kinds, il_matrix_at(m, i, IL_TESTED_ON));
            add_word(&p->runs, il_matrix_at(m, i, IL_BY_RUN));
        }
    find_authentic(m, p);
    return IL_OK;
}

static int find_parts(il_matrix *m, il_err *e)
{
    int rc = IL_OK;
    m->nparts = 0;
    for (size_t i = 0; rc == IL_OK && i < m->cells.count; i++) {
        bool known = false;
        for (size_t k = 0; k < m->nparts; k++)
            known = known || il_matrix_in(m, &m->parts[k], i);
        rc = known ? IL_OK : add_part(m, i, e);
    }
    return rc;
}

size_t il_matrix_run(const il_matrix *m, const char *run)
{
    size_t i = index_of(&m->runs, run);
    return i < m->runs.count ? m->first[i] : m->cells.count;
}

size_t il_matrix_find(const il_matrix *m, const il_matrix_part *p, size_t run, size_t kind)
{
    for (size_t i = 0; i < m->cells.count; i++)
        if (il_matrix_in(m, p, i) && strcmp(il_matrix_at(m, i, IL_BY_RUN), p->runs.items[run]) == 0 &&
            strcmp(il_matrix_at(m, i, IL_TESTED_ON), p->kinds.items[kind]) == 0)
            return i;
    return m->cells.count;
}

/* ---- the whole ---- */

int il_matrix_read(il_matrix *out, il_store *s, const char *experiment, bool degraded, il_err *e)
{
    il_matrix m = { 0 };
    int rc = il_store_query(&m.cells, s, degraded ? DEGRADED : PLAIN, (const char *const[]){ experiment, NULL }, e);
    if (rc != IL_OK)
        return rc;
    m.runs.items = calloc(m.cells.count + 1, sizeof *m.runs.items);
    m.first = calloc(m.cells.count + 1, sizeof *m.first);
    m.parts = calloc(m.cells.count + 1, sizeof *m.parts);
    if (!m.runs.items || !m.first || !m.parts)
        rc = il_fail_oom(e);
    for (size_t i = 0; rc == IL_OK && i < m.cells.count; i++)
        if (add_word(&m.runs, il_matrix_at(&m, i, IL_BY_RUN)))
            m.first[m.runs.count - 1] = i;
    if (rc == IL_OK) {
        choose_labels(&m);
        rc = find_parts(&m, e);
    }
    if (rc != IL_OK) {
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
        free(m->parts[i].kinds.items);
        free(m->parts[i].runs.items);
    }
    free(m->parts);
    free(m->runs.items);
    free(m->first);
    il_store_rows_free(&m->cells);
    *m = (il_matrix){ 0 };
}
