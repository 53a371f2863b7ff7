/* compare.c - cells against each other: pictures paired by id, intervals, paired tests, spread over seeds. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "report/compare.h"

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

#define DEGRADED(before) "COALESCE('" before "' || c.degradation || ' ' || printf('%.10g', c.level), '')"

/* Where all are named by numbers, of these alone. */
static const char all_cells[] =
    "SELECT c.cell, c.test, c.status, c.run || '/' || c.tested_dataset || '/' || c.tested_on || " DEGRADED(
        "/") " AS name,"
             " c.run || '/' || c.tested_on || " DEGRADED(
                 "/") " AS short,"
                      " c.tested_dataset || ' ' || c.tested_on || ' ' || c.split || " DEGRADED(
                          ", ") " AS tested,"
                                " json_remove(r.config, '$.seed') || COALESCE(r.manifest, '') || COALESCE(c.test_batch, '') || c.tested_dataset || '/' ||"
                                " c.tested_on || '/' || c.split || " DEGRADED(
                                    "/") " AS settings, c.seed, (SELECT 1 FROM tests t WHERE t.id = c.test AND t.bins IS NULL) AS equal_bins"
                                         " FROM cells c JOIN runs r ON r.hash = c.run_hash WHERE ?1 = '' OR c.cell IN (SELECT value FROM json_each(?1))"
                                         " ORDER BY c.cell";

static bool is_number(const char *name)
{
    for (const char *c = name; *c; c++)
        if (!isdigit((unsigned char)*c))
            return false;
    return *name != '\0';
}

static bool is_taken(const il_comparison *c, int64_t cell, int64_t test)
{
    for (size_t i = 0; i < c->ncells; i++)
        if (c->cells[i].cell == cell || c->cells[i].test == test)
            return true;
    return false;
}

static int take(il_comparison *c, const il_rows *all, size_t row, il_err *e)
{
    if (c->ncells == IL_COMPARE_MOST)
        return il_fail(e, IL_EDATA, "more than %d cells; name fewer", IL_COMPARE_MOST);
    il_compare_cell *cell = &c->cells[c->ncells++];
    cell->cell = il_rows_int(all, row, "cell");
    cell->test = il_rows_int(all, row, "test");
    cell->seed = il_rows_int(all, row, "seed");
    cell->equal_bins = il_rows_text(all, row, "equal_bins") != NULL;
    cell->name = il_text_copy(il_rows_text(all, row, "name"));
    cell->tested = il_text_copy(il_rows_text(all, row, "tested"));
    cell->settings = il_text_copy(il_rows_text(all, row, "settings"));
    return cell->name && cell->tested && cell->settings ? IL_OK : il_fail_oom(e);
}

static bool is_meant(const il_rows *all, size_t row, const char *name)
{
    return is_number(name) ? il_rows_int(all, row, "cell") == strtoll(name, NULL, 10)
                           : il_text_match(name, il_rows_text(all, row, "name")) ||
                                 il_text_match(name, il_rows_text(all, row, "short"));
}

/* A number must be a measured cell that is not yet taken; a glob takes what it finds of these. */
static int take_named(il_comparison *c, const il_rows *all, const char *name, il_err *e)
{
    bool number = is_number(name), any = false;
    for (size_t i = 0; i < all->count; i++) {
        if (!is_meant(all, i, name))
            continue;
        const char *status = il_rows_text(all, i, "status");
        bool measured = il_rows_text(all, i, "test") && strcmp(status, "done") == 0;
        if (!measured && number)
            return il_fail(e, IL_EDATA, "cell %s is not measured: %s", name, status);
        if (!measured)
            continue;
        any = true;
        bool taken = is_taken(c, il_rows_int(all, i, "cell"), il_rows_int(all, i, "test"));
        if (taken && number)
            return il_fail(e, IL_EDATA, "cell %s is named twice, or is the same test as another", name);
        int rc = taken ? IL_OK : take(c, all, i, e);
        if (rc)
            return rc;
    }
    if (!any)
        return il_fail(e, IL_EDATA,
                       "%s: no measured cell is called so; `inpaintlab sql \"SELECT cell, run, tested_on"
                       " FROM cells\"` lists them",
                       name);
    return IL_OK;
}

