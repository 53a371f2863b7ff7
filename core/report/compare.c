/* compare.c - cells against each other: pictures paired by id, intervals, paired tests, spread over seeds. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "report/compare.h"
#include "base/text.h"

static const il_boot boot = { .level = 0.95 };

static const struct {
    const char *name, *sql;
} metrics[] = {
    [IL_METRIC_IOU] = { "iou", "il_iou(tp, fp, fn)" },
    [IL_METRIC_F1] = { "f1", "il_f1(tp, fp, fn)" },
    [IL_METRIC_MCC] = { "mcc", "il_mcc(tp, fp, fn, tn)" },
    [IL_METRIC_AUC] = { "auc", "il_auc(tampered, clean)" },
};

const char *il_compare_name(il_metric metric)
{
    return metrics[metric].name;
}

/* ---- which cells ---- */

enum { CELL, TEST, STATUS, NAME, SHORT, TESTED, SETTINGS, SEED, COLUMNS };

#define DEGRADED(before) "COALESCE('" before "' || c.degradation || ' ' || printf('%.10g', c.level), '')"

static const char all_cells[] =
    "SELECT c.cell, c.test, c.status, c.run || '/' || c.tested_dataset || '/' || c.tested_on || " DEGRADED("/") ","
    " c.run || '/' || c.tested_on || " DEGRADED("/") ","
    " c.tested_dataset || ' ' || c.tested_on || ' ' || c.split || " DEGRADED(", ") ","
    " json_remove(r.config, '$.seed') || COALESCE(r.manifest, '') || COALESCE(c.test_batch, '') || c.tested_dataset || '/' || c.tested_on || '/' || c.split || " DEGRADED("/") ", c.seed"
    " FROM cells c JOIN runs r ON r.hash = c.run_hash ORDER BY c.cell";

static bool is_number(const char *name)
{
    for (const char *c = name; *c; c++)
        if (!isdigit((unsigned char)*c))
            return false;
    return *name != '\0';
}

static bool is_taken(const il_comparison *c, const char *column, int64_t test)
{
    for (size_t i = 0; i < c->ncells; i++)
        if (c->cells[i].cell == strtoll(column, NULL, 10) || c->cells[i].test == test)
            return true;
    return false;
}

static int take(il_comparison *c, char **row, il_err *e)
{
    if (c->ncells == IL_COMPARE_MOST)
        return il_fail(e, IL_EDATA, "more than %d cells; name fewer", IL_COMPARE_MOST);
    il_compare_cell *cell = &c->cells[c->ncells++];
    cell->cell = strtoll(row[CELL], NULL, 10);
    cell->test = strtoll(row[TEST], NULL, 10);
    cell->seed = strtoll(row[SEED], NULL, 10);
    cell->name = il_words_copy(row[NAME]);
    cell->tested = il_words_copy(row[TESTED]);
    cell->settings = il_words_copy(row[SETTINGS]);
    return cell->name && cell->tested && cell->settings ? IL_OK : il_fail_oom(e);
}

/* A number must be a measured cell that is not yet taken; a glob takes what it finds of these. */
static int take_named(il_comparison *c, const il_rows *all, const char *name, il_err *e)
{
    bool number = is_number(name), any = false;
    for (size_t i = 0; i < all->count; i++) {
        char **row = all->values + i * COLUMNS;
        bool meant = number ? strtoll(row[CELL], NULL, 10) == strtoll(name, NULL, 10)
                            : il_words_match(name, row[NAME]) || il_words_match(name, row[SHORT]);
        if (!meant)
            continue;
        bool measured = row[TEST] && strcmp(row[STATUS], "done") == 0;
        if (!measured && number)
            return il_fail(e, IL_EDATA, "cell %s is not measured: %s", name, row[STATUS]);
        if (!measured)
            continue;
        any = true;
        bool taken = is_taken(c, row[CELL], strtoll(row[TEST], NULL, 10));
        if (taken && number)
            return il_fail(e, IL_EDATA, "cell %s is named twice, or is the same test as another", name);
        int rc = taken ? IL_OK : take(c, row, e);
        if (rc != IL_OK)
            return rc;
    }
    if (!any)
        return il_fail(e, IL_EDATA, "%s: no measured cell is called so; `inpaintlab sql \"SELECT cell, run, tested_on"
                       " FROM cells\"` lists them", name);
    return IL_OK;
}

