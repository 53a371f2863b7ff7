/* yolov8.c - masker: a box that a YOLOv8 detector finds: the most confident one whose area is below `most` of the
 * picture, else the least confident; without any, the random rectangle. The file is made by ultralytics:
 *     from ultralytics import YOLO
 *     YOLO("yolov8m.pt").export(format="torchscript", imgsz=640)
 * Exports have a fixed square input, so photos that are not square are padded to the whole square, as ultralytics does
 * with an export (with the .pt file it pads to a multiple of 32 only). */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/convert.h>
#include <inpaintlab/plugin.h>
#include <inpaintlab/script.h>

enum { PADDING = 114, MAX_CANDIDATES = 30000, CLASS_OFFSET = 7680 }; /* as ultralytics */

struct yolov8 {
    char *file;
    float confidence;
    double iou, most;
    int size, least, max_det;
    il_device device;
    il_script *module;
};

static const il_param_spec yolov8_params[] = {
    { .name = "file", .type = IL_PARAM_PATH, .help = "YOLOv8 detector exported to TorchScript" },
    { .name = "confidence",
      .type = IL_PARAM_REAL,
      .fallback = "0.5",
      .min = 0,
      .max = 1,
      .help = "boxes must exceed it" },
    { .name = "iou",
      .type = IL_PARAM_REAL,
      .fallback = "0.7",
      .min = 0,
      .max = 1,
      .help = "a box that overlaps a better one of its class by more is dropped" },
    { .name = "size", .type = IL_PARAM_INT, .fallback = "640", .min = 32, .max = 8192, .help = "imgsz of the export" },
    { .name = "most",
      .type = IL_PARAM_REAL,
      .fallback = "0.7",
      .min = 0,
      .max = 1,
      .help = "share of the picture's area that a box must stay below" },
    { .name = "max_det",
      .type = IL_PARAM_INT,
      .fallback = "300",
      .min = 1,
      .max = 30000,
      .help = "boxes kept at most" },
    { .name = "least",
      .type = IL_PARAM_INT,
      .fallback = "64",
      .min = 1,
      .max = 100000,
      .help = "least side of the random rectangle in pixels" },
    { .name = NULL },
};

static void yolov8_close(void *self)
{
    struct yolov8 *y = self;
    if (!y)
        return;
    il_script_free(y->module);
    free(y->file);
    free(y);
}

static int yolov8_open(void **out, const il_params *p, il_err *e)
{
    struct yolov8 *y = calloc(1, sizeof *y);
    if (!y)
        return il_fail_oom(e);
    y->file = strdup(il_params_text(p, "file"));
    y->confidence = (float)il_params_real(p, "confidence");
    y->iou = il_params_real(p, "iou");
    y->most = il_params_real(p, "most");
    y->size = (int)il_params_int(p, "size");
    y->max_det = (int)il_params_int(p, "max_det");
    y->least = (int)il_params_int(p, "least");
    if (!y->file) {
        yolov8_close(y);
        return il_fail_oom(e);
    }
    *out = y;
    return IL_OK;
}

static int yolov8_load(void *self, il_device device, il_err *e)
{
    struct yolov8 *y = self;
    y->device = device;
    return il_script_open(&y->module, y->file, device, e);
}

/* ---- the detector's input ---- */

/* Where the photo lies in the square, and its scale. */
struct letterbox {
    int left, top;
    double across, down;
};

/* Half to even, as Python's round. */
static int rounded(double x)
{
    return (int)rint(x);
}

static int letterbox(il_image *out, struct letterbox *box, const il_image *photo, int size, il_err *e)
{
    il_image inner = { 0 }, result = { 0 };
    double down = (double)size / photo->height, across = (double)size / photo->width;
    double scale = down < across ? down : across;
    int width = rounded(photo->width * scale), height = rounded(photo->height * scale);
    width = width > 1 ? width : 1;
    height = height > 1 ? height : 1;
    int rc = il_image_resize_plain(&inner, photo, width, height, e);
    if (!rc)
        rc = il_image_new(&result, size, size, 3, e);
    if (rc)
        goto done;
    *box = (struct letterbox){ rounded((size - width) / 2.0 - 0.1), rounded((size - height) / 2.0 - 0.1),
                               (double)width / photo->width, (double)height / photo->height };
    memset(result.pixels, PADDING, (size_t)size * (size_t)size * 3);
    for (int y = 0; y < height; y++)
        memcpy(result.pixels + ((size_t)(box->top + y) * (size_t)size + (size_t)box->left) * 3,
               inner.pixels + (size_t)y * (size_t)width * 3, (size_t)width * 3);
    *out = result;
done:
    il_image_free(&inner);
    return rc;
}

/* ---- its output ---- */

struct box {
    float x, y, x_end, y_end, score;
    int class, anchor;
};

