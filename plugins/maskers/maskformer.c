/* maskformer.c - masker: a segment that a MaskFormer finds: the first whose outside is between outside_least and
 * outside_most of the picture, else segment 1. The pixels of no segment count as one before segment 1. Where segment 1 is
 * missing the published code gives an empty mask; here the random rectangle takes its place. The file is made by:
 *     m = MaskFormerForInstanceSegmentation.from_pretrained("facebook/maskformer-swin-base-coco").eval()
 *     torch.jit.trace(m, torch.zeros(1, 3, 800, 800), strict=False, check_trace=False).save("maskformer.pt")
 * Such a trace serves every size that is a multiple of 32, which `divisor` sees to; for one of a fixed size, `square`
 * resizes every photo to that side. Photos are prepared as by transformers' MaskFormerImageProcessorPil (its
 * torchvision twin resizes with coarser weights, so some grey levels differ by one). */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/plugin.h>
#include <inpaintlab/script.h>

struct maskformer {
    char *file;
    int shortest, longest, divisor, square, least;
    double threshold, mask_threshold, overlap, outside_least, outside_most;
    il_device device;
    il_script *module;
    int inputs; /* 2: the pixel mask too */
};

static const il_param_spec maskformer_params[] = {
    { .name = "file", .type = IL_PARAM_PATH, .help = "traced MaskFormerForInstanceSegmentation" },
    { .name = "shortest",
      .type = IL_PARAM_INT,
      .fallback = "800",
      .min = 32,
      .max = 8192,
      .help = "the photo's shorter side is resized to it" },
    { .name = "longest",
      .type = IL_PARAM_INT,
      .fallback = "1333",
      .min = 32,
      .max = 8192,
      .help = "less, where the longer side would exceed it" },
    { .name = "divisor",
      .type = IL_PARAM_INT,
      .fallback = "32",
      .min = 1,
      .max = 1024,
      .help = "both sides are rounded up to a multiple of it" },
    { .name = "square",
      .type = IL_PARAM_INT,
      .fallback = "0",
      .min = 0,
      .max = 8192,
      .help = "side to which every photo is resized instead; 0: by the three above" },
    { .name = "threshold",
      .type = IL_PARAM_REAL,
      .fallback = "0.8",
      .min = 0,
      .max = 1,
      .help = "a segment's class must be surer" },
    { .name = "mask_threshold",
      .type = IL_PARAM_REAL,
      .fallback = "0.5",
      .min = 0,
      .max = 1,
      .help = "from where a pixel belongs to a segment" },
    { .name = "overlap",
      .type = IL_PARAM_REAL,
      .fallback = "0.8",
      .min = 0,
      .max = 1,
      .help = "share of its pixels that a segment must win (overlap_mask_area_threshold)" },
    { .name = "outside_least",
      .type = IL_PARAM_REAL,
      .fallback = "0.2",
      .min = 0,
      .max = 1,
      .help = "the share outside the segment must exceed it" },
    { .name = "outside_most",
      .type = IL_PARAM_REAL,
      .fallback = "0.7",
      .min = 0,
      .max = 1,
      .help = "and stay below it" },
    { .name = "least",
      .type = IL_PARAM_INT,
      .fallback = "64",
      .min = 1,
      .max = 100000,
      .help = "least side of the random rectangle in pixels" },
    { .name = NULL },
};

static void maskformer_close(void *self)
{
    struct maskformer *m = self;
    if (!m)
        return;
    il_script_free(m->module);
    free(m->file);
    free(m);
}

static int maskformer_open(void **out, const il_params *p, il_err *e)
{
    struct maskformer *m = calloc(1, sizeof *m);
    if (!m)
        return il_fail_oom(e);
    m->file = strdup(il_params_text(p, "file"));
    m->shortest = (int)il_params_int(p, "shortest");
    m->longest = (int)il_params_int(p, "longest");
    m->divisor = (int)il_params_int(p, "divisor");
    m->square = (int)il_params_int(p, "square");
    m->least = (int)il_params_int(p, "least");
    m->threshold = il_params_real(p, "threshold");
    m->mask_threshold = il_params_real(p, "mask_threshold");
    m->overlap = il_params_real(p, "overlap");
    m->outside_least = il_params_real(p, "outside_least");
    m->outside_most = il_params_real(p, "outside_most");
    if (!m->file) {
        maskformer_close(m);
        return il_fail_oom(e);
    }
    *out = m;
    return IL_OK;
}