static int choose(il_comparison *c, il_store *s, const char *const *names, size_t count, il_err *e)
{
    il_rows all = { 0 };
    int rc = il_store_query(&all, s, all_cells, NULL, e);
    for (size_t i = 0; rc == IL_OK && i < count; i++)
        rc = take_named(c, &all, names[i], e);
    il_store_rows_free(&all);
    if (rc == IL_OK && c->ncells < 2)
        return il_fail(e, IL_EDATA, "%zu cell to compare; expected two or more", c->ncells);
    return rc;
}

/* ---- their values ---- */

static int by_id(const void *a, const void *b)
{
    return strcmp(((const il_value *)a)->id, ((const il_value *)b)->id);
}

static int read_values(il_compare_cell *cell, il_store *s, il_metric metric, il_err *e)
{
    char number[24], sql[200];
    const char *args[] = { number, NULL };
    snprintf(number, sizeof number, "%lld", (long long)cell->test);
    snprintf(sql, sizeof sql, "SELECT i.id, %s FROM images i LEFT JOIN scores s USING (test, id) WHERE i.test = ?1",
             metrics[metric].sql);
    int rc = il_store_query(&cell->rows, s, sql, args, e);
    if (rc != IL_OK)
        return rc;
    cell->pictures = cell->rows.count;
    cell->values = calloc(cell->pictures ? cell->pictures : 1, sizeof *cell->values);
    if (!cell->values)
        return il_fail_oom(e);
    for (size_t i = 0; i < cell->pictures; i++) {
        const char *value = cell->rows.values[2 * i + 1];
        cell->values[i] = (il_value){ cell->rows.values[2 * i], value ? strtod(value, NULL) : NAN };
    }
    if (cell->pictures)
        qsort(cell->values, cell->pictures, sizeof *cell->values, by_id);
    return IL_OK;
}

static int sum_up(il_compare_cell *cell, il_metric metric, il_err *e)
{
    double *x = malloc((cell->pictures ? cell->pictures : 1) * sizeof *x);
    if (!x)
        return il_fail_oom(e);
    for (size_t i = 0; i < cell->pictures; i++)
        if (!isnan(cell->values[i].value))
            x[cell->defined++] = cell->values[i].value;
    int rc = IL_OK;
    if (cell->defined == 0)
        rc = il_fail(e, IL_EDATA, "cell %lld (%s): %s is undefined for all of its %zu pictures%s", (long long)cell->cell,
                     cell->name, metrics[metric].name, cell->pictures,
                     metric == IL_METRIC_AUC ? ", or it was tested before scores were counted" : "");
    cell->mean = il_stats_mean(x, cell->defined);
    if (rc == IL_OK)
        rc = il_bootstrap_mean(&cell->interval, x, cell->defined, boot, e);
    free(x);
    return rc;
}

/* ---- pairs ---- */

/* Walks both lists in the order of ids; x and y have room for the shorter one. */
static void match(il_compare_pair *p, double *x, double *y, const il_compare_cell *a, const il_compare_cell *b)
{
    size_t i = 0, k = 0;
    while (i < a->pictures && k < b->pictures) {
        int order = strcmp(a->values[i].id, b->values[k].id);
        if (order != 0) {
            p->alone_a += order < 0;
            p->alone_b += order > 0;
            i += order < 0;
            k += order > 0;
            continue;
        }
        if (isnan(a->values[i].value) || isnan(b->values[k].value)) {
            p->undefined++;
        } else {
            x[p->n] = a->values[i].value;
            y[p->n++] = b->values[k].value;
        }
        i++;
        k++;
    }
    p->alone_a += a->pictures - i;
    p->alone_b += b->pictures - k;
}

static int compare_pair(il_compare_pair *p, const il_compare_cell *a, const il_compare_cell *b, il_err *e)
{
    size_t room = a->pictures + 1;
    double *x = malloc(room * sizeof *x), *y = malloc(room * sizeof *y), *d = malloc(room * sizeof *d);
    int rc = x && y && d ? IL_OK : il_fail_oom(e);
    if (rc == IL_OK) {
        match(p, x, y, a, b);
        for (size_t i = 0; i < p->n; i++)
            d[i] = x[i] - y[i];
        p->difference = il_stats_mean(d, p->n);
        p->ttest = il_stats_ttest(x, y, p->n);
        rc = il_stats_wilcoxon(&p->wilcoxon, x, y, p->n, e);
    }
    if (rc == IL_OK)
        rc = il_bootstrap_mean(&p->interval, d, p->n, boot, e);
    free(x);
    free(y);
    free(d);
    return rc;
}

