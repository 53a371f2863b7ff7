/* picture_scores.c - what a test says of each picture. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/text.h"
#include "report/picture_scores.h"
#include "store/stats/clusters.h"

static int fill(il_picture_scores *p, const il_rows *rows, il_err *e)
{
    p->iou = calloc(rows->count + 1, sizeof *p->iou);
    p->share = calloc(rows->count + 1, sizeof *p->share);
    p->photo = calloc(rows->count + 1, sizeof *p->photo);
    if (!p->iou || !p->share || !p->photo)
        return il_fail_oom(e);
    for (size_t i = 0; i < rows->count; i++) {
        double share = il_rows_real(rows, i, "share");
        p->iou[i] = il_rows_real(rows, i, "iou");
        p->share[i] = isnan(share) ? 0 : share;
        p->photo[i] = il_text_copy(il_rows_text(rows, i, "photo"));
        p->authentic += p->share[i] == 0;
        p->defined += !isnan(p->iou[i]);
        p->count++;
        if (!p->photo[i])
            return il_fail_oom(e);
    }
    return IL_OK;
}

static int read_scores(il_picture_scores *p, il_store *s, int64_t test, il_err *e)
{
    il_rows rows = { 0 };
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)test);
    int rc = il_store_read(
        &rows, s, "images: iou real?, photo text, share real?",
        "SELECT il_iou(tp, fp, fn) AS iou, COALESCE(photo, id) AS photo, (tp + fn) * 1.0 / (tp + fp + fn + tn) AS share FROM images"
        " WHERE test = CAST(?1 AS INTEGER) ORDER BY id",
        (const char *const[]){ number, NULL }, e);
    if (!rc)
        rc = fill(p, &rows, e);
    il_store_rows_free(&rows);
    return rc;
}

/* The defined ones by photo. */
static int gather(il_clusters *out, il_picture_scores *p, il_err *e)
{
    il_clustered *pictures = calloc(p->count + 1, sizeof *pictures);
    size_t n = 0;
    if (!pictures)
        return il_fail_oom(e);
    for (size_t i = 0; i < p->count; i++)
        if (!isnan(p->iou[i])) {
            pictures[n++] = (il_clustered){ p->photo[i], p->iou[i], 0 };
            p->mean += p->iou[i];
        }
    p->mean = n ? p->mean / (double)n : NAN;
    int rc = il_clusters_gather(out, pictures, n, e);
    p->photos = out->n;
    free(pictures);
    return rc;
}

/* All intervals together, which is faster than one by one. */
static int find_means(il_picture_scores *all, size_t count, il_err *e)
{
    il_clusters *photos = calloc(count + 1, sizeof *photos);
    il_series *samples = calloc(count + 1, sizeof *samples);
    il_interval *between = calloc(count + 1, sizeof *between);
    int rc = photos && samples && between ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; i < count && !rc; i++) {
        rc = gather(&photos[i], &all[i], e);
        samples[i] = il_clusters_series(&photos[i]);
    }
    if (!rc)
        rc = il_bootstrap_means(between, samples, count, (il_boot){ .level = 0.95 }, e);
    for (size_t i = 0; i < count && !rc; i++)
        all[i].between = photos[i].n < IL_PHOTOS_LEAST ? (il_interval){ NAN, NAN } : between[i];
    for (size_t i = 0; photos && i < count; i++)
        il_clusters_free(&photos[i]);
    free(photos);
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
    for (size_t i = 0; p->photo && i < p->count; i++)
        free(p->photo[i]);
    free(p->photo);
    *p = (il_picture_scores){ 0 };
}
