/* compare.c - cells against each other: intervals over photos, paired tests, spread over seeds. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "report/compare.h"
#include "store/stats/clusters.h"

static const il_boot boot = { .level = 0.95 };

static const char *const metrics[] = {
    [IL_METRIC_IOU] = "iou", [IL_METRIC_F1] = "f1", [IL_METRIC_MCC] = "mcc", [IL_METRIC_AUC] = "auc"
};

const char *il_compare_name(il_metric metric)
{
    return metrics[metric];
}

/* ---- intervals ---- */

/* The means of clusters' values, resampling clusters; NAN where no intervals are wanted, or clusters are too few. */
static int find_intervals(il_interval *out, const il_clusters *samples, size_t count, bool wanted, il_err *e)
{
    il_series *series = calloc(count + 1, sizeof *series);
    if (!series)
        return il_fail_oom(e);
    for (size_t i = 0; i < count; i++)
        series[i] = il_clusters_series(&samples[i]);
    int rc = wanted ? il_bootstrap_means(out, series, count, boot, e) : IL_OK;
    for (size_t i = 0; i < count; i++)
        if (!wanted || samples[i].n < IL_PHOTOS_LEAST)
            out[i] = (il_interval){ NAN, NAN };
    free(series);
    return rc;
}

/* ---- cells ---- */

/* Its pictures where it is defined, by photo. */
static int sum_up(il_clusters *sample, il_compare_cell *cell, il_metric metric, il_err *e)
{
    double sum = 0;
    il_clustered *pictures = calloc(cell->pictures + 1, sizeof *pictures);
    if (!pictures)
        return il_fail_oom(e);
    for (size_t i = 0; i < cell->pictures; i++)
        if (!isnan(cell->values[i].value)) {
            pictures[cell->defined++] = (il_clustered){ cell->values[i].photo, cell->values[i].value, 0 };
            sum += cell->values[i].value;
        }
    int rc = IL_OK;
    if (cell->defined == 0)
        rc = il_fail(e, IL_EDATA, "cell %lld (%s): %s is undefined for all of its %zu images%s", (long long)cell->cell,
                     cell->name, metrics[metric], cell->pictures,
                     metric == IL_METRIC_AUC ? ", or it was tested before scores were counted" : "");
    else
        rc = il_clusters_gather(sample, pictures, cell->defined, e);
    cell->mean = sum / (double)cell->defined;
    cell->photos = sample->n;
    free(pictures);
    return rc;
}

static int sum_up_cells(il_comparison *c, il_err *e)
{
    il_clusters samples[IL_COMPARE_MOST] = { { 0 } };
    il_interval intervals[IL_COMPARE_MOST];
    int rc = IL_OK;
    for (size_t i = 0; !rc && i < c->ncells; i++)
        rc = sum_up(&samples[i], &c->cells[i], c->metric, e);
    if (!rc)
        rc = find_intervals(intervals, samples, c->ncells, c->intervals, e);
    for (size_t i = 0; i < c->ncells; i++) {
        if (!rc)
            c->cells[i].interval = intervals[i];
        il_clusters_free(&samples[i]);
    }
    return rc;
}

/* ---- pairs ---- */

/* What the labels say; other true pixels are seen while pairing. */
static unsigned unlike_labels(const il_compare_cell *a, const il_compare_cell *b)
{
    bool degraded = strcmp(a->degraded, b->degraded) != 0;
    bool files = strcmp(a->digest, b->digest) != 0, names = strcmp(a->tested, b->tested) != 0;
    bool split = strcmp(a->split, b->split) != 0;
    return (split ? IL_UNLIKE_SPLIT : 0) | (degraded ? IL_UNLIKE_DEGRADED : 0) |
           (files && names && !degraded && !split ? IL_UNLIKE_IMAGES : 0);
}