static int correct(il_comparison *c, il_err *e)
{
    double *p = malloc((c->npairs ? c->npairs : 1) * sizeof *p);
    int rc = p ? IL_OK : il_fail_oom(e);
    for (int test = 0; rc == IL_OK && test < 2; test++) {
        for (size_t i = 0; i < c->npairs; i++)
            p[i] = test ? c->pairs[i].ttest : c->pairs[i].wilcoxon;
        rc = il_stats_holm(p, c->npairs, e);
        for (size_t i = 0; rc == IL_OK && i < c->npairs; i++)
            *(test ? &c->pairs[i].ttest_holm : &c->pairs[i].wilcoxon_holm) = p[i];
    }
    free(p);
    return rc;
}

static int all_pairs(il_comparison *c, il_err *e)
{
    size_t found = 0;
    c->pairs = calloc(c->ncells * c->ncells, sizeof *c->pairs);
    int rc = c->pairs ? IL_OK : il_fail_oom(e);
    for (size_t a = 0; a < c->ncells; a++)
        for (size_t b = a + 1; rc == IL_OK && b < c->ncells; b++) {
            il_compare_pair *p = &c->pairs[c->npairs++];
            p->a = a;
            p->b = b;
            rc = compare_pair(p, &c->cells[a], &c->cells[b], e);
            found += p->n + p->undefined;
        }
    if (rc == IL_OK && found == 0)
        return il_fail(e, IL_EDATA, "cells %lld and %lld%s cannot be paired: they were tested on different pictures (%s; %s)",
                       (long long)c->cells[0].cell, (long long)c->cells[1].cell, c->ncells > 2 ? " and the others" : "",
                       c->cells[0].tested, c->cells[1].tested);
    return rc == IL_OK ? correct(c, e) : rc;
}

/* ---- seeds ---- */

static bool same_settings(const il_comparison *c, size_t a, size_t b)
{
    return strcmp(c->cells[a].settings, c->cells[b].settings) == 0;
}

/* Whether an earlier cell has the settings and the seed as well. */
static bool is_repeated(const il_comparison *c, size_t cell)
{
    for (size_t i = 0; i < cell; i++)
        if (same_settings(c, i, cell) && c->cells[i].seed == c->cells[cell].seed)
            return true;
    return false;
}

static int all_seeds(il_comparison *c, il_err *e)
{
    double means[IL_COMPARE_MOST];
    c->seeds = calloc(c->ncells, sizeof *c->seeds);
    if (!c->seeds)
        return il_fail_oom(e);
    for (size_t i = 0; i < c->ncells; i++) {
        size_t n = 0, before = 0;
        for (size_t k = 0; k < c->ncells; k++)
            if (same_settings(c, i, k) && !is_repeated(c, k)) {
                before += k < i;
                means[n++] = c->cells[k].mean;
            }
        if (n > 1 && before == 0)
            c->seeds[c->nseeds++] = (il_compare_seeds){ i, n, il_stats_mean(means, n), il_stats_stdev(means, n) };
    }
    return IL_OK;
}

/* ---- the whole ---- */

int il_compare_cells(il_comparison *out, il_store *s, const char *const *names, size_t count, il_metric metric,
                     il_err *e)
{
    il_comparison c = { .metric = metric, .cells = calloc(IL_COMPARE_MOST, sizeof *c.cells) };
    int rc = c.cells ? choose(&c, s, names, count, e) : il_fail_oom(e);
    for (size_t i = 0; rc == IL_OK && i < c.ncells; i++) {
        rc = read_values(&c.cells[i], s, metric, e);
        if (rc == IL_OK)
            rc = sum_up(&c.cells[i], metric, e);
    }
    if (rc == IL_OK)
        rc = all_pairs(&c, e);
    if (rc == IL_OK)
        rc = all_seeds(&c, e);
    if (rc != IL_OK) {
        il_compare_free(&c);
        return rc;
    }
    *out = c;
    return IL_OK;
}

void il_compare_free(il_comparison *c)
{
    for (size_t i = 0; c && c->cells && i < c->ncells; i++) {
        free(c->cells[i].name);
        free(c->cells[i].tested);
        free(c->cells[i].settings);
        free(c->cells[i].values);
        il_store_rows_free(&c->cells[i].rows);
    }
    if (!c)
        return;
    free(c->cells);
    free(c->pairs);
    free(c->seeds);
    *c = (il_comparison){ 0 };
}
