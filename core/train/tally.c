/* tally.c - losses and counts of many batches, copied from the device once at the end. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "train/tally.h"

enum { COUNTS = 4 }; /* tp, fp, fn, tn */

static bool make_room(il_tally *t, size_t pictures)
{
    il_tensor **losses = il_array_grow(t->losses, t->batches, sizeof(il_tensor *));
    if (losses)
        t->losses = losses;
    il_tensor **counts = il_array_grow(t->counts, t->batches, sizeof(il_tensor *));
    if (counts)
        t->counts = counts;
    size_t *sizes = il_array_grow(t->sizes, t->batches, sizeof *sizes);
    if (sizes)
        t->sizes = sizes;
    size_t *index = il_array_reserve(t->index, &t->index_room, t->pictures + pictures, sizeof *index);
    if (index)
        t->index = index;
    return losses && counts && sizes && index;
}

int il_tally_add(il_tally *t, il_scope *s, il_tensor *loss, il_tensor *counts, const il_batch *batch, il_err *e)
{
    size_t n = (size_t)batch->n;
    if (!make_room(t, n))
        return il_fail_oom(e);
    t->losses[t->batches] = loss ? il_keep(s, il_detach(s, loss)) : NULL;
    t->counts[t->batches] = counts ? il_keep(s, counts) : NULL;
    t->sizes[t->batches] = n;
    memcpy(t->index + t->pictures, batch->index, n * sizeof *t->index);
    t->batches++;
    t->pictures += n;
    return il_scope_status(s, e);
}

void il_tally_clear(il_tally *t)
{
    for (size_t i = 0; i < t->batches; i++) {
        il_tensor_free(t->losses[i]);
        il_tensor_free(t->counts[i]);
    }
    t->batches = t->pictures = 0;
}

void il_tally_free(il_tally *t)
{
    il_tally_clear(t);
    free(t->losses);
    free(t->counts);
    free(t->sizes);
    free(t->index);
    memset(t, 0, sizeof *t);
}

/* Batch i, which `done` images precede. */
static int read_batch(il_sums *sums, il_image_row *rows, const il_tally *t, size_t i, size_t done, int64_t *room,
                      il_err *e)
{
    size_t n = t->sizes[i];
    float loss = 0;
    int rc = t->losses[i] ? il_read_f32(t->losses[i], &loss, 1, e) : IL_OK;
    if (!rc && t->counts[i])
        rc = il_read_i64(t->counts[i], room, n * COUNTS, e);
    if (rc)
        return rc;
    il_counts batch = { 0 };
    for (size_t k = 0; k < n; k++) {
        const int64_t *c = room + k * COUNTS;
        il_counts one = t->counts[i] ? (il_counts){ c[0], c[1], c[2], c[3] } : t->scored[done + k];
        il_metrics_add(&batch, one);
        if (rows)
            rows[k].counts = one;
    }
    double weight = t->batch_weight > 0 ? t->batch_weight : (double)n;
    sums->loss += (double)loss * weight;
    sums->pictures += weight;
    il_metrics_add(&sums->total, batch);
    il_metrics_batch(&sums->iou, batch);
    return IL_OK;
}

int il_tally_read(il_sums *sums, il_image_row *rows, const il_source *source, il_tally *t, il_err *e)
{
    size_t largest = 1, done = 0;
    for (size_t i = 0; i < t->batches; i++)
        largest = t->sizes[i] > largest ? t->sizes[i] : largest;
    int64_t *room = calloc(largest * COUNTS, sizeof *room);
    if (!room)
        return il_fail_oom(e);

    int rc = IL_OK;
    for (size_t i = 0; i < t->batches && !rc; i++) {
        il_image_row *at = rows ? rows + done : NULL;
        rc = read_batch(sums, at, t, i, done, room, e);
        for (size_t k = 0; at && k < t->sizes[i]; k++) {
            at[k].batch = (int)i;
            at[k].id = il_source_at(source, t->index[done + k]).id;
            at[k].masked = il_source_at(source, t->index[done + k]).mask != NULL;
        }
        done += t->sizes[i];
    }
    free(room);
    il_tally_clear(t);
    return rc;
}

double il_sums_loss(const il_sums *s)
{
    return s->pictures > 0 ? s->loss / s->pictures : NAN;
}
