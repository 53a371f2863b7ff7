/* examples.c - the best, the median and the worst image of a test, to be shown in reports. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "image/codec.h"
#include "plugin/any_size.h"
#include "plugin/tiled_inference.h"
#include "train/examples.h"

enum { QUALITY = 85 }; /* of the photo, which is only to be looked at */

/* ---- choosing ---- */

static int find_index(size_t *out, const il_source *source, const char *id, il_err *e)
{
    for (size_t i = 0; i < il_source_count(source); i++)
        if (strcmp(il_source_at(source, i).id, id) == 0) {
            *out = i;
            return IL_OK;
        }
    return il_fail(e, IL_EDATA, "image %s is no longer in the data set", id);
}

/* Of n > 0 images, best first. */
static size_t choose(size_t at[IL_RANKS], il_rank rank[IL_RANKS], size_t n)
{
    size_t count = 0;
    for (int r = IL_BEST; r < IL_RANKS; r++) {
        if ((r == IL_WORST && n < 2) || (r == IL_MEDIAN && n < 3))
            continue;
        at[count] = r == IL_BEST ? 0 : r == IL_WORST ? n - 1 : (n - 1) / 2;
        rank[count++] = (il_rank)r;
    }
    return count;
}

struct scored {
    const char *id;
    double iou;
};

static int by_iou(const void *a, const void *b)
{
    const struct scored *x = a, *y = b;
    return x->iou != y->iou ? (x->iou < y->iou ? 1 : -1) : strcmp(x->id, y->id);
}

static int pick(il_example out[IL_RANKS], size_t *count, const il_image_row *rows, size_t n, il_err *e)
{
    size_t at[IL_RANKS], defined = 0;
    il_rank rank[IL_RANKS];
    struct scored *order = il_array_new(n, sizeof *order);
    int rc = order ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; i < n && !rc; i++) {
        order[defined] = (struct scored){ rows[i].id, il_metrics_iou(rows[i].counts) };
        defined += !isnan(order[defined].iou);
    }
    if (defined)
        qsort(order, defined, sizeof *order, by_iou);
    size_t chosen = defined ? choose(at, rank, defined) : 0;
    for (size_t i = 0; i < chosen && !rc; i++) {
        const struct scored *x = &order[at[i]];
        out[i] = (il_example){ .id = il_text_copy(x->id), .rank = rank[i], .iou = x->iou };
        *count = i + 1;
        if (!out[i].id)
            rc = il_fail_oom(e);
    }
    free(order);
    return rc;
}

/* ---- one image ---- */

/* The part of an image to show. */
struct shown {
    il_image photo, truth, score;
};

static void drop_shown(struct shown *x)
{
    il_image_free(&x->photo);
    il_image_free(&x->truth);
    il_image_free(&x->score);
}

/* Without padding: the rows and columns that have a pixel that counts. */
static void measure(int *width, int *height, const il_batch *b)
{
    *width = b->width;
    *height = b->height;
    for (; b->valid && *width > 1 && !b->valid[*width - 1]; --*width)
        ;
    for (; b->valid && *height > 1 && !b->valid[(size_t)(*height - 1) * (size_t)b->width]; --*height)
        ;
}

/* The same bins as il_histogram; from 128 on a pixel counts as marked. */
static uint8_t bin_of(float score)
{
    float bin = ceilf(score * 256) - 1;
    return (uint8_t)(bin > 0 ? bin : 0); /* NAN becomes 0 */
}

static void fill(struct shown *out, const il_batch *b, const float *score)
{
    for (int y = 0; y < out->photo.height; y++)
        for (int x = 0; x < out->photo.width; x++) {
            size_t from = (size_t)y * (size_t)b->width + (size_t)x;
            size_t to = (size_t)y * (size_t)out->photo.width + (size_t)x;
            memcpy(out->photo.pixels + 3 * to, b->pixels + 3 * from, 3);
            out->truth.pixels[to] = (uint8_t)lrintf(b->labels[b->greys[from]] * 255);
            out->score.pixels[to] = bin_of(score[from]);
        }
}

static int forward(float *score, const il_model *model, const il_batch *b, il_err *e)
{
    il_scope *s = NULL;
    int rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .device = model->device, .precision = model->precision), e);
    if (rc)
        return rc;
    il_tensor *p = il_sigmoid(s, il_any_size_forward(model, s, b->pixels, 1, b->height, b->width, b->shades, 0));
    rc = il_scope_status(s, e);
    if (!rc)
        rc = il_read_f32(p, score, (size_t)b->height * (size_t)b->width, e);
    il_scope_close(s);
    return rc;
}

struct rows {
    float *score;
    size_t width;
};

static int take_rows(void *context, const float *logit, int top, int rows, il_err *e)
{
    (void)e;
    struct rows *r = context;
    float *to = r->score + (size_t)top * r->width;
    for (size_t i = 0; i < (size_t)rows * r->width; i++)
        to[i] = 1 / (1 + expf(-logit[i]));
    return IL_OK;
}

/* As the test examined it. */
static int forward_native(float *score, const il_examples_job *job, const il_batch *b, il_err *e)
{
    struct rows rows = { score, (size_t)b->width };
    const il_image image = { b->width, b->height, 3, (uint8_t *)b->pixels };
    il_tiled_inference_opts o = { .tile = job->testing->tile, .overlap = job->testing->overlap, .batch = 1 };
    return il_tiled_inference_logits(job->model, &image, o, take_rows, &rows, e);
}

