/* evaluate.c - applies a model to all batches of a loader: loss and counts, copied from the device once at the end. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/clock.h"
#include "torch/counts.h"
#include "torch/pixels.h"
#include "train/evaluate.h"

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

void il_evaluate_free(il_image_row *rows, size_t count)
{
    for (size_t i = 0; rows && i < count; i++)
        free(rows[i].scores.bytes);
    free(rows);
}

int il_evaluate_batch(il_tally *t, il_score_list *scores, const il_evaluation *what, const il_batch *b, il_err *e)
{
    il_scope *s = NULL;
    il_scope_opts o = {
        .size = sizeof o, .device = what->model->device, .precision = what->model->precision, .flops = what->flops
    };
    int rc = il_scope_open(&s, &o, e);
    if (rc)
        return rc;
    il_tensor *image = il_from_pixels(s, b->pixels, b->n, b->height, b->width, 3, b->shades);
    il_tensor *target = il_from_pixels(s, b->greys, b->n, b->height, b->width, 1, b->labels);
    il_tensor *logit = il_model_forward(what->model, s, image, NULL);
    il_tensor *loss = what->loss ? il_loss_forward(what->loss, s, logit, target, NULL) : NULL;
    il_tensor *counts = what->scores ? NULL : il_confusion(s, logit, target);
    rc = il_scope_status(s, e);
    if (!rc)
        rc = il_tally_add(t, s, loss, counts, b, e);
    if (!rc && what->scores)
        rc = il_score_list_add(scores, s, il_count_scores(s, logit, target), (size_t)b->n, e);
    il_scope_close(s);
    return rc;
}

static int evaluate_all(il_tally *t, il_score_list *scores, const il_evaluation *what, const il_observer *observer,
                        il_err *e)
{
    il_progress shown = what->shown;
    shown.batches = il_loader_batches(what->loader);
    shown.loss = shown.iou = shown.seconds_left = NAN;
    double start = il_clock_seconds(), told = start;
    int rc = il_loader_start(what->loader, 1, 0, e);
    while (!rc) {
        il_batch batch;
        int more = 0;
        rc = il_loader_next(what->loader, &batch, &more, e);
        if (rc || !more)
            break;
        rc = il_evaluate_batch(t, scores, what, &batch, e);
        if (!rc && il_observer_stopped(observer))
            rc = il_fail(e, IL_ECANCEL, "stopped");
        shown.batch++;
        double now = il_clock_seconds();
        if (observer->progress && now - told > 0.2) {
            shown.images_per_second = (double)t->pictures / (now - start);
            observer->progress(observer->context, &shown);
            told = now;
        }
    }
    return rc;
}

/* rows NULL: only the sums. */
static int evaluate(il_sums *sums, il_image_row **rows, size_t *count, const il_source *source,
                    const il_evaluation *what, const il_observer *observer, il_err *e)
{
    il_tally t = { .batch_weight = what->batch_weight };
    il_score_list scores = { 0 };
    il_image_row *each = NULL;
    size_t n = 0;
    int rc = evaluate_all(&t, &scores, what, observer, e);
    if (rc)
        goto done;
    n = t.pictures;
    if (rows && !(each = calloc(n ? n : 1, sizeof *each))) {
        rc = il_fail_oom(e);
        goto done;
    }
    rc = il_score_list_read(&scores, e);
    t.scored = scores.counts;
    if (!rc)
        rc = il_tally_read(sums, each, source, &t, e);
    if (!rc && rows) {
        for (size_t i = 0; i < scores.count; i++)
            each[i].scores = il_score_list_take(&scores, i);
        *rows = each;
        *count = n;
        each = NULL;
    }
done:
    il_evaluate_free(each, n);
    il_score_list_free(&scores);
    il_tally_free(&t);
    return rc;
}

int il_evaluate_loader(il_sums *sums, const il_evaluation *what, const il_observer *observer, il_err *e)
{
    il_sums result = { 0 };
    int rc = evaluate(&result, NULL, NULL, NULL, what, observer, e);
    if (!rc)
        *sums = result;
    return rc;
}

int il_evaluate_pictures(il_image_row **rows, size_t *count, const il_source *source, const il_evaluation *what,
                         const il_observer *observer, il_err *e)
{
    il_sums unused = { 0 };
    return evaluate(&unused, rows, count, source, what, observer, e);
}
