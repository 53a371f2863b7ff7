/* evaluate.c - applies a model to all batches of a loader: loss and counts, copied from the device once at the end. */
#include <math.h>
#include <stdlib.h>
#include "base/array.h"
#include "base/clock.h"
#include "plugin/any_size.h"
#include "store/stats/histogram.h"
#include "torch/counts.h"
#include "torch/pixels.h"
#include "train/evaluate.h"
#include "train/evaluate_native.h"

bool il_evaluate_within_one(const il_image_row *rows, size_t count)
{
    const int from = IL_SCORE_HALF - 1, to = IL_SCORE_HALF + IL_SCORE_PER_UNIT;
    int64_t above = 0;
    for (size_t i = 0; i < count; i++) {
        const il_scores *c = &rows[i].scores;
        il_bins sides[2];
        if (!c->bytes || il_histogram_decode(&sides[0], c->bytes, c->tampered) ||
            il_histogram_decode(&sides[1], c->bytes + c->tampered, c->clean))
            return false;
        for (int k = 0; k < 2; k++) {
            int64_t within = 0;
            for (int bin = from; bin < to; bin++)
                within += sides[k].bins[bin];
            if (within != il_histogram_pixels(&sides[k]))
                return false;
            above += within - sides[k].bins[from];
        }
    }
    return above > 0;
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
    il_tensor *logit = il_any_size_forward(what->model, s, b->pixels, b->n, b->height, b->width, b->shades, 0);
    il_tensor *target = il_from_pixels(s, b->greys, b->n, b->height, b->width, 1, b->labels);
    il_tensor *valid = b->valid ? il_from_pixels(s, b->valid, b->n, b->height, b->width, 1, b->counts) : NULL;
    il_tensor *loss = what->loss ? il_loss_forward(what->loss, s, logit, target, valid) : NULL;
    il_tensor *counts = what->scores ? NULL : il_confusion(s, logit, target, valid);
    rc = il_scope_status(s, e);
    if (!rc)
        rc = il_tally_add(t, s, loss, counts, b, e);
    if (!rc && what->scores)
        rc = il_score_list_add(scores, s, il_count_scores(s, logit, target, valid), (size_t)b->n, e);
    il_scope_close(s);
    return rc;
}

static int evaluate_all(il_tally *t, il_score_list *scores, const il_evaluation *what, const il_observer *observer,
                        il_err *e)
{
    il_progress shown = what->shown;
    shown.batches = il_loader_batches(what->loader);
    shown.loss = shown.iou = shown.seconds_left = NAN;
    bool native = what->testing && what->testing->fit == IL_SIZING_NATIVE;
    il_native waiting = { .model = what->model, .testing = what->testing, .flops = what->flops };
    double start = il_clock_seconds(), told = start;
    int rc = il_loader_start(what->loader, 1, 0, e);
    while (!rc) {
        il_batch batch;
        int more = 0;
        rc = il_loader_next(what->loader, &batch, &more, e);
        if (rc || !more)
            break;
        rc = native ? il_native_add(&waiting, t, scores, &batch, e) : il_evaluate_batch(t, scores, what, &batch, e);
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
    if (!rc)
        rc = il_native_flush(&waiting, t, scores, e);
    il_native_free(&waiting);
    return rc;
}

/* All images, with the figures that were measured, whose scores move. Pictures that are computed one by one belong to batches all
 * the same, in the order of the source. */
static void fill_rows(il_image_row *rows, il_figures *f, const il_source *source, const il_evaluation *what)
{
    bool native = what->testing && what->testing->fit == IL_SIZING_NATIVE;
    size_t k = 0;
    for (size_t i = 0; i < f->batches; i++)
        for (size_t end = k + f->sizes[i]; k < end; k++) {
            il_item item = il_source_at(source, f->index[k]);
            rows[k] = (il_image_row){ .id = item.id,
                                      .masked = item.mask != NULL,
                                      .counts = f->counts[k],
                                      .scores = f->scores[k],
                                      .batch = (int)(native ? f->index[k] / (size_t)what->testing->batch : i) };
            f->scores[k] = (il_scores){ 0 };
        }
}

/* rows NULL: only the sums. */
static int evaluate(il_sums *sums, il_image_row **rows, size_t *count, const il_source *source,
                    const il_evaluation *what, const il_observer *observer, il_err *e)
{
    il_tally t = { .batch_weight = what->batch_weight };
    il_score_list scores = { 0 };
    il_figures f = { 0 };
    int rc = evaluate_all(&t, &scores, what, observer, e);
    if (!rc)
        rc = il_tally_read(&f, &t, what->scores ? &scores : NULL, e);
    rc = il_world_agree(what->world, rc, e);
    if (!rc)
        rc = il_figures_join(&f, what->world, e);
    if (!rc && rows && !(*rows = il_array_new(f.pictures, sizeof **rows)))
        rc = il_fail_oom(e);
    if (!rc) {
        il_figures_sum(sums, &f, what->batch_weight);
        if (rows) {
            fill_rows(*rows, &f, source, what);
            *count = f.pictures;
        }
    }
    il_figures_free(&f);
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