struct boxes {
    struct box *at;
    size_t count;
};

/* Anchors whose best class is sure enough. values (4 + classes, anchors): centre, size, one score per class. */
static int candidates(struct boxes *out, const float *values, int64_t rows, int64_t anchors, float confidence,
                      il_err *e)
{
    struct boxes found = { malloc((size_t)anchors * sizeof *found.at), 0 };
    if (!found.at)
        return il_fail_oom(e);
    for (int64_t i = 0; i < anchors; i++) {
        int64_t best = 4;
        for (int64_t row = 5; row < rows; row++)
            if (values[row * anchors + i] > values[best * anchors + i])
                best = row;
        float score = values[best * anchors + i];
        if (!(score > confidence))
            continue;
        float x = values[i], y = values[anchors + i];
        float half_width = values[2 * anchors + i] / 2, half_height = values[3 * anchors + i] / 2;
        found.at[found.count++] = (struct box){ x - half_width, y - half_height, x + half_width, y + half_height,
                                                score,          (int)(best - 4), (int)i };
    }
    *out = found;
    return IL_OK;
}

static int check_output(const struct yolov8 *y, const il_tensor *t, il_err *e)
{
    if (il_ndim(t) == 3 && il_dim(t, 2) == 6 && il_dim(t, 1) > 6)
        return il_fail(e, IL_EFORMAT, "%s: returns final boxes (1,%lld,6); export it without nms", y->file,
                       (long long)il_dim(t, 1));
    if (il_ndim(t) != 3 || il_dim(t, 0) != 1 || il_dim(t, 1) < 5 || il_dim(t, 2) < 1 || il_dim(t, 2) > INT32_MAX)
        return il_fail(e, IL_EFORMAT,
                       "%s: gives a tensor of %d dimensions and %lld values, expected one of shape "
                       "(1, 4 + classes, anchors), as YOLOv8 detectors do",
                       y->file, il_ndim(t), (long long)il_numel(t));
    return IL_OK;
}

static int read_output(struct boxes *out, const struct yolov8 *y, const il_tensor *t, il_err *e)
{
    int rc = check_output(y, t, e);
    if (rc)
        return rc;
    size_t count = (size_t)il_numel(t);
    float *values = calloc(count, sizeof *values);
    rc = values ? il_read_f32(t, values, count, e) : il_fail_oom(e);
    for (size_t i = 0; i < count && !rc; i++)
        if (!isfinite(values[i]))
            rc = il_fail(e, IL_EFORMAT, "%s: returns values that are not finite", y->file);
    if (!rc)
        rc = candidates(out, values, il_dim(t, 1), il_dim(t, 2), y->confidence, e);
    free(values);
    return rc;
}

static int detect(struct boxes *out, const struct yolov8 *y, const il_image *square, il_err *e)
{
    il_scope *s = NULL;
    int rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .device = y->device), e);
    if (rc)
        return rc;
    const il_tensor *t = il_script_forward(s, y->module, il_convert_to_tensor(s, square));
    rc = il_scope_status(s, e);
    if (rc)
        il_fail_in(e, "an image of %dx%d (the setting size must be the export's imgsz)", y->size, y->size);
    else
        rc = read_output(out, y, t, e);
    il_scope_close(s);
    return rc;
}

/* ---- non-maximum suppression ---- */

static int by_score(const void *a, const void *b)
{
    const struct box *p = a, *q = b;
    return p->score != q->score ? (p->score < q->score ? 1 : -1) : (p->anchor > q->anchor) - (p->anchor < q->anchor);
}

/* Boxes of different classes are moved apart, in single precision as ultralytics does, which shifts them a little. */
static float overlap(struct box a, struct box b)
{
    float da = (float)a.class * CLASS_OFFSET, db = (float)b.class * CLASS_OFFSET;
    float ax = a.x + da, ay = a.y + da, ax_end = a.x_end + da, ay_end = a.y_end + da;
    float bx = b.x + db, by = b.y + db, bx_end = b.x_end + db, by_end = b.y_end + db;
    float width = fminf(ax_end, bx_end) - fmaxf(ax, bx), height = fminf(ay_end, by_end) - fmaxf(ay, by);
    float shared = fmaxf(width, 0) * fmaxf(height, 0);
    float area_a = (ax_end - ax) * (ay_end - ay), area_b = (bx_end - bx) * (by_end - by);
    return shared / (area_a + area_b - shared);
}

/* Sorts by falling score and keeps those that no kept one covers. */
static void suppress(struct boxes *b, double iou, int max_det)
{
    qsort(b->at, b->count, sizeof *b->at, by_score);
    size_t kept = 0, candidates = b->count < MAX_CANDIDATES ? b->count : MAX_CANDIDATES;
    for (size_t i = 0; i < candidates && kept < (size_t)max_det; i++) {
        size_t k = 0;
        while (k < kept && !((double)overlap(b->at[k], b->at[i]) > iou))
            k++;
        if (k == kept)
            b->at[kept++] = b->at[i];
    }
    b->count = kept;
}

