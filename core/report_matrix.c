/* report_matrix.c - the cells of one experiment: a row per run, a column per image kind it was tested on, or per level
 * of what these were degraded by. */
#include <stdlib.h>
#include <string.h>
#include "report_formats.h"

enum column { RUN, TESTED_DATASET, SPLIT, TESTED_ON, IOU, STATUS, MESSAGE, COLLAPSED, TEST,
              MODEL, DATASET, MASK_POLICY, LOSS, TRAINED_ON, SEED, COLUMNS, DEGRADATION = COLUMNS };
static const char *const label_names[] = {
    [RUN] = "run", [MODEL] = "model", [DATASET] = "data set", [MASK_POLICY] = "mask policy", [LOSS] = "loss",
    [TRAINED_ON] = "trained on", [SEED] = "seed" };

/* DEGRADATION comes last, '' where columns are image kinds. */
#define PLAIN \
    "SELECT run, tested_dataset, split, tested_on, iou, status, message, collapsed, test," \
    " model, dataset, mask_policy, loss, trained_on, seed, '' FROM cells" \
    " WHERE experiment = ?1 AND degradation IS NULL ORDER BY cell"

/* Pictures as they are stand beside each kind of degradation. */
#define DEGRADED \
    "SELECT c.run, c.tested_dataset || ' ' || c.tested_on, c.split," \
    " CASE WHEN c.level IS NULL THEN 'none' ELSE printf('%.10g', c.level) END, c.iou, c.status, c.message, c.collapsed," \
    " c.test, c.model, c.dataset, c.mask_policy, c.loss, c.trained_on, c.seed, k.degradation" \
    " FROM (SELECT run, tested_dataset, tested_on, split, degradation, MIN(cell) AS first FROM cells" \
    "  WHERE experiment = ?1 AND degradation IS NOT NULL GROUP BY 1, 2, 3, 4, 5) k" \
    " JOIN cells c ON c.experiment = ?1 AND c.run = k.run AND c.tested_dataset = k.tested_dataset" \
    " AND c.tested_on = k.tested_on AND c.split = k.split AND (c.degradation IS NULL OR c.degradation = k.degradation)" \
    " ORDER BY k.first, c.degradation IS NOT NULL, c.cell"

/* Distinct texts in the order in which they came; they are borrowed. */
struct words {
    const char **items;
    size_t count;
};

struct matrix {
    il_rows cells;
    struct words runs;
    size_t *first;          /* of each run: a cell of it */
    bool shown[COLUMNS];    /* labels that tell runs apart */
};

static const char *at(const struct matrix *m, size_t cell, enum column column)
{
    const char *text = m->cells.values[cell * m->cells.columns + column];
    return text ? text : "";
}

/* w->count when it is not there. */
static size_t index_of(const struct words *w, const char *word)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->items[i] && strcmp(w->items[i], word) == 0)
            return i;
    return w->count;
}

/* w->items must have room for one more. */
static bool add_word(struct words *w, const char *word)
{
    if (index_of(w, word) < w->count)
        return false;
    w->items[w->count++] = word;
    return true;
}

static bool same_labels(const struct matrix *m, size_t a, size_t b)
{
    for (int c = MODEL; c <= SEED; c++)
        if (strcmp(at(m, a, (enum column)c), at(m, b, (enum column)c)) != 0)
            return false;
    return true;
}

/* Labels that differ between runs are shown; the run's name too, where they do not tell all of them apart. */
static void choose_labels(struct matrix *m)
{
    m->shown[TRAINED_ON] = true;
    for (size_t i = 1; i < m->runs.count; i++)
        for (int c = MODEL; c <= SEED; c++)
            if (strcmp(at(m, m->first[0], (enum column)c), at(m, m->first[i], (enum column)c)) != 0)
                m->shown[c] = true;
    for (size_t i = 0; i < m->runs.count && !m->shown[RUN]; i++)
        for (size_t j = 0; j < i; j++)
            if (same_labels(m, m->first[i], m->first[j]))
                m->shown[RUN] = true;
}

static int read_matrix(struct matrix *m, il_store *s, const char *experiment, const char *query, il_err *e)
{
    int rc = il_store_query(&m->cells, s, query, (const char *const[]){ experiment, NULL }, e);
    if (rc != IL_OK)
        return rc;
    m->runs.items = calloc(m->cells.count + 1, sizeof *m->runs.items);
    m->first = calloc(m->cells.count + 1, sizeof *m->first);
    if (!m->runs.items || !m->first)
        return il_fail_oom(e);
    for (size_t i = 0; i < m->cells.count; i++)
        if (add_word(&m->runs, at(m, i, RUN)))
            m->first[m->runs.count - 1] = i;
    choose_labels(m);
    return IL_OK;
}