/* Walks both lists in the order of ids; `both` has room for the shorter one. */
static void match(il_compare_pair *p, il_clustered *both, const il_compare_cell *a, const il_compare_cell *b)
{
    size_t i = 0, k = 0, other_truth = 0, other_pixels = 0, paired = 0;
    int64_t true_a = 0, true_b = 0;
    while (i < a->pictures && k < b->pictures) {
        const il_value *x = &a->values[i], *y = &b->values[k];
        int order = strcmp(x->id, y->id);
        if (order != 0) {
            p->alone_a += order < 0;
            p->alone_b += order > 0;
            i += order < 0;
            k += order > 0;
            continue;
        }
        other_truth += x->truth != y->truth && x->counted == y->counted;
        other_pixels += x->counted != y->counted;
        true_a += x->truth;
        true_b += y->truth;
        paired++;
        if (isnan(x->value) || isnan(y->value))
            p->undefined++;
        else /* photos as the cell that knows more of them has them */
            both[p->n++] = (il_clustered){ a->photos <= b->photos ? x->photo : y->photo, x->value, y->value };
        i++;
        k++;
    }
    p->alone_a += a->pictures - i;
    p->alone_b += b->pictures - k;
    bool policies = strcmp(a->truth, b->truth) != 0, other = p->unlike & (IL_UNLIKE_IMAGES | IL_UNLIKE_DEGRADED);
    if (paired && (true_a == 0 || true_b == 0))
        p->unlike |= IL_UNLIKE_NOTHING;
    else if (other_truth ||
             (policies && (other_pixels || other))) /* other pictures cannot show that truths are equal */
        p->unlike |= IL_UNLIKE_TRUTH;
    else if (other_pixels && !other)
        p->unlike |= IL_UNLIKE_COUNTED;
}

/* Tests of the photos' means. The sample is of the pictures' differences, summed over photos. */
static int test_pair(il_clusters *sample, il_compare_pair *p, const il_clustered *both, il_err *e)
{
    il_clusters means = { 0 };
    double sum = 0;
    int rc = il_clusters_gather(sample, both, p->n, e);
    if (!rc)
        rc = il_clusters_gather(&means, both, p->n, e);
    for (size_t i = 0; i < p->n; i++)
        sum += both[i].x - both[i].y;
    if (!rc) {
        il_clusters_average(&means);
        p->photos = means.n;
        p->difference = p->n ? sum / (double)p->n : NAN;
        p->ttest = il_stats_ttest(means.x, means.y, means.n);
        rc = il_stats_wilcoxon(&p->wilcoxon, means.x, means.y, means.n, e);
    }
    il_clusters_free(&means);
    return rc;
}

static int compare_pair(il_clusters *sample, il_compare_pair *p, const il_comparison *c, il_err *e)
{
    const il_compare_cell *a = &c->cells[p->a], *b = &c->cells[p->b];
    il_clustered *both = calloc(a->pictures + 1, sizeof *both);
    if (!both)
        return il_fail_oom(e);
    p->unlike = unlike_labels(a, b);
    match(p, both, a, b);
    p->difference = p->ttest = p->wilcoxon = NAN;
    int rc = p->unlike & IL_UNLIKE_REFUSED ? IL_OK : test_pair(sample, p, both, e);
    for (size_t i = 0; i < sample->n; i++)
        sample->x[i] -= sample->y[i];
    free(both);
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
    il_clusters *samples = calloc(most + 1, sizeof *samples);
    il_interval *intervals = calloc(most + 1, sizeof *intervals);
    c->pairs = calloc(most + 1, sizeof *c->pairs);
    int rc = c->pairs && samples && intervals ? IL_OK : il_fail_oom(e);
    for (size_t a = 0; !rc && a < c->ncells; a++)
        for (size_t b = a + 1; !rc && b < c->ncells; b++) {
            il_compare_pair *p = &c->pairs[c->npairs];
            p->a = a;
            p->b = b;
            rc = compare_pair(&samples[c->npairs++], p, c, e);
        }
    if (!rc)
        rc = find_intervals(intervals, samples, c->npairs, c->intervals, e);
    for (size_t i = 0; !rc && i < c->npairs; i++)
        c->pairs[i].interval = intervals[i];
    for (size_t i = 0; samples && i < c->npairs; i++)
        il_clusters_free(&samples[i]);
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
                       (long long)c->cells[0].cell, (long long)c->cells[1].cell,
                       c->ncells > 2 ? " (and all others)" : "", c->cells[0].tested, c->cells[1].tested);
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

