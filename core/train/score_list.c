/* score_list.c - histograms of the scores of all images of a test, copied from the device in groups of batches. */
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "store/stats/histogram.h"
#include "train/score_list.h"

enum { MOST_WAITING = 128, PER_PICTURE = 2 * IL_SCORE_BINS }; /* 5 MB on the device */

int il_score_list_add(il_score_list *l, il_scope *s, il_tensor *histograms, size_t pictures, il_err *e)
{
    int rc = il_scope_status(s, e);
    if (!rc && l->pictures_waiting + pictures > MOST_WAITING)
        rc = il_score_list_read(l, e);
    if (rc)
        return rc;
    il_tensor **waiting = il_array_grow(l->waiting, l->batches, sizeof(il_tensor *));
    if (!waiting)
        return il_fail_oom(e);
    l->waiting = waiting;
    l->waiting[l->batches++] = il_keep(s, histograms);
    l->pictures_waiting += pictures;
    return il_scope_status(s, e);
}

/* Tampered pixels first. */
static void split(il_bins sides[2], const int64_t *bins)
{
    for (int i = 0; i < 2; i++) {
        sides[i].layout = IL_BINS_LOGIT;
        memcpy(sides[i].bins, bins + (size_t)i * IL_SCORE_BINS, sizeof sides[i].bins);
    }
}

static int encode(il_scores *out, const il_bins sides[2], il_err *e)
{
    unsigned char code[2 * IL_HISTOGRAM_BYTES];
    size_t tampered = il_histogram_encode(code, &sides[0]), clean = il_histogram_encode(code + tampered, &sides[1]);
    unsigned char *bytes = malloc(tampered + clean);
    if (!bytes)
        return il_fail_oom(e);
    memcpy(bytes, code, tampered + clean);
    *out = (il_scores){ bytes, tampered, clean };
    return IL_OK;
}

static il_counts count(const il_bins sides[2])
{
    int64_t tp = il_histogram_above(&sides[0], 0.5), fp = il_histogram_above(&sides[1], 0.5);
    return (il_counts){ tp, fp, il_histogram_pixels(&sides[0]) - tp, il_histogram_pixels(&sides[1]) - fp };
}

static int read_batch(il_score_list *l, const il_tensor *histograms, il_err *e)
{
    size_t numbers = (size_t)il_numel(histograms), n = numbers / PER_PICTURE;
    il_scores *pictures = il_array_reserve(l->pictures, &l->room, l->count + n, sizeof *pictures);
    if (pictures)
        l->pictures = pictures;
    il_counts *counts = il_array_reserve(l->counts, &l->counts_room, l->count + n, sizeof *counts);
    if (counts)
        l->counts = counts;
    int64_t *bins = pictures && counts ? malloc(numbers * sizeof *bins) : NULL;
    int rc = bins ? il_read_i64(histograms, bins, numbers, e) : il_fail_oom(e);
    for (size_t i = 0; !rc && i < n; i++) {
        il_bins sides[2];
        split(sides, bins + i * PER_PICTURE);
        l->counts[l->count] = count(sides);
        rc = encode(&l->pictures[l->count], sides, e);
        l->count += !rc;
    }
    free(bins);
    return rc;
}

int il_score_list_read(il_score_list *l, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; i < l->batches; i++) {
        if (!rc)
            rc = read_batch(l, l->waiting[i], e);
        il_tensor_free(l->waiting[i]);
    }
    l->batches = l->pictures_waiting = 0;
    return rc;
}

il_scores il_score_list_take(il_score_list *l, size_t i)
{
    il_scores taken = l->pictures[i];
    l->pictures[i] = (il_scores){ 0 };
    return taken;
}

void il_score_list_free(il_score_list *l)
{
    for (size_t i = 0; i < l->batches; i++)
        il_tensor_free(l->waiting[i]);
    for (size_t i = 0; i < l->count; i++)
        free(l->pictures[i].bytes);
    free(l->waiting);
    free(l->pictures);
    free(l->counts);
    memset(l, 0, sizeof *l);
}
