/* best.c - which of several cells is better than all the others, picture by picture. */
#include <stdlib.h>
#include <string.h>
#include "report/best_cell.h"
#include "report/compare.h"

static int takes_part(bool *out, il_store *s, const char *cell, il_err *e)
{
    il_rows rows = { 0 };
    int rc = il_store_query(&rows, s, "SELECT 1 FROM cells c WHERE c.cell = CAST(?1 AS INTEGER) AND c.status = 'done' AND"
                            " EXISTS (SELECT 1 FROM images i WHERE i.test = c.test AND i.tp + i.fp + i.fn > 0)",
                            (const char *const[]){ cell, NULL }, e);
    if (rc == IL_OK)
        *out = rows.count > 0;
    il_store_rows_free(&rows);
    return rc;
}

/* The cell that wins all its pairs; ncells when there is none. */
static size_t winner(const il_comparison *c)
{
    for (size_t i = 0; i < c->ncells; i++) {
        bool wins = true;
        for (size_t k = 0; k < c->npairs && wins; k++) {
            const il_compare_pair *p = &c->pairs[k];
            if (p->a != i && p->b != i)
                continue;
            wins = p->wilcoxon_holm < IL_BEST_LEVEL && (p->a == i ? p->difference > 0 : p->difference < 0);
        }
        if (wins)
            return i;
    }
    return c->ncells;
}

int il_best_cell(size_t *out, il_store *s, const char *const *cells, size_t count, il_err *e)
{
    const char *names[IL_COMPARE_MOST];
    size_t index[IL_COMPARE_MOST], n = 0;
    il_comparison c = { 0 };
    il_err why = { 0 };
    int rc = IL_OK;
    for (size_t i = 0; i < count && rc == IL_OK; i++) {
        bool taken = false;
        rc = takes_part(&taken, s, cells[i], e);
        if (!taken)
            continue;
        if (n == IL_COMPARE_MOST) {
            n = 0; /* too many to be compared */
            break;
        }
        index[n] = i;
        names[n++] = cells[i];
    }
    if (rc != IL_OK)
        return rc;
    *out = count;
    if (n < 2)
        return IL_OK;
    rc = il_compare_cells(&c, s, names, n, IL_METRIC_IOU, &why);
    if (rc == IL_OK && winner(&c) < c.ncells)
        *out = index[winner(&c)];
    il_compare_free(&c);
    if (rc == IL_OK || rc == IL_EDATA) /* no picture in common: none stands out */
        return IL_OK;
    *e = why;
    return rc;
}