static int show(struct shown *out, const il_examples_job *job, const il_batch *b, il_err *e)
{
    struct shown x = { 0 };
    int width = 0, height = 0;
    float *score = malloc((size_t)b->height * (size_t)b->width * sizeof *score);
    bool native = job->loader.fit == IL_SIZING_NATIVE;
    int rc = !score ? il_fail_oom(e) : native ? forward_native(score, job, b, e) : forward(score, job->model, b, e);
    measure(&width, &height, b);
    if (!rc)
        rc = il_image_new(&x.photo, width, height, 3, e);
    if (!rc)
        rc = il_image_new(&x.truth, width, height, 1, e);
    if (!rc)
        rc = il_image_new(&x.score, width, height, 1, e);
    if (!rc) {
        fill(&x, b, score);
        *out = x;
    } else {
        drop_shown(&x);
    }
    free(score);
    return rc;
}

/* ---- as files ---- */

static int shrink(il_image *image, il_err *e)
{
    int longer = image->width > image->height ? image->width : image->height;
    if (longer <= IL_EXAMPLES_SIDE)
        return IL_OK;
    il_image small = { 0 };
    int width = (int)((int64_t)image->width * IL_EXAMPLES_SIDE / longer);
    int height = (int)((int64_t)image->height * IL_EXAMPLES_SIDE / longer);
    int rc = il_image_resize(&small, image, width > 0 ? width : 1, height > 0 ? height : 1, e);
    if (rc)
        return rc;
    il_image_free(image);
    *image = small;
    return IL_OK;
}

static int encode(il_example *to, struct shown *x, il_err *e)
{
    int rc = shrink(&x->photo, e);
    if (!rc)
        rc = shrink(&x->truth, e);
    if (!rc)
        rc = shrink(&x->score, e);
    if (!rc)
        rc = il_image_webp_encode_lossy(&to->photo.data, &to->photo.size, &x->photo, QUALITY, to->id, e);
    if (!rc)
        rc = il_image_png_encode(&to->truth.data, &to->truth.size, &x->truth, to->id, e);
    return rc ? rc : il_image_png_encode(&to->score.data, &to->score.size, &x->score, to->id, e);
}

static int make_one(il_example *to, il_loader *loader, const il_examples_job *job, il_err *e)
{
    struct shown x = { 0 };
    il_batch batch;
    size_t index = 0;
    int more = 0;
    int rc = find_index(&index, job->source, to->id, e);
    if (!rc)
        rc = il_loader_start(loader, 1, index, e);
    if (!rc)
        rc = il_loader_next(loader, &batch, &more, e);
    if (!rc && (!more || batch.index[0] != index))
        rc = il_fail(e, IL_EDATA, "image %s can no longer be read", to->id);
    if (!rc)
        rc = show(&x, job, &batch, e);
    if (!rc)
        rc = encode(to, &x, e);
    drop_shown(&x);
    return rc;
}

int il_examples_there(bool *there, il_store *s, int64_t test, il_err *e)
{
    char number[24];
    il_rows rows = { 0 };
    snprintf(number, sizeof number, "%lld", (long long)test);
    int rc = il_store_query(&rows, s, "SELECT 1 FROM examples WHERE test = ?1 LIMIT 1",
                            (const char *const[]){ number, NULL }, e);
    if (!rc)
        *there = rows.count > 0;
    il_store_rows_free(&rows);
    return rc;
}

int il_examples_make(il_example out[IL_RANKS], size_t *count, const il_image_row *rows, size_t n,
                     const il_examples_job *job, il_err *e)
{
    il_example examples[IL_RANKS] = { 0 };
    il_loader *loader = NULL;
    il_loader_opts o = job->loader;
    size_t made = 0;
    o.batch = o.threads = 1; /* so that a batch's number is its image's */
    o.cache_bytes = 1;
    o.count_padding = false; /* so that batches tell where it is */
    int rc = pick(examples, &made, rows, n, e);
    if (!rc && made)
        rc = il_loader_open(&loader, job->source, job->labels, o, e);
    for (size_t i = 0; i < made && !rc; i++)
        rc = make_one(&examples[i], loader, job, e);
    il_loader_free(loader);
    if (rc) {
        il_store_examples_free(examples, made);
        return rc;
    }
    memcpy(out, examples, sizeof examples);
    *count = made;
    return IL_OK;
}

int il_examples_keep(size_t *kept, il_store *s, int64_t test, const il_examples_job *job, il_err *e)
{
    char number[24];
    il_rows stored = { 0 };
    il_example examples[IL_RANKS];
    size_t count = 0;
    snprintf(number, sizeof number, "%lld", (long long)test);
    int rc = il_store_read(&stored, s, "images: id text, tp count, fp count, fn count",
                           "SELECT id, tp, fp, fn FROM images WHERE test = ?1", (const char *const[]){ number, NULL },
                           e);
    il_image_row *rows = rc ? NULL : il_array_new(stored.count, sizeof *rows);
    if (!rc && !rows)
        rc = il_fail_oom(e);
    for (size_t i = 0; i < stored.count && !rc; i++)
        rows[i] = (il_image_row){ .id = il_rows_text(&stored, i, "id"),
                                  .counts = { .tp = il_rows_int(&stored, i, "tp"),
                                              .fp = il_rows_int(&stored, i, "fp"),
                                              .fn = il_rows_int(&stored, i, "fn") } };
    if (!rc)
        rc = il_examples_make(examples, &count, rows, stored.count, job, e);
    if (!rc)
        rc = il_store_put_examples(s, test, examples, count, e);
    il_store_examples_free(examples, count);
    free(rows);
    il_store_rows_free(&stored);
    if (!rc)
        *kept += count;
    return rc;
}
