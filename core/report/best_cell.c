/* best_cell.c - which of several cells is better than all the others, picture by picture. */
#include <math.h>
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
                 : il_store_query(out, s,
                                  "SELECT c.cell FROM cells c WHERE c.cell IN (SELECT value FROM json_each(?1))"
                                  " AND c.status = 'done' AND EXISTS (SELECT 1 FROM images i WHERE i.test = c.test"
                                  " AND i.tp + i.fp + i.fn > 0) ORDER BY c.cell",
                                  (const char *const[]){ list.data, NULL }, e);
    il_text_free(&list);
    return rc;
}

/* The cell that wins all its pairs; pairs of unequal truth are none, and one that has no other stands alone. ncells when
 * there is none, or when two groups of unequal truth have one each. */
static size_t winner(const il_comparison *c)
{
    size_t found = c->ncells, winners = 0;
    for (size_t i = 0; i < c->ncells; i++) {
        size_t pairs = 0;
        bool wins = true;
        for (size_t k = 0; k < c->npairs && wins; k++) {
            const il_compare_pair *p = &c->pairs[k];
            if ((p->a != i && p->b != i) || p->unlike)
                continue;
            wins = il_compare_differ(p) && (p->a == i ? p->difference > 0 : p->difference < 0);
            pairs++;
        }
        if (wins && pairs) {
            found = i;
            winners++;
        }
    }
    return winners == 1 ? found : c->ncells;
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

static size_t defined(const il_best_method *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->count; i++)
        n += !isnan(m->values[i]);
    return n;
}

/* Each pair of like truth: p by Welch's test, negative where the second is the better. */
static size_t test_pairs(double *p, bool *first_wins, const il_best_method *methods, size_t count)
{
    size_t n = 0;
    for (size_t a = 0; a < count; a++)
        for (size_t b = a + 1; b < count; b++, n++) {
            const il_best_method *x = &methods[a], *y = &methods[b];
            p[n] = strcmp(x->truth, y->truth) == 0 ? il_stats_welch(x->values, x->count, y->values, y->count) : NAN;
            first_wins[n] = il_stats_mean(x->values, x->count) > il_stats_mean(y->values, y->count);
        }
    return n;
}

int il_best_of_seeds(size_t *out, const il_best_method *methods, size_t count, il_err *e)
{
    double *p = calloc(count * count + 1, sizeof *p);
    bool *first_wins = calloc(count * count + 1, sizeof *first_wins), whole = true;
    int rc = p && first_wins ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; i < count; i++)
        whole = whole && methods[i].count > 1 && defined(&methods[i]) == methods[i].count;
    *out = count;
    if (!rc && whole)
        rc = il_stats_holm(p, test_pairs(p, first_wins, methods, count), e);
    for (size_t i = 0; !rc && whole && i < count; i++) {
        bool wins = true;
        size_t n = 0, rivals = 0;
        for (size_t a = 0; a < count; a++)
            for (size_t b = a + 1; b < count; b++, n++) {
                if ((a != i && b != i) || strcmp(methods[a].truth, methods[b].truth) != 0)
                    continue;
                wins = wins && p[n] < 0.05 && first_wins[n] == (a == i);
                rivals++;
            }
        if (wins && rivals)
            *out = i;
    }
    free(p);
    free(first_wins);
    return rc;
}
