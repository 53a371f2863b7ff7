/* tiled_inference.c - works through rows of tiles; only pixel rows that later tiles overlap are kept as logits. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "image/window.h"
#include "plugin/tiled_inference.h"
#include "plugin/tiles.h"
#include "torch/pixels.h"

struct sweep {
    const il_model *model;
    const il_image *photo;
    il_tiled_inference_opts opts;
    il_axis across, down;
    float table[256]; /* grey level -> input */
    float *band;      /* tile rows x width: logits of the current row of tiles, and the overlap with those above */
    uint8_t *input;   /* tiles, interleaved */
    float *logit;
    double level; /* logit of the threshold */
    il_tiled_inference_result result;
};

int64_t il_tiled_inference_bytes(int width, il_tiled_inference_opts o)
{
    int64_t tile = o.tile;
    return (tile * width + tile * tile * o.batch) * (int64_t)sizeof(float) + 3 * tile * tile * o.batch;
}

void il_tiled_inference_free(il_tiled_inference_result *r)
{
    il_image_free(&r->score);
    il_image_free(&r->mask);
    *r = (il_tiled_inference_result){ 0 };
}

/* Logits of `count` tiles of one row, starting at tile `first`. */
static int forward(struct sweep *w, int row, int first, int count, il_err *e)
{
    int tile = w->opts.tile;
    size_t area = (size_t)tile * (size_t)tile;
    for (int k = 0; k < count; k++) {
        il_window at = { .left = w->across.start[first + k], .top = w->down.start[row] };
        il_window_cut(w->input + (size_t)k * 3 * area, tile, w->photo, at);
    }
    il_scope *s = NULL;
    int rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .device = w->model->device, .precision = w->model->precision), e);
    if (rc)
        return rc;
    il_tensor *image = il_from_pixels(s, w->input, count, tile, tile, 3, w->table);
    il_tensor *logit = il_model_forward(w->model, s, image, NULL);
    rc = il_scope_status(s, e);
    if (!rc)
        rc = il_read_f32(logit, w->logit, (size_t)count * area, e);
    il_scope_close(s);
    return rc;
}

static void blend(struct sweep *w, int row, int column, const float *logit)
{
    int tile = w->opts.tile, width = w->photo->width, height = w->photo->height;
    int left = w->across.start[column], top = w->down.start[row];
    int wide = width - left < tile ? width - left : tile, high = height - top < tile ? height - top : tile;
    const float *wx = w->across.weight + (size_t)column * (size_t)tile;
    const float *wy = w->down.weight + (size_t)row * (size_t)tile;
    for (int y = 0; y < high; y++) {
        float *to = w->band + (size_t)y * (size_t)width + left;
        const float *from = logit + (size_t)y * (size_t)tile;
        for (int x = 0; x < wide; x++)
            to[x] += wy[y] * wx[x] * from[x];
    }
}

/* Converts the first rows of the band, which no later tile overlaps, to scores. */
static int settle(struct sweep *w, int top, int rows, il_err *e)
{
    int width = w->photo->width;
    for (int y = 0; y < rows; y++) {
        const float *from = w->band + (size_t)y * (size_t)width;
        size_t at = (size_t)(top + y) * (size_t)width;
        for (int x = 0; x < width; x++) {
            double logit = from[x];
            if (isnan(logit))
                return il_fail(e, IL_EFORMAT, "model %s: the output is not a number (NaN) at column %d, row %d",
                               w->model->plugin->name, x, top + y);
            bool marked = logit > w->level;
            w->result.score.pixels[at + (size_t)x] = (uint8_t)lrint(255 / (1 + exp(-logit)));
            w->result.mask.pixels[at + (size_t)x] = marked ? 255 : 0;
            w->result.marked += marked;
        }
    }
    return IL_OK;
}

static int sweep_row(struct sweep *w, int row, il_err *e)
{
    int tile = w->opts.tile, width = w->photo->width, rc = IL_OK;
    for (int first = 0; first < w->across.count && !rc; first += w->opts.batch) {
        int left = w->across.count - first, count = left < w->opts.batch ? left : w->opts.batch;
        rc = forward(w, row, first, count, e);
        for (int k = 0; k < count && !rc; k++)
            blend(w, row, first + k, w->logit + (size_t)k * (size_t)tile * (size_t)tile);
    }
    int top = w->down.start[row];
    int next = row + 1 < w->down.count ? w->down.start[row + 1] : w->photo->height;
    int done = next - top < tile ? next - top : tile;
    if (!rc)
        rc = settle(w, top, done, e);
    size_t kept = (size_t)(tile - done) * (size_t)width, gone = (size_t)done * (size_t)width;
    memmove(w->band, w->band + gone, kept * sizeof *w->band);
    memset(w->band + kept, 0, gone * sizeof *w->band);
    return rc;
}

static int prepare(struct sweep *w, il_err *e)
{
    int width = w->photo->width, height = w->photo->height, tile = w->opts.tile;
    size_t area = (size_t)tile * (size_t)tile * (size_t)w->opts.batch;
    for (int i = 0; i < 256; i++)
        w->table[i] = (float)i / 255;
    w->level = log(w->opts.threshold / (1 - w->opts.threshold));
    int rc = il_tiles_axis(&w->across, width, tile, w->opts.overlap, e);
    if (!rc)
        rc = il_tiles_axis(&w->down, height, tile, w->opts.overlap, e);
    if (rc)
        return rc;
    w->band = calloc((size_t)tile * (size_t)width, sizeof *w->band);
    w->input = malloc(3 * area);
    w->logit = malloc(area * sizeof *w->logit);
    if (!w->band || !w->input || !w->logit)
        return il_fail_oom(e);
    rc = il_image_new(&w->result.score, width, height, 1, e);
    return rc ? rc : il_image_new(&w->result.mask, width, height, 1, e);
}

int il_tiled_inference_run(il_tiled_inference_result *out, const il_model *m, const il_image *photo,
                           il_tiled_inference_opts o, il_err *e)
{
    struct sweep w = { .model = m, .photo = photo, .opts = o };
    int rc = prepare(&w, e);
    for (int row = 0; row < w.down.count && !rc; row++) {
        rc = sweep_row(&w, row, e);
        if (!rc && o.progress)
            o.progress(o.context, row + 1, w.down.count);
    }
    if (!rc)
        *out = w.result;
    else
        il_tiled_inference_free(&w.result);
    free(w.band);
    free(w.input);
    free(w.logit);
    il_tiles_free(&w.across);
    il_tiles_free(&w.down);
    return rc;
}