/* "[1,2]", or "" when a name is no number. */
static void list_numbers(il_text *out, const char *const *names, size_t count)
{
    bool numbers = count > 0;
    for (size_t i = 0; i < count; i++)
        numbers = numbers && is_number(names[i]);
    il_text_add(out, "%s", numbers ? "[" : "");
    for (size_t i = 0; numbers && i < count; i++)
        il_text_add(out, "%s%lld", i ? "," : "", strtoll(names[i], NULL, 10));
    il_text_add(out, "%s", numbers ? "]" : "");
}

static int choose(il_comparison *c, il_store *s, const char *const *names, size_t count, il_err *e)
{
    il_rows all = { 0 };
    il_text numbers = { 0 };
    list_numbers(&numbers, names, count);
    int rc = numbers.failed ? il_fail_oom(e)
                            : il_store_query(&all, s, all_cells, (const char *const[]){ numbers.data, NULL }, e);
    for (size_t i = 0; !rc && i < count; i++)
        rc = take_named(c, &all, names[i], e);
    il_text_free(&numbers);
    il_store_rows_free(&all);
    if (!rc && c->ncells < 2)
        return il_fail(e, IL_EDATA, "%zu cell to compare; expected at least two", c->ncells);
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
    snprintf(sql, sizeof sql,
             "SELECT i.id, %s AS value FROM images i LEFT JOIN scores s USING (test, id) WHERE i.test = ?1",
             metrics[metric].sql);
    int rc = il_store_query(&cell->rows, s, sql, args, e);
    if (rc)
        return rc;
    cell->pictures = cell->rows.count;
    cell->values = calloc(cell->pictures ? cell->pictures : 1, sizeof *cell->values);
    if (!cell->values)
        return il_fail_oom(e);
    for (size_t i = 0; i < cell->pictures; i++)
        cell->values[i] = (il_value){ il_rows_text(&cell->rows, i, "id"), il_rows_real(&cell->rows, i, "value") };
    if (cell->pictures)
        qsort(cell->values, cell->pictures, sizeof *cell->values, by_id);
    return IL_OK;
}

/* The defined ones; room for all pictures, in the order of ids. */
static double *defined_values(const il_compare_cell *cell)
{
    double *x = malloc((cell->pictures + 1) * sizeof *x);
    size_t n = 0;
    for (size_t i = 0; x && i < cell->pictures; i++)
        if (!isnan(cell->values[i].value))
            x[n++] = cell->values[i].value;
    return x;
}

static int sum_up(il_series *sample, il_compare_cell *cell, il_metric metric, il_err *e)
{
    for (size_t i = 0; i < cell->pictures; i++)
        cell->defined += !isnan(cell->values[i].value);
    if (cell->defined == 0)
        return il_fail(e, IL_EDATA, "cell %lld (%s): %s is undefined for all of its %zu images%s",
                       (long long)cell->cell, cell->name, metrics[metric].name, cell->pictures,
                       metric == IL_METRIC_AUC ? ", or it was tested before scores were counted" : "");
    *sample = (il_series){ defined_values(cell), cell->defined };
    if (!sample->x)
        return il_fail_oom(e);
    cell->mean = il_stats_mean(sample->x, sample->n);
    return IL_OK;
}

/* Frees the samples. Where no intervals are wanted, all are NAN. */
static int find_intervals(il_interval *out, il_series *samples, size_t count, bool wanted, int rc, il_err *e)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (il_interval){ NAN, NAN };
    if (!rc && wanted)
        rc = il_bootstrap_means(out, samples, count, boot, e);
    for (size_t i = 0; i < count; i++)
        free((void *)samples[i].x);
    return rc;
}

