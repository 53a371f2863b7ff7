/* experiment_notes.c - the lines under a table of an experiment's cells. */
#include <stdlib.h>
#include <string.h>
#include "report/best_cell.h"
#include "report/conventions.h"
#include "report/experiment_notes.h"
#include "store/stats/clusters.h"

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

static bool any_given(const il_matrix *m)
{
    for (size_t run = 0; run < m->runs.count; run++)
        if (m->cells[m->first[run]].given)
            return true;
    return false;
}

/* The labels that all runs share; of a training, those that all runs share which were trained here. */
static void note_common(il_footnotes *n, const il_matrix *m)
{
    bool given = any_given(m);
    il_text all = { 0 }, trained = { 0 };
    for (int by = IL_BY_MODEL; by < IL_BYS; by++) {
        const char *label = il_matrix_common(m, (il_by)by);
        bool apart = given && (by == IL_BY_DATASET || by == IL_BY_LOSS || by == IL_BY_SEED);
        il_text *line = apart ? &trained : &all;
        if (!m->shown[by] && *label)
            il_text_add(line, "%s%s %s",
                        line->data ? ", "
                        : apart    ? "All trained runs: "
                                   : "All runs: ",
                        il_matrix_label((il_by)by), label);
    }
    il_footnotes_take(n, &all);
    il_footnotes_take(n, &trained);
}

/* Whether "key=value" stands between commas in the run's name. */
static bool names_it(const char *run, const char *part, size_t size)
{
    for (const char *at = run; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, part, size) == 0 && (at[size] == ',' || !at[size]))
            return true;
    return false;
}

/* What stands in the names of all runs, as --set puts it there: no row tells of it. */
static void note_set(il_footnotes *n, const il_matrix *m)
{
    il_text line = { 0 };
    for (const char *at = m->runs.items[0]; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        size_t size = strcspn(at, ",");
        bool all = memchr(at, '=', size) != NULL;
        for (size_t run = 1; run < m->runs.count && all; run++)
            all = names_it(m->runs.items[run], at, size);
        if (all)
            il_text_add(&line, "%s%.*s", line.data ? ", " : "Set for all runs: ", (int)size, at);
    }
    if (line.data)
        il_text_add(&line, ".");
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

/* Weights from elsewhere; where not all are, which. */
static void note_given(il_footnotes *n, const il_matrix *m)
{
    il_text line = { 0 };
    size_t given = 0;
    for (size_t run = 0; run < m->runs.count; run++)
        given += m->cells[m->first[run]].given;
    if (given)
        il_text_add(&line, "Tested without a training, with weights from elsewhere: %s",
                    given == m->runs.count ? "all." : "");
    for (size_t run = 0, told = 0; given < m->runs.count && run < m->runs.count; run++)
        if (m->cells[m->first[run]].given)
            il_text_add(&line, "%s%s", told++ ? ", " : "", m->runs.items[run]);
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

/* "36 tiles of 6 photos", of each size that cells of the part have. */
static void note_pictures(il_footnotes *n, const il_matrix *m, size_t part)
{
    il_text line = { 0 };
    int64_t fewest = INT64_MAX;
    for (size_t i = 0; i < m->count; i++) {
        const il_matrix_cell *c = &m->cells[i];
        bool told = c->part != part || !c->done || !c->pictures;
        for (size_t k = 0; k < i && !told; k++)
            told = m->cells[k].part == part && m->cells[k].done && m->cells[k].pictures == c->pictures &&
                   m->cells[k].photos == c->photos;
        if (told)
            continue;
        fewest = c->photos < fewest ? c->photos : fewest;
        il_text_add(&line, "%s%lld %s%s", line.data ? ", or " : "Tested on ", (long long)c->pictures,
                    c->photos < c->pictures ? "tile" : "picture", c->pictures == 1 ? "" : "s");
        if (c->photos < c->pictures)
            il_text_add(&line, " of %lld photo%s", (long long)c->photos, c->photos == 1 ? "" : "s");
    }
    if (line.data)
        il_text_add(&line, fewest < IL_PHOTOS_ROUGH ? "; so few that others may give quite other numbers." : ".");
    il_footnotes_take(n, &line);
}

static size_t trained_in(const il_matrix *m, const il_matrix_part *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->runs.count; i++)
        n += !il_matrix_run(m, p->runs.items[i])->given;
    return n;
}

/* What a row says of seeds. */
static void note_seeds(il_footnotes *n, const il_matrix *m, const il_matrix_part *p)
{
    if (m->most > 1)
        il_footnotes_add(
            n, "A row is the mean \xc2\xb1 standard deviation over its seeds; a row of one seed has no \xc2\xb1, and"
               " its difference from others may be of that training alone.");
    else if (trained_in(m, p) > 1)
        il_footnotes_add(
            n, "One seed each: a difference between rows is one between these trainings, which other seeds may"
               " turn round.");
}

/* Splits other than test are told of in the title; here, when cells are measured by unequal truths. */
static void note_truths(il_footnotes *n, const il_matrix *m, size_t part)
{
    const char *first = NULL;
    bool unequal = false;
    for (size_t i = 0; i < m->count; i++) {
        const il_matrix_cell *c = &m->cells[i];
        if (c->part != part || !c->done || c->authentic)
            continue;
        unequal = unequal || (first && strcmp(first, c->truth) != 0);
        first = first ? first : c->truth;
    }
    if (unequal)
        il_footnotes_add(n, IL_CONVENTION_TRUTH);
}

static void note_measure(il_footnotes *n, const il_measure *measure)
{
    il_text line = { 0 };
    if (measure->published) {
        il_footnotes_add(n, IL_CONVENTION_IOU);
        return;
    }
    il_text_add(&line, "%s, %s: %s. - stands for no value.", measure->metric, measure->convention, measure->meaning);
    il_footnotes_take(n, &line);
}

/* What holds for all runs, which convention of IoU is printed, and every mishap. On a page: once, under the last part, and the
 * mishaps in a section of their own. */
void il_experiment_notes(il_table *t, const il_matrix *m, size_t part, il_medium medium, bool any_best)
{
    il_footnotes *n = &t->notes;
    bool page = medium == IL_MEDIUM_PAGE;
    note_pictures(n, m, part);
    note_truths(n, m, part);
    if (any_best)
        il_footnotes_add(n, m->most > 1 ? IL_BEST_SEEDS_NOTE(page)
                            : page      ? "Best: " IL_BEST_NOTE("of its column") "."
                                        : "Bold: " IL_BEST_NOTE("of the column") ".");
    if (!any_best || m->most > 1)
        note_seeds(n, m, &m->parts[part]);
    if (page && part + 1 < m->nparts)
        return;
    note_common(n, m);
    if (m->runs.count)
        note_set(n, m);
    if (!page)
        note_measure(n, &m->measure);
    if (any_authentic(m, part, page))
        il_footnotes_add(n, IL_CONVENTION_AUTHENTIC);
    note_weights(n, m);
    note_given(n, m);
    note_unmatched(n, m);
    if (page)
        return;
    note_failures(n, m, part);
    note_collapses(n, m, &m->parts[part]);
}