static int maskformer_load(void *self, il_device device, il_err *e)
{
    struct maskformer *m = self;
    m->device = device;
    int rc = il_script_open(&m->module, m->file, device, e);
    if (!rc)
        rc = il_script_inputs(&m->inputs, m->module, e);
    if (!rc && m->inputs != 1 && m->inputs != 2)
        rc = il_fail(e, IL_EFORMAT,
                     "%s: forward takes %d inputs, expected pixel_values, or pixel_values and pixel_mask", m->file,
                     m->inputs);
    return rc;
}

/* ---- the network's input ---- */

static int up_to_multiple(int side, int divisor)
{
    return (side + divisor - 1) / divisor * divisor;
}

/* The shorter side becomes `shortest`, or less; the other keeps the shape, cut to a whole number. */
static void input_size(int *width, int *height, const struct maskformer *m, const il_image *photo)
{
    bool wide = photo->height <= photo->width;
    double low = wide ? photo->height : photo->width, high = wide ? photo->width : photo->height;
    double exact = m->shortest;
    int side = m->shortest;
    if (high / low * m->shortest > m->longest) {
        exact = m->longest * low / high;
        side = (int)rint(exact);
    }
    int other = low == side ? (int)high : (int)(exact * high / low);
    *width = up_to_multiple(wide ? other : side, m->divisor);
    *height = up_to_multiple(wide ? side : other, m->divisor);
    if (m->square)
        *width = *height = m->square;
}

/* (1,3,H,W): less ImageNet's mean, over its deviation, in the processor's order of roundings. */
static il_tensor *normalised(il_scope *s, const il_image *image)
{
    static const float mean[] = { 0.485F, 0.456F, 0.406F }, deviation[] = { 0.229F, 0.224F, 0.225F };
    size_t area = (size_t)image->width * (size_t)image->height;
    float *values = malloc(3 * area * sizeof *values);
    if (!values)
        return il_scope_fail(s, IL_ENOMEM, "out of memory");
    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < area; i++)
            values[c * area + i] = ((float)(image->pixels[3 * i + c] * (1 / 255.0)) - mean[c]) / deviation[c];
    il_tensor *t = il_from_f32(s, values, 4, (int64_t[]){ 1, 3, image->height, image->width });
    free(values);
    return t;
}

static const char *const output_names[] = { "class_queries_logits", "masks_queries_logits" };

/* out: class logits (1,Q,classes + 1) and mask logits (1,Q,h,w). */
static int forward(il_tensor *out[2], const struct maskformer *m, il_scope *s, const il_image *photo, il_err *e)
{
    il_image sized = { 0 };
    int width = 0, height = 0;
    input_size(&width, &height, m, photo);
    int rc = il_image_resize(&sized, photo, width, height, e);
    if (rc)
        return rc;
    il_tensor *inputs[] = { normalised(s, &sized), il_full(s, 1, IL_DTYPE_I64, 3, (int64_t[]){ 1, height, width }) };
    il_image_free(&sized);
    rc = il_script_call(s, m->module, inputs, m->inputs, output_names, out, 2, e);
    if (rc)
        return il_fail_in(e, "an image of %dx%d (traced for one size only? see the setting square)", width, height);
    const il_tensor *c = out[0], *k = out[1];
    if (il_ndim(c) != 3 || il_ndim(k) != 4 || il_dim(c, 0) != 1 || il_dim(k, 0) != 1 || il_dim(c, 1) < 1 ||
        il_dim(c, 1) != il_dim(k, 1) || il_dim(c, 2) < 2 || il_dim(k, 2) < 1 || il_dim(k, 3) < 1)
        return il_fail(e, IL_EFORMAT,
                       "%s: gives tensors of %d and %d dimensions, expected class logits of shape "
                       "(1, queries, classes + 1) and mask logits of shape (1, queries, height, width)",
                       m->file, il_ndim(c), il_ndim(k));
    return IL_OK;
}

/* ---- panoptic segmentation, as transformers does it without fusing any class ---- */