static char *shown_value(const struct matrix *m, size_t cell)
{
    char number[32];
    if (strcmp(at(m, cell, STATUS), "done") != 0)
        return il_words_copy(at(m, cell, STATUS));
    if (!*at(m, cell, IOU))
        return il_words_copy("-");
    il_report_number(number, strtod(at(m, cell, IOU), NULL));
    return il_words_copy(number);
}

/* The part of the matrix that was tested on one data set's split. */
struct part {
    const char *dataset, *split, *degradation;
    struct words kinds, runs;
};

static bool is_in(const struct matrix *m, const struct part *p, size_t cell)
{
    return strcmp(at(m, cell, TESTED_DATASET), p->dataset) == 0 && strcmp(at(m, cell, SPLIT), p->split) == 0 &&
           strcmp(at(m, cell, DEGRADATION), p->degradation) == 0;
}

static int new_rows(il_rows *out, size_t columns, size_t count, il_err *e)
{
    *out = (il_rows){ .names = calloc(columns, sizeof(char *)), .values = calloc(count * columns, sizeof(char *)),
                      .numeric = calloc(columns, sizeof(bool)) };
    if (!out->names || !out->values || !out->numeric)
        return il_fail_oom(e);
    out->columns = columns;
    out->count = count;
    return IL_OK;
}

static void fill_labels(il_rows *out, const struct matrix *m, const struct part *p)
{
    size_t column = 0;
    for (int c = 0; c < COLUMNS; c++) {
        if (!m->shown[c])
            continue;
        out->names[column] = il_words_copy(label_names[c]);
        out->numeric[column] = c == SEED;
        for (size_t run = 0; run < p->runs.count; run++) {
            size_t cell = m->first[index_of(&m->runs, p->runs.items[run])];
            out->values[run * out->columns + column] = il_words_copy(at(m, cell, (enum column)c));
        }
        column++;
    }
}

static int fill_part(il_rows *out, const struct matrix *m, const struct part *p, il_err *e)
{
    size_t labels = 0;
    for (int c = 0; c < COLUMNS; c++)
        labels += m->shown[c];
    int rc = new_rows(out, labels + p->kinds.count, p->runs.count, e);
    if (rc != IL_OK)
        return rc;
    fill_labels(out, m, p);
    for (size_t i = 0; i < p->kinds.count; i++) {
        out->names[labels + i] = il_words_copy(p->kinds.items[i]);
        out->numeric[labels + i] = true;
    }
    for (size_t i = 0; i < m->cells.count; i++)
        if (is_in(m, p, i))
            out->values[index_of(&p->runs, at(m, i, RUN)) * out->columns + labels +
                        index_of(&p->kinds, at(m, i, TESTED_ON))] = shown_value(m, i);
    for (size_t i = 0; i < out->columns * out->count; i++) {
        if (!out->values[i])
            out->values[i] = il_words_copy(""); /* the grid does not ask for it */
        if (!out->values[i] || !out->names[i % out->columns])
            return il_fail_oom(e);
    }
    return IL_OK;
}

/* ---- the lines under a part ---- */

struct notes {
    const char **lines; /* ended by NULL */
    size_t count;
    bool failed;
};

static void add_note(struct notes *n, il_text *text)
{
    if (text->failed) {
        n->failed = true;
        il_words_free(text);
    } else if (text->data) {
        n->lines[n->count++] = text->data;
    }
    *text = (il_text){ 0 };
}

/* Has an earlier cell of the same run said the same? */
static bool is_repeated(const struct matrix *m, const struct part *p, size_t cell)
{
    for (size_t i = 0; i < cell; i++)
        if (is_in(m, p, i) && strcmp(at(m, i, RUN), at(m, cell, RUN)) == 0 &&
            strcmp(at(m, i, MESSAGE), at(m, cell, MESSAGE)) == 0)
            return true;
    return false;
}

static void note_failures(struct notes *n, const struct matrix *m, const struct part *p)
{
    for (size_t i = 0; i < m->cells.count; i++) {
        il_text line = { 0 };
        if (!is_in(m, p, i) || strcmp(at(m, i, STATUS), "done") == 0 || !*at(m, i, MESSAGE) || is_repeated(m, p, i))
            continue;
        il_words_add(&line, "%s: %s", at(m, i, STATUS), at(m, i, RUN));
        if (*at(m, i, TEST))
            il_words_add(&line, " on %s%s%s", p->degradation, *p->degradation ? " " : "", at(m, i, TESTED_ON));
        il_words_add(&line, ": %s", at(m, i, MESSAGE));
        add_note(n, &line);
    }
}

