/* evaluate_native.c - scores of pictures at their own size: small ones side by side, large ones tile by tile. */
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/score_bins.h"
#include "plugin/any_size.h"
#include "plugin/tiled_inference.h"
#include "torch/counts.h"
#include "torch/pixels.h"
#include "train/evaluate_native.h"

enum { TILES = 4, BINS = 2 * IL_SCORE_BINS };

void il_native_free(il_native *x)
{
    free(x->pixels);
    free(x->greys);
    free(x->index);
    *x = (il_native){ 0 };
}

static int open_scope(il_scope **s, const il_native *x, il_err *e)
{
    return il_scope_open(
        s, IL_OPTS(il_scope_opts, .device = x->model->device, .precision = x->model->precision, .flops = x->flops), e);
}

/* ---- pictures of one size ---- */

static int make_room(il_native *x, size_t pictures, il_err *e)
{
    size_t area = (size_t)x->height * (size_t)x->width;
    uint8_t *pixels = il_array_reserve(x->pixels, &x->pixels_room, pictures * area * 3, 1);
    if (pixels)
        x->pixels = pixels;
    uint8_t *greys = il_array_reserve(x->greys, &x->greys_room, pictures * area, 1);
    if (greys)
        x->greys = greys;
    size_t *index = il_array_reserve(x->index, &x->index_room, pictures, sizeof *index);
    if (index)
        x->index = index;
    return pixels && greys && index ? IL_OK : il_fail_oom(e);
}

int il_native_flush(il_native *x, il_tally *t, il_score_list *scores, il_err *e)
{
    il_scope *s = NULL;
    int rc = x->n ? open_scope(&s, x, e) : IL_OK;
    if (rc || !x->n)
        return rc;
    il_tensor *logit = il_any_size_forward(x->model, s, x->pixels, x->n, x->height, x->width, x->shades,
                                           x->testing->tile);
    il_tensor *target = il_from_pixels(s, x->greys, x->n, x->height, x->width, 1, x->labels);
    il_tensor *bins = il_count_scores(s, logit, target, NULL);
    const il_batch counted = { .n = x->n, .index = x->index };
    rc = il_scope_status(s, e);
    if (!rc)
        rc = il_tally_add(t, s, NULL, NULL, &counted, e);
    if (!rc)
        rc = il_score_list_add(scores, s, bins, (size_t)x->n, e);
    il_scope_close(s);
    x->n = 0;
    return rc;
}

/* ---- large pictures ---- */

struct large {
    const il_native *native;
    const il_batch *picture;
    int64_t bins[BINS];
};

static int count_rows(void *context, const float *logit, int top, int rows, il_err *e)
{
    struct large *l = context;
    const il_batch *p = l->picture;
    il_scope *s = NULL;
    int64_t bins[BINS];
    int rc = open_scope(&s, l->native, e);
    if (rc)
        return rc;
    il_tensor *x = il_from_f32(s, logit, 4, (int64_t[]){ 1, 1, rows, p->width });
    il_tensor *target = il_from_pixels(s, p->greys + (size_t)top * (size_t)p->width, 1, rows, p->width, 1, p->labels);
    il_tensor *counted = il_count_scores(s, x, target, NULL);
    rc = il_scope_status(s, e);
    if (!rc)
        rc = il_read_i64(counted, bins, BINS, e);
    for (int i = 0; i < BINS && !rc; i++)
        l->bins[i] += bins[i];
    il_scope_close(s);
    return rc;
}

static int add_large(const il_native *x, il_tally *t, il_score_list *scores, const il_batch *one, il_err *e)
{
    struct large l = { .native = x, .picture = one };
    const il_image image = {
        .width = one->width, .height = one->height, .channels = 3, .pixels = (uint8_t *)one->pixels
    };
    const il_tiled_inference_opts tiles = { .tile = x->testing->tile, .overlap = x->testing->overlap, .batch = TILES };
    int rc = il_tiled_inference_logits(x->model, &image, tiles, count_rows, &l, e);
    il_scope *s = NULL;
    if (!rc)
        rc = open_scope(&s, x, e);
    if (rc)
        return rc;
    il_tensor *bins = il_from_bytes(s, l.bins, IL_DTYPE_I64, 3, (int64_t[]){ 1, 2, IL_SCORE_BINS });
    rc = il_scope_status(s, e);
    if (!rc)
        rc = il_tally_add(t, s, NULL, NULL, one, e);
    if (!rc)
        rc = il_score_list_add(scores, s, bins, 1, e);
    il_scope_close(s);
    return rc;
}

int il_native_add(il_native *x, il_tally *t, il_score_list *scores, const il_batch *one, il_err *e)
{
    const il_testing *how = x->testing;
    bool large = one->width > how->tile || one->height > how->tile;
    bool other = one->width != x->width || one->height != x->height;
    int rc = large || other || x->n == how->batch ? il_native_flush(x, t, scores, e) : IL_OK;
    if (rc)
        return rc;
    if (large)
        return add_large(x, t, scores, one, e);
    x->height = one->height;
    x->width = one->width;
    x->shades = one->shades;
    x->labels = one->labels;
    size_t area = (size_t)x->height * (size_t)x->width, at = (size_t)x->n;
    rc = make_room(x, at + 1, e);
    if (rc)
        return rc;
    memcpy(x->pixels + 3 * area * at, one->pixels, 3 * area);
    memcpy(x->greys + area * at, one->greys, area);
    x->index[at] = one->index[0];
    x->n++;
    return IL_OK;
}