/* Per pixel: the query that claims it most strongly, and how strongly. Per query: how many pixels it claims and wins. */
struct contest {
    size_t area;
    float *strongest;
    int *winner; /* -1: not yet */
    int64_t *claims, *wins;
    float *pixels; /* of one query */
};

static void contest_close(struct contest *c)
{
    free(c->strongest);
    free(c->winner);
    free(c->claims);
    free(c->wins);
    free(c->pixels);
}

static int contest_open(struct contest *c, size_t area, size_t queries, il_err *e)
{
    *c = (struct contest){ .area = area };
    c->strongest = calloc(area, sizeof *c->strongest);
    c->winner = malloc(area * sizeof *c->winner);
    c->claims = calloc(queries, sizeof *c->claims);
    c->wins = calloc(queries, sizeof *c->wins);
    c->pixels = calloc(area, sizeof *c->pixels);
    if (!c->strongest || !c->winner || !c->claims || !c->wins || !c->pixels)
        return il_fail_oom(e);
    for (size_t i = 0; i < area; i++)
        c->winner[i] = -1;
    return IL_OK;
}

/* The probability of the best class of a query; 0 where that is "no object", the last one. */
static float best_score(const float *logits, int64_t classes)
{
    int64_t best = 0;
    float sum = 0;
    for (int64_t i = 1; i < classes; i++)
        if (logits[i] > logits[best])
            best = i;
    for (int64_t i = 0; i < classes; i++)
        sum += expf(logits[i] - logits[best]);
    return best == classes - 1 ? 0 : 1 / sum;
}

/* Query q joins: its mask (1,1,h,w) of probabilities, resized to the photo and weighed by its score. */
static int compete(struct contest *c, const struct maskformer *m, il_scope *parent, il_tensor *masks, int64_t q,
                   float score, const il_image *photo, il_err *e)
{
    il_scope *s = il_scope_nest(parent);
    il_tensor *one = il_sigmoid(s, il_slice(s, masks, 1, q, q + 1));
    one = il_affine(s, il_upsample_bilinear(s, one, photo->height, photo->width), score, 0);
    int rc = one ? il_read_f32(one, c->pixels, c->area, e) : il_scope_status(parent, e);
    il_scope_close(s);
    for (size_t i = 0; i < c->area && !rc; i++) {
        if (!isfinite(c->pixels[i]))
            rc = il_fail(e, IL_EFORMAT, "%s: returns values that are not finite in the mask of query %lld", m->file,
                         (long long)q);
        c->claims[q] += c->pixels[i] >= (float)m->mask_threshold;
        if (c->winner[i] < 0 || c->pixels[i] > c->strongest[i]) {
            c->strongest[i] = c->pixels[i];
            c->winner[i] = (int)q;
        }
    }
    return rc;
}

/* All queries that are sure enough of their class. */
static int run_contest(struct contest *c, const struct maskformer *m, il_scope *s, il_tensor *out[2],
                       const il_image *photo, il_err *e)
{
    int64_t queries = il_dim(out[0], 1), classes = il_dim(out[0], 2);
    size_t count = (size_t)(queries * classes);
    float *logits = calloc(count, sizeof *logits);
    int rc = logits ? il_read_f32(out[0], logits, count, e) : il_fail_oom(e);
    for (size_t i = 0; i < count && !rc; i++)
        if (!isfinite(logits[i]))
            rc = il_fail(e, IL_EFORMAT, "%s: returns values that are not finite in the class logits", m->file);
    for (int64_t q = 0; q < queries && !rc; q++) {
        float score = best_score(logits + q * classes, classes);
        if (score > (float)m->threshold)
            rc = compete(c, m, s, out[1], q, score, photo, e);
    }
    free(logits);
    for (size_t i = 0; i < c->area && !rc; i++)
        if (c->winner[i] >= 0)
            c->wins[c->winner[i]]++;
    return rc;
}

