/* tiled_inference.c - works through rows of tiles; only pixel rows that later tiles overlap are kept as logits. A tile is
 * never larger than the image. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "image/window.h"
#include "plugin/any_size.h"
#include "plugin/tiled_inference.h"
#include "plugin/tiles.h"

struct sweep {
    const il_model *model;
    const il_image *photo;
    il_tiled_inference_opts opts;
    il_axis across, down; /* tiles are across.tile wide and down.tile high */
    float table[256];     /* grey level -> input */
    float *band;          /* tile rows x width: logits of the current row of tiles, and the overlap with those above */
    uint8_t *input;       /* tiles, interleaved */
    float *logit;
    il_logit_sink *sink;
    void *context;
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
    int wide = w->across.tile, high = w->down.tile;
    size_t area = (size_t)wide * (size_t)high;
    for (int k = 0; k < count; k++) {
        il_window at = { .left = w->across.start[first + k], .top = w->down.start[row] };
        il_window_cut(w->input + (size_t)k * 3 * area, wide, high, w->photo, at);
    }
    il_scope *s = NULL;
    int rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .device = w->model->device, .precision = w->model->precision), e);
    if (rc)
        return rc;
    il_tensor *logit = il_any_size_forward(w->model, s, w->input, count, high, wide, w->table, w->opts.tile);
    rc = il_scope_status(s, e);
    if (!rc)
        rc = il_read_f32(logit, w->logit, (size_t)count * area, e);
    il_scope_close(s);
    return rc;
}

static void blend(struct sweep *w, int row, int column, const float *logit)
{
    size_t wide = (size_t)w->across.tile, width = (size_t)w->photo->width;
    const float *wx = w->across.weight + (size_t)column * wide;
    const float *wy = w->down.weight + (size_t)row * (size_t)w->down.tile;
    for (size_t y = 0; y < (size_t)w->down.tile; y++) {
        float *to = w->band + y * width + (size_t)w->across.start[column];
        const float *from = logit + y * wide;
        for (size_t x = 0; x < wide; x++)
            to[x] += wy[y] * wx[x] * from[x];
    }
}

static int sweep_row(struct sweep *w, int row, il_err *e)
{
    int high = w->down.tile, rc = IL_OK;
    size_t area = (size_t)high * (size_t)w->across.tile;
    for (int first = 0; first < w->across.count && !rc; first += w->opts.batch) {
        int left = w->across.count - first, count = left < w->opts.batch ? left : w->opts.batch;
        rc = forward(w, row, first, count, e);
        for (int k = 0; k < count && !rc; k++)
            blend(w, row, first + k, w->logit + (size_t)k * area);
    }
    int top = w->down.start[row];
    int next = row + 1 < w->down.count ? w->down.start[row + 1] : w->photo->height;
    int done = next - top < high ? next - top : high; /* rows that no later tile overlaps */
    if (!rc)
        rc = w->sink(w->context, w->band, top, done, e);
    size_t width = (size_t)w->photo->width, kept = (size_t)(high - done) * width, gone = (size_t)done * width;
    memmove(w->band, w->band + gone, kept * sizeof *w->band);
    memset(w->band + kept, 0, gone * sizeof *w->band);
    return rc;
}

static int axis(il_axis *out, int side, il_tiled_inference_opts o, il_err *e)
{
    int tile = side < o.tile ? side : o.tile, overlap = o.overlap < tile ? o.overlap : tile - 1;
    return il_tiles_axis(out, side, tile, overlap, e);
}

static int prepare(struct sweep *w, il_err *e)
{
    for (int i = 0; i < 256; i++)
        w->table[i] = (float)i / 255;
    int rc = axis(&w->across, w->photo->width, w->opts, e);
    if (!rc)
        rc = axis(&w->down, w->photo->height, w->opts, e);
    if (rc)
        return rc;
    size_t area = (size_t)w->across.tile * (size_t)w->down.tile * (size_t)w->opts.batch;
    w->band = calloc((size_t)w->down.tile * (size_t)w->photo->width, sizeof *w->band);
    w->input = malloc(3 * area);
    w->logit = malloc(area * sizeof *w->logit);
    return w->band && w->input && w->logit ? IL_OK : il_fail_oom(e);
}

int il_tiled_inference_logits(const il_model *m, const il_image *photo, il_tiled_inference_opts o, il_logit_sink *sink,
                              void *context, il_err *e)
{
    struct sweep w = { .model = m, .photo = photo, .opts = o, .sink = sink, .context = context };
    int rc = prepare(&w, e);
    for (int row = 0; row < w.down.count && !rc; row++) {
        rc = sweep_row(&w, row, e);
        if (!rc && o.progress)
            o.progress(o.context, row + 1, w.down.count);
    }
    free(w.band);
    free(w.input);
    free(w.logit);
    il_tiles_free(&w.across);
    il_tiles_free(&w.down);
    return rc;
}

/* ---- scores and marks ---- */

struct marking {
    const il_model *model;
    double level; /* logit of the threshold */
    il_tiled_inference_result result;
};

static int mark(void *context, const float *logit, int top, int rows, il_err *e)
{
    struct marking *m = context;
    il_tiled_inference_result *r = &m->result;
    size_t width = (size_t)r->score.width, first = (size_t)top * width, count = (size_t)rows * width;
    for (size_t i = 0; i < count; i++) {
        double x = logit[i];
        if (isnan(x))
            return il_fail(e, IL_EFORMAT, "model %s: the output is not a number (NaN) at column %zu, row %zu",
                           m->model->plugin->name, i % width, (size_t)top + i / width);
        bool marked = x > m->level;
        r->score.pixels[first + i] = (uint8_t)lrint(255 / (1 + exp(-x)));
        r->mask.pixels[first + i] = marked ? 255 : 0;
        r->marked += marked;
    }
    return IL_OK;
}

int il_tiled_inference_run(il_tiled_inference_result *out, const il_model *m, const il_image *photo,
                           il_tiled_inference_opts o, il_err *e)
{
    struct marking marking = { .model = m, .level = log(o.threshold / (1 - o.threshold)) };
    int rc = il_image_new(&marking.result.score, photo->width, photo->height, 1, e);
    if (!rc)
        rc = il_image_new(&marking.result.mask, photo->width, photo->height, 1, e);
    if (!rc)
        rc = il_tiled_inference_logits(m, photo, o, mark, &marking, e);
    if (!rc)
        *out = marking.result;
    else
        il_tiled_inference_free(&marking.result);
    return rc;
}
