/* best_cell.c - which of several cells is better than all the others, picture by picture. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "report/best_cell.h"
#include "report/compare.h"

/* Those of the cells that take part, by number. */
static int read_rivals(il_rows *out, il_store *s, const int64_t *cells, size_t count, il_err *e)
{
    il_text list = { 0 };
    for (size_t i = 0; i < count; i++)
        il_text_add(&list, "%c%lld", i ? ',' : '[', (long long)cells[i]);
    il_text_add(&list, "%s", count ? "]" : "[]");
    int rc = list.failed
                 ? il_fail_oom(e)
                 : il_store_read(
                       out, s, "cells: cell int",
                       "SELECT MIN(c.cell) AS cell FROM cells c WHERE c.cell IN (SELECT value FROM json_each(?1))"
                       " AND c.status = 'done' AND EXISTS (SELECT 1 FROM images i WHERE i.test = c.test"
                       " AND i.tp + i.fp + i.fn > 0) GROUP BY c.test ORDER BY cell",
                       (const char *const[]){ list.data, NULL }, e);
    il_text_free(&list);
    return rc;
}

/* The cell that wins all its pairs; ncells when there is none. Where one is of another truth or other pictures, none is the best
 * of all: a bold number beside a larger one of another truth would be read as a comparison. */
static size_t winner(const il_comparison *c)
{
    for (size_t i = 0; i < c->npairs; i++)
        if (c->pairs[i].unlike)
            return c->ncells;
    for (size_t i = 0; i < c->ncells; i++) {
        bool wins = true;
        for (size_t k = 0; k < c->npairs && wins; k++) {
            const il_compare_pair *p = &c->pairs[k];
            if (p->a != i && p->b != i)
                continue;
            wins = il_compare_differ(p) && (p->a == i ? p->difference > 0 : p->difference < 0);
        }
        if (wins)
            return i;
    }
    return c->ncells;
}

static int find_winner(int64_t *cell, il_store *s, const il_rows *rivals, il_err *e)
{
    const char *names[IL_COMPARE_MOST];
    il_comparison c = { 0 };
    il_err why = { 0 };
    for (size_t i = 0; i < rivals->count; i++)
        names[i] = il_rows_text(rivals, i, "cell");
    int rc = il_compare_tests(&c, s, names, rivals->count, IL_METRIC_IOU, &why);
    if (!rc && winner(&c) < c.ncells)
        *cell = c.cells[winner(&c)].cell;
    il_compare_free(&c);
    if (!rc || rc == IL_EDATA) /* no picture in common: none stands out */
        return IL_OK;
    *e = why;
    return rc;
}

int il_best_cell(size_t *out, il_store *s, const int64_t *cells, size_t count, il_err *e)
{
    il_rows rivals = { 0 };
    int64_t best = 0;
    int rc = read_rivals(&rivals, s, cells, count, e);
    if (!rc && rivals.count >= 2 && rivals.count <= IL_COMPARE_MOST)
        rc = find_winner(&best, s, &rivals, e);
    il_store_rows_free(&rivals);
    if (rc)
        return rc;
    *out = count;
    for (size_t i = 0; best && i < count; i++)
        if (cells[i] == best)
            *out = i;
    return IL_OK;
}

/* ---- over seeds ---- */

/* Each pair's p by Welch's test, and whether the first has the higher mean. */
static size_t test_pairs(double *p, bool *first_wins, const il_best_method *methods, size_t count)
{
    size_t n = 0;
    for (size_t a = 0; a < count; a++)
        for (size_t b = a + 1; b < count; b++, n++) {
            const il_best_method *x = &methods[a], *y = &methods[b];
            p[n] = il_stats_welch(x->values, x->count, y->values, y->count);
            first_wins[n] = il_stats_mean(x->values, x->count) > il_stats_mean(y->values, y->count);
        }
    return n;
}

static bool wins(size_t method, const double *p, const bool *first_wins, size_t count)
{
    size_t n = 0;
    for (size_t a = 0; a < count; a++)
        for (size_t b = a + 1; b < count; b++, n++)
            if ((a == method || b == method) && !(p[n] < 0.05 && first_wins[n] == (a == method)))
                return false;
    return true;
}

int il_best_of_seeds(size_t *out, const il_best_method *methods, size_t count, il_err *e)
{
    double *p = calloc(count * count + 1, sizeof *p);
    bool *first_wins = calloc(count * count + 1, sizeof *first_wins), whole = count > 1;
    int rc = p && first_wins ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; i < count; i++)
        whole = whole && methods[i].count > 1 && strcmp(methods[i].truth, methods[0].truth) == 0;
    *out = count;
    if (!rc && whole)
        rc = il_stats_holm(p, test_pairs(p, first_wins, methods, count), e);
    for (size_t i = 0; !rc && whole && i < count; i++)
        if (wins(i, p, first_wins, count))
            *out = i;
    free(p);
    free(first_wins);
    return rc;
}