/* What holds for all runs, which convention of IoU is printed, and every mishap. */
static int write_notes(struct notes *n, const struct matrix *m, const struct part *p, il_err *e)
{
    il_text line = { 0 };
    n->lines = calloc(m->cells.count + 4, sizeof *n->lines);
    if (!n->lines)
        return il_fail_oom(e);
    for (int c = MODEL; c <= SEED; c++)
        if (!m->shown[c])
            il_words_add(&line, "%s%s %s", line.data ? ", " : "All runs: ", label_names[c],
                         at(m, m->first[0], (enum column)c));
    add_note(n, &line);
    il_words_add(&line, "%s", IL_REPORT_CONVENTION);
    add_note(n, &line);
    note_failures(n, m, p);
    for (size_t run = 0; run < p->runs.count; run++)
        if (strcmp(at(m, m->first[index_of(&m->runs, p->runs.items[run])], COLLAPSED), "1") == 0)
            il_words_add(&line, "%s%s", line.data ? ", " : "Collapsed (no pixel of the validation split is marked): ",
                         p->runs.items[run]);
    add_note(n, &line);
    return n->failed ? il_fail_oom(e) : IL_OK;
}

static void free_notes(struct notes *n)
{
    for (size_t i = 0; i < n->count; i++)
        free((char *)n->lines[i]);
    free(n->lines);
}

static int show_part(FILE *to, const struct matrix *m, const struct part *p, const char *title, il_format format,
                     il_err *e)
{
    struct notes notes = { 0 };
    il_text heading = { 0 };
    il_rows rows = { 0 };
    il_words_add(&heading, "%s: IoU on the %s split of %s, ", title, p->split, p->dataset);
    if (*p->degradation)
        il_words_add(&heading, "degraded by %s, a column for each level", p->degradation);
    else
        il_words_add(&heading, "a column for each image kind");
    int rc = heading.failed ? il_fail_oom(e) : fill_part(&rows, m, p, e);
    if (rc == IL_OK)
        rc = write_notes(&notes, m, p, e);
    if (rc == IL_OK)
        rc = il_report_sheet(to, &(il_sheet){ &rows, heading.data, notes.lines }, format, e);
    free_notes(&notes);
    il_words_free(&heading);
    il_store_rows_free(&rows);
    return rc;
}

/* Fills p with what belongs to the data set and split of a cell, and marks these cells as shown. */
static void collect_part(struct part *p, bool *shown, const struct matrix *m, size_t cell)
{
    p->dataset = at(m, cell, TESTED_DATASET);
    p->split = at(m, cell, SPLIT);
    p->degradation = at(m, cell, DEGRADATION);
    p->kinds.count = p->runs.count = 0;
    for (size_t i = cell; i < m->cells.count; i++) {
        if (!is_in(m, p, i))
            continue;
        shown[i] = true;
        add_word(&p->kinds, at(m, i, TESTED_ON));
        add_word(&p->runs, at(m, i, RUN));
    }
}

static int show_matrix(FILE *to, il_store *s, const char *query, il_report_named named, il_format format, bool gap,
                       il_err *e)
{
    struct matrix m = { 0 };
    struct part p = { 0 };
    bool *shown = NULL;
    int rc = read_matrix(&m, s, named.experiment, query, e);
    if (rc != IL_OK)
        goto done;
    shown = calloc(m.cells.count + 1, sizeof *shown);
    p.kinds.items = calloc(m.cells.count + 1, sizeof *p.kinds.items);
    p.runs.items = calloc(m.cells.count + 1, sizeof *p.runs.items);
    if (!shown || !p.kinds.items || !p.runs.items)
        rc = il_fail_oom(e);
    for (size_t i = 0; rc == IL_OK && i < m.cells.count; i++) {
        if (shown[i])
            continue;
        collect_part(&p, shown, &m, i);
        if (gap || i > 0)
            fputc('\n', to);
        rc = show_part(to, &m, &p, named.title, format, e);
    }
done:
    free(shown);
    free(p.kinds.items);
    free(p.runs.items);
    free(m.runs.items);
    free(m.first);
    il_store_rows_free(&m.cells);
    return rc;
}

int il_report_matrix(FILE *to, il_store *s, il_report_named named, il_format format, bool gap, il_err *e)
{
    return show_matrix(to, s, PLAIN, named, format, gap, e);
}

int il_report_levels(FILE *to, il_store *s, il_report_named named, il_format format, bool gap, il_err *e)
{
    return show_matrix(to, s, DEGRADED, named, format, gap, e);
}