static int read_cells(il_comparison *c, il_store *s, il_err *e)
{
    il_series samples[IL_COMPARE_MOST] = { { 0 } };
    il_interval intervals[IL_COMPARE_MOST];
    int rc = IL_OK;
    for (size_t i = 0; !rc && i < c->ncells; i++) {
        rc = read_values(&c->cells[i], s, c->metric, e);
        if (!rc)
            rc = sum_up(&samples[i], &c->cells[i], c->metric, e);
    }
    rc = find_intervals(intervals, samples, c->ncells, c->intervals, rc, e);
    for (size_t i = 0; i < c->ncells; i++)
        c->cells[i].interval = intervals[i];
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

/* The sample is of the differences. */
static int compare_pair(il_series *sample, il_compare_pair *p, const il_comparison *c, il_err *e)
{
    const il_compare_cell *a = &c->cells[p->a], *b = &c->cells[p->b];
    size_t room = a->pictures + 1;
    double *x = calloc(room, sizeof *x), *y = calloc(room, sizeof *y), *d = calloc(room, sizeof *d);
    int rc = x && y && d ? IL_OK : il_fail_oom(e);
    if (!rc) {
        match(p, x, y, a, b);
        for (size_t i = 0; i < p->n; i++)
            d[i] = x[i] - y[i];
        p->difference = il_stats_mean(d, p->n);
        p->ttest = il_stats_ttest(x, y, p->n);
        rc = il_stats_wilcoxon(&p->wilcoxon, x, y, p->n, e);
    }
    *sample = (il_series){ d, p->n };
    free(x);
    free(y);
    return rc;
}

static int correct(il_comparison *c, il_err *e)
{
    double *p = malloc((c->npairs ? c->npairs : 1) * sizeof *p);
    int rc = p ? IL_OK : il_fail_oom(e);
    for (int test = 0; !rc && test < 2; test++) {
        for (size_t i = 0; i < c->npairs; i++)
            p[i] = test ? c->pairs[i].ttest : c->pairs[i].wilcoxon;
        rc = il_stats_holm(p, c->npairs, e);
        for (size_t i = 0; !rc && i < c->npairs; i++)
            *(test ? &c->pairs[i].ttest_holm : &c->pairs[i].wilcoxon_holm) = p[i];
    }
    free(p);
    return rc;
}

static int compare_pairs(il_comparison *c, il_err *e)
{
    size_t most = c->ncells * c->ncells;
    il_series *samples = calloc(most, sizeof *samples);
    il_interval *intervals = calloc(most, sizeof *intervals);
    c->pairs = calloc(most, sizeof *c->pairs);
    int rc = c->pairs && samples && intervals ? IL_OK : il_fail_oom(e);
    for (size_t a = 0; !rc && a < c->ncells; a++)
        for (size_t b = a + 1; !rc && b < c->ncells; b++) {
            il_compare_pair *p = &c->pairs[c->npairs];
            p->a = a;
            p->b = b;
            rc = compare_pair(&samples[c->npairs++], p, c, e);
        }
    if (samples && intervals)
        rc = find_intervals(intervals, samples, c->npairs, c->intervals, rc, e);
    for (size_t i = 0; !rc && c->pairs && intervals && i < c->npairs; i++)
        c->pairs[i].interval = intervals[i];
    free(samples);
    free(intervals);
    return rc;
}

static int all_pairs(il_comparison *c, il_err *e)
{
    size_t found = 0;
    int rc = compare_pairs(c, e);
    for (size_t i = 0; i < c->npairs; i++)
        found += c->pairs[i].n + c->pairs[i].undefined;
    if (!rc && found == 0)
        return il_fail(e, IL_EDATA,
                       "cells %lld and %lld%s cannot be paired: they were tested on different pictures (%s; %s)",
                       (long long)c->cells[0].cell, (long long)c->cells[1].cell, c->ncells > 2 ? " and the others" : "",
                       c->cells[0].tested, c->cells[1].tested);
    return rc ? rc : correct(c, e);
}

bool il_compare_differ(const il_compare_pair *p)
{
    return p->wilcoxon_holm < 0.05;
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

static int compare(il_comparison *out, il_store *s, const char *const *names, size_t count, il_comparison how,
                   il_err *e)
{
    il_comparison c = { .metric = how.metric,
                        .intervals = how.intervals,
                        .cells = calloc(IL_COMPARE_MOST, sizeof *c.cells) };
    int rc = c.cells ? choose(&c, s, names, count, e) : il_fail_oom(e);
    if (!rc)
        rc = read_cells(&c, s, e);
    if (!rc)
        rc = all_pairs(&c, e);
    if (!rc)
        rc = all_seeds(&c, e);
    if (rc) {
        il_compare_free(&c);
        return rc;
    }
    *out = c;
    return IL_OK;
}

int il_compare_cells(il_comparison *out, il_store *s, const char *const *names, size_t count, il_metric metric,
                     il_err *e)
{
    return compare(out, s, names, count, (il_comparison){ .metric = metric, .intervals = true }, e);
}

int il_compare_tests(il_comparison *out, il_store *s, const char *const *names, size_t count, il_metric metric,
                     il_err *e)
{
    return compare(out, s, names, count, (il_comparison){ .metric = metric }, e);
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
