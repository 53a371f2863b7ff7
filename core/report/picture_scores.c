/* picture_scores.c - what a test says of each picture. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "report/picture_scores.h"

static int fill(il_picture_scores *p, const il_rows *rows, il_err *e)
{
    p->iou = calloc(rows->count + 1, sizeof *p->iou);
    p->share = calloc(rows->count + 1, sizeof *p->share);
    if (!p->iou || !p->share)
        return il_fail_oom(e);
    for (size_t i = 0; i < rows->count; i++) {
        double share = il_rows_real(rows, i, "share");
        p->iou[i] = il_rows_real(rows, i, "iou");
        p->share[i] = isnan(share) ? 0 : share;
        p->authentic += p->share[i] == 0;
        p->defined += !isnan(p->iou[i]);
        p->count++;
    }
    return IL_OK;
}

static int read_scores(il_picture_scores *p, il_store *s, int64_t test, il_err *e)
{
    il_rows rows = { 0 };
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)test);
    int rc = il_store_query(
        &rows, s,
        "SELECT il_iou(tp, fp, fn) AS iou, (tp + fn) * 1.0 / (tp + fp + fn + tn) AS share FROM images"
        " WHERE test = CAST(?1 AS INTEGER) ORDER BY id",
        (const char *const[]){ number, NULL }, e);
    if (!rc)
        rc = fill(p, &rows, e);
    il_store_rows_free(&rows);
    return rc;
}

/* All intervals together, which is faster than one by one. */
static int find_means(il_picture_scores *all, size_t count, il_err *e)
{
    il_series *samples = calloc(count + 1, sizeof *samples);
    il_interval *between = calloc(count + 1, sizeof *between);
    int rc = samples && between ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; i < count && !rc; i++) {
        samples[i] = (il_series){ il_picture_scores_defined(&all[i]), all[i].defined };
        if (!samples[i].x)
            rc = il_fail_oom(e);
    }
    if (!rc)
        rc = il_bootstrap_means(between, samples, count, (il_boot){ .level = 0.95 }, e);
    for (size_t i = 0; i < count && !rc; i++) {
        all[i].mean = il_stats_mean(samples[i].x, samples[i].n);
        all[i].between = between[i];
    }
    for (size_t i = 0; samples && i < count; i++)
        free((void *)samples[i].x);
    free(samples);
    free(between);
    return rc;
}

int il_picture_scores_read(il_picture_scores *out, il_store *s, const int64_t *tests, size_t count, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; i < count && !rc; i++)
        if (tests[i])
            rc = read_scores(&out[i], s, tests[i], e);
    if (!rc)
        rc = find_means(out, count, e);
    for (size_t i = 0; i < count && rc; i++)
        il_picture_scores_free(&out[i]);
    return rc;
}

double *il_picture_scores_defined(const il_picture_scores *p)
{
    double *x = malloc((p->defined + 1) * sizeof *x);
    size_t n = 0;
    for (size_t i = 0; x && i < p->count; i++)
        if (!isnan(p->iou[i]))
            x[n++] = p->iou[i];
    return x;
}

void il_picture_scores_free(il_picture_scores *p)
{
    free(p->iou);
    free(p->share);
    *p = (il_picture_scores){ 0 };
}