/* The means of all cells that differ from this one in the seed alone. *before: how many of them come before it. */
static size_t list_seeds(double means[IL_COMPARE_MOST], size_t *before, const il_comparison *c, size_t cell)
{
    size_t n = 0;
    *before = 0;
    for (size_t k = 0; k < c->ncells; k++)
        if (same_settings(c, cell, k) && !is_repeated(c, k)) {
            *before += k < cell;
            means[n++] = c->cells[k].mean;
        }
    return n;
}

static int all_seeds(il_comparison *c, il_err *e)
{
    double means[IL_COMPARE_MOST];
    c->seeds = calloc(c->ncells, sizeof *c->seeds);
    if (!c->seeds)
        return il_fail_oom(e);
    for (size_t i = 0; i < c->ncells; i++) {
        size_t before, n = list_seeds(means, &before, c, i);
        if (n < 2 || before > 0)
            continue;
        double mean = il_stats_mean(means, n), stdev = il_stats_stdev(means, n);
        c->seeds[c->nseeds++] = (il_compare_seeds){ i, n, mean, stdev, il_stats_mean_interval(means, n, boot.level) };
    }
    return IL_OK;
}

static unsigned unlike_of(const il_comparison *c, size_t a, size_t b)
{
    for (size_t i = 0; i < c->npairs; i++)
        if (c->pairs[i].a == a && c->pairs[i].b == b)
            return c->pairs[i].n ? c->pairs[i].unlike : IL_UNLIKE_IMAGES;
    return 0;
}

static int all_methods(il_comparison *c, il_err *e)
{
    double first[IL_COMPARE_MOST], other[IL_COMPARE_MOST], p[IL_COMPARE_MOST * IL_COMPARE_MOST];
    c->methods = calloc(c->nseeds * c->nseeds + 1, sizeof *c->methods);
    if (!c->methods)
        return il_fail_oom(e);
    for (size_t a = 0; a < c->nseeds; a++)
        for (size_t b = a + 1; b < c->nseeds; b++) {
            size_t before, na = list_seeds(first, &before, c, c->seeds[a].first);
            size_t nb = list_seeds(other, &before, c, c->seeds[b].first);
            if (unlike_of(c, c->seeds[a].first, c->seeds[b].first))
                continue;
            p[c->nmethods] = il_stats_welch(first, na, other, nb);
            c->methods[c->nmethods] = (il_compare_methods){ a, b, c->seeds[a].mean - c->seeds[b].mean, p[c->nmethods],
                                                            NAN };
            c->nmethods++;
        }
    int rc = il_stats_holm(p, c->nmethods, e);
    for (size_t i = 0; !rc && i < c->nmethods; i++)
        c->methods[i].welch_holm = p[i];
    return rc;
}

/* ---- the whole ---- */

static int compare(il_comparison *out, il_store *s, const char *const *names, size_t count, il_comparison how,
                   il_err *e)
{
    il_comparison c = { .metric = how.metric,
                        .intervals = how.intervals,
                        .cells = calloc(IL_COMPARE_MOST, sizeof *c.cells) };
    int rc = c.cells ? il_compare_read(c.cells, &c.ncells, s, names, count, c.metric, e) : il_fail_oom(e);
    if (!rc)
        rc = sum_up_cells(&c, e);
    if (!rc)
        rc = all_pairs(&c, e);
    if (!rc)
        rc = all_seeds(&c, e);
    if (!rc)
        rc = all_methods(&c, e);
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
    if (!c)
        return;
    for (size_t i = 0; c->cells && i < c->ncells; i++)
        il_compare_free_cell(&c->cells[i]);
    free(c->cells);
    free(c->pairs);
    free(c->seeds);
    free(c->methods);
    *c = (il_comparison){ 0 };
}