/* Replaces winner by the segment's number, from 1; 0: none. Returns the number of segments. */
static int number_segments(struct contest *c, size_t queries, double overlap, int *number)
{
    int segments = 0;
    for (size_t q = 0; q < queries; q++) {
        bool valid = c->wins[q] > 0 && c->claims[q] > 0 && (double)((float)c->wins[q] / (float)c->claims[q]) > overlap;
        number[q] = valid ? ++segments : 0;
    }
    for (size_t i = 0; i < c->area; i++)
        c->winner[i] = c->winner[i] < 0 ? 0 : number[c->winner[i]];
    return segments;
}

/* ---- the rule ---- */

/* The chosen segment (0: the pixels of none; -1: there is nothing to choose), and the share of the picture outside it. */
static int choose(double *outside, bool *fits, const struct maskformer *m, const int *segment, size_t area,
                  int64_t *sizes, int segments)
{
    for (size_t i = 0; i < area; i++)
        sizes[segment[i]]++;
    *fits = true;
    for (int id = 0; id <= segments; id++) {
        *outside = (double)((int64_t)area - sizes[id]) / (double)area;
        if (sizes[id] > 0 && m->outside_least < *outside && *outside < m->outside_most)
            return id;
    }
    *fits = false;
    if (segments < 1)
        return -1;
    *outside = (double)((int64_t)area - sizes[1]) / (double)area;
    return 1;
}

static int draw(il_image *out, const int *segment, int id, const il_image *photo, il_err *e)
{
    int rc = il_image_new(out, photo->width, photo->height, 1, e);
    if (rc)
        return rc;
    size_t area = (size_t)photo->width * (size_t)photo->height;
    for (size_t i = 0; i < area; i++)
        out->pixels[i] = segment[i] == id ? 255 : 0;
    return IL_OK;
}

static int apply_rule(const struct maskformer *m, const int *segment, int segments, const il_image *photo,
                      uint64_t seed, il_image *out, il_rule *rule, il_err *e)
{
    double outside = 0;
    bool fits = false;
    int64_t *sizes = calloc((size_t)segments + 1, sizeof *sizes);
    if (!sizes)
        return il_fail_oom(e);
    size_t area = (size_t)photo->width * (size_t)photo->height;
    int id = choose(&outside, &fits, m, segment, area, sizes, segments);
    free(sizes);
    if (id < 0) {
        snprintf(rule->text, sizeof rule->text, "random rectangle: no segment");
        return il_image_random_rectangle(out, photo->width, photo->height, m->least, seed, e);
    }
    if (id == 0)
        snprintf(rule->text, sizeof rule->text, "the pixels of none of %d segments, outside %.4f", segments, outside);
    else
        snprintf(rule->text, sizeof rule->text, "segment %d of %d, outside %.4f%s", id, segments, outside,
                 fits ? "" : ", as none is in range");
    return draw(out, segment, id, photo, e);
}

static int maskformer_mask(const void *self, const il_image *photo, uint64_t seed, il_image *out, il_rule *rule,
                           il_err *e)
{
    const struct maskformer *m = self;
    if (photo->channels != 3)
        return il_fail(e, IL_EPARAM, "a photo of %d channels; expected RGB", photo->channels);
    struct contest c = { 0 };
    il_scope *s = NULL;
    int *number = NULL;
    il_tensor *outputs[2] = { 0 };
    int rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .device = m->device), e);
    if (!rc)
        rc = forward(outputs, m, s, photo, e);
    if (rc)
        goto done;
    size_t queries = (size_t)il_dim(outputs[0], 1);
    rc = contest_open(&c, (size_t)photo->width * (size_t)photo->height, queries, e);
    if (!rc)
        rc = run_contest(&c, m, s, outputs, photo, e);
    if (rc)
        goto done;
    number = malloc(queries * sizeof *number);
    rc = number ? IL_OK : il_fail_oom(e);
    if (!rc) {
        int segments = number_segments(&c, queries, m->overlap, number);
        rc = apply_rule(m, c.winner, segments, photo, seed, out, rule, e);
    }
done:
    free(number);
    contest_close(&c);
    il_scope_close(s);
    return rc;
}

static const il_masker_ops ops = { .mask = maskformer_mask };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MASKER,
    .name = "maskformer",
    .revision = 1,
    .summary = "a segment that a MaskFormer finds (Dataset 2)",
    .params = maskformer_params,
    .open = maskformer_open,
    .close = maskformer_close,
    .load = maskformer_load,
    .masker = &ops,
};
