/* tally.c - losses and counts of many batches, copied from the device once at the end. */
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

/* float32, but of a model that computes in float64. */
static int read_loss(double *out, const il_tensor *loss, il_err *e)
{
    float single = 0;
    if (il_dtype_of(loss) == IL_DTYPE_F64)
        return il_read_bytes(loss, out, sizeof *out, e);
    int rc = il_read_f32(loss, &single, 1, e);
    *out = single;
    return rc;
}

/* Batch i, which `done` images precede. */
static int read_batch(il_figures *f, const il_tally *t, size_t i, size_t done, int64_t *room, il_err *e)
{
    size_t n = t->sizes[i];
    int rc = t->losses[i] ? read_loss(&f->losses[i], t->losses[i], e) : IL_OK;
    if (!rc && t->counts[i])
        rc = il_read_i64(t->counts[i], room, n * COUNTS, e);
    for (size_t k = 0; k < n && !rc && t->counts[i]; k++) {
        const int64_t *c = room + k * COUNTS;
        f->counts[done + k] = (il_counts){ c[0], c[1], c[2], c[3] };
    }
    return rc;
}

static void take_scores(il_figures *f, il_score_list *scores)
{
    for (size_t i = 0; i < scores->count; i++) {
        f->counts[i] = scores->counts[i];
        f->scores[i] = il_score_list_take(scores, i);
    }
}

int il_tally_read(il_figures *out, il_tally *t, il_score_list *scores, il_err *e)
{
    size_t largest = 1, done = 0;
    il_figures f = { 0 };
    for (size_t i = 0; i < t->batches; i++)
        largest = t->sizes[i] > largest ? t->sizes[i] : largest;
    int64_t *room = calloc(largest * COUNTS, sizeof *room);
    int rc = room ? il_figures_new(&f, t->batches, t->pictures, e) : il_fail_oom(e);
    for (size_t i = 0; i < t->batches && !rc; i++) {
        f.sizes[i] = t->sizes[i];
        rc = read_batch(&f, t, i, done, room, e);
        done += t->sizes[i];
    }
    if (!rc && done)
        memcpy(f.index, t->index, done * sizeof *f.index);
    if (!rc && scores)
        rc = il_score_list_read(scores, e);
    if (!rc && scores)
        take_scores(&f, scores);
    free(room);
    il_tally_clear(t);
    if (rc)
        il_figures_free(&f);
    else
        *out = f;
    return rc;
}

int il_tally_sum(il_sums *sums, il_tally *t, il_err *e)
{
    il_figures f = { 0 };
    int rc = il_tally_read(&f, t, NULL, e);
    if (!rc)
        il_figures_sum(sums, &f, t->batch_weight);
    il_figures_free(&f);
    return rc;
}