static float clipped(float v, double pad, double scale, int side)
{
    v = (v - (float)pad) / (float)scale;
    return v < 0 ? 0 : v > (float)side ? (float)side : v;
}

static void to_photo(struct boxes *b, const struct letterbox *l, const il_image *photo)
{
    for (size_t i = 0; i < b->count; i++) {
        struct box *x = &b->at[i];
        x->x = clipped(x->x, l->left, l->across, photo->width);
        x->x_end = clipped(x->x_end, l->left, l->across, photo->width);
        x->y = clipped(x->y, l->top, l->down, photo->height);
        x->y_end = clipped(x->y_end, l->top, l->down, photo->height);
    }
}

static int find_boxes(struct boxes *out, const struct yolov8 *y, const il_image *photo, il_err *e)
{
    il_image square = { 0 };
    struct letterbox place;
    int rc = letterbox(&square, &place, photo, y->size, e);
    if (!rc)
        rc = detect(out, y, &square, e);
    il_image_free(&square);
    if (rc)
        return rc;
    suppress(out, y->iou, y->max_det);
    to_photo(out, &place, photo);
    return IL_OK;
}

/* ---- the rule ---- */

/* The first box that is small enough, else the last. */
static size_t choose(const struct boxes *b, double area, double most, bool *last)
{
    for (size_t i = 0; i < b->count; i++) {
        struct box x = b->at[i];
        *last = false;
        if (((double)x.y_end - (double)x.y) * ((double)x.x_end - (double)x.x) / area < most)
            return i;
    }
    *last = true;
    return b->count - 1;
}

/* Coordinates are cut to whole numbers, as Pillow does. False: the box marks no pixel. */
static bool draw(il_image *mask, struct box b)
{
    memset(mask->pixels, 0, (size_t)mask->width * (size_t)mask->height);
    il_image_rectangle(mask, (int)b.x, (int)b.y, (int)b.x_end, (int)b.y_end);
    return (int)b.x < mask->width && (int)b.y < mask->height && b.x_end >= b.x && b.y_end >= b.y;
}

static int random_instead(const struct yolov8 *y, const il_image *photo, uint64_t seed, il_image *out, il_err *e)
{
    return il_image_random_rectangle(out, photo->width, photo->height, y->least, seed, e);
}

static int mask_box(const struct yolov8 *y, const struct boxes *b, const il_image *photo, uint64_t seed, il_image *out,
                    il_rule *rule, il_err *e)
{
    bool last = false;
    size_t i = choose(b, (double)photo->width * photo->height, y->most, &last);
    struct box x = b->at[i];
    il_image mask = { 0 };
    int rc = il_image_new(&mask, photo->width, photo->height, 1, e);
    if (rc)
        return rc;
    if (!draw(&mask, x)) {
        il_image_free(&mask);
        snprintf(rule->text, sizeof rule->text, "random rectangle: box %zu of %zu is empty", i + 1, b->count);
        return random_instead(y, photo, seed, out, e);
    }
    char which[64];
    if (last)
        snprintf(which, sizeof which, "last of %zu box%s", b->count, b->count == 1 ? "" : "es");
    else
        snprintf(which, sizeof which, "box %zu of %zu", i + 1, b->count);
    snprintf(rule->text, sizeof rule->text, "%s, class %d, confidence %.2f, at %.2f %.2f to %.2f %.2f", which, x.class,
             (double)x.score, (double)x.x, (double)x.y, (double)x.x_end, (double)x.y_end);
    *out = mask;
    return IL_OK;
}

static int yolov8_mask(const void *self, const il_image *photo, uint64_t seed, il_image *out, il_rule *rule, il_err *e)
{
    const struct yolov8 *y = self;
    struct boxes b = { 0 };
    if (photo->channels != 3)
        return il_fail(e, IL_EPARAM, "a photo of %d channels; expected RGB", photo->channels);
    int rc = find_boxes(&b, y, photo, e);
    if (rc)
        return rc;
    if (b.count > 0) {
        rc = mask_box(y, &b, photo, seed, out, rule, e);
    } else {
        snprintf(rule->text, sizeof rule->text, "random rectangle: no box");
        rc = random_instead(y, photo, seed, out, e);
    }
    free(b.at);
    return rc;
}

static const il_masker_ops ops = { .mask = yolov8_mask };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MASKER,
    .name = "yolov8",
    .revision = 1,
    .summary = "a box that a YOLOv8 detector finds (Dataset 2)",
    .params = yolov8_params,
    .open = yolov8_open,
    .close = yolov8_close,
    .load = yolov8_load,
    .masker = &ops,
};
