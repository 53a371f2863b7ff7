/* image.c - 8-bit images in memory: resize, crop, blur and composite, byte for byte like Pillow. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/image.h>
#include "image/limits.h"

int il_image_new(il_image *out, int width, int height, int channels, il_err *e)
{
    if (channels != 1 && channels != 3)
        return il_fail(e, IL_EPARAM, "an image cannot have %d channels; expected 1 or 3", channels);
    if (width < 1 || height < 1 || (int64_t)width * height > IL_IMAGE_MAX_PIXELS)
        return il_fail(e, IL_EPARAM, "an image cannot have %dx%d pixels; expected at least 1x1 and at most %d in all",
                       width, height, IL_IMAGE_MAX_PIXELS);
    uint8_t *pixels = malloc((size_t)width * (size_t)height * (size_t)channels);
    if (!pixels)
        return il_fail_oom(e);
    *out = (il_image){ width, height, channels, pixels };
    return IL_OK;
}

void il_image_free(il_image *image)
{
    if (!image)
        return;
    free(image->pixels);
    *image = (il_image){ 0 };
}

static size_t row_bytes(const il_image *image)
{
    return (size_t)image->width * (size_t)image->channels;
}

static int check_full(const il_image *in, il_err *e)
{
    return in->pixels ? IL_OK : il_fail(e, IL_EPARAM, "the image is empty");
}

/* ---- resize ---- */

enum { WEIGHT_BITS = 32 - 8 - 2 }; /* Pillow's fixed point: 8 bits of result, 2 bits of headroom */

/* For each output position: the first input position, the number of input positions, and their weights (`taps` per
 * position). */
struct filter {
    int taps;
    int *start, *count;
    int32_t *weights;
};

static void filter_free(struct filter *f)
{
    free(f->start);
    free(f->count);
    free(f->weights);
}

/* Triangle weights of one output position around `center`, normalised in double precision, then rounded. */
static void filter_fill(struct filter *f, int at, double center, double stretch, int in_size, double *scratch)
{
    int first = (int)(center - stretch + 0.5);
    int end = (int)(center + stretch + 0.5);
    if (first < 0)
        first = 0;
    if (end > in_size)
        end = in_size;
    double total = 0, inverse = 1.0 / stretch;
    for (int i = 0; i < end - first; i++) {
        double x = fabs((i + first - center + 0.5) * inverse);
        scratch[i] = x < 1.0 ? 1.0 - x : 0.0;
        total += scratch[i];
    }
    int32_t *weights = f->weights + (size_t)at * (size_t)f->taps;
    for (int i = 0; i < end - first; i++) {
        double w = total != 0.0 ? scratch[i] / total : scratch[i];
        weights[i] = (int32_t)(0.5 + w * (1 << WEIGHT_BITS));
    }
    f->start[at] = first;
    f->count[at] = end - first;
}

static int filter_new(struct filter *f, int in_size, int out_size, il_err *e)
{
    double scale = (double)in_size / out_size;
    double stretch = scale < 1.0 ? 1.0 : scale; /* the support grows only when shrinking */
    size_t n = (size_t)out_size;
    *f = (struct filter){ .taps = (int)ceil(stretch) * 2 + 1 };
    f->start = malloc(n * sizeof *f->start);
    f->count = malloc(n * sizeof *f->count);
    f->weights = malloc(n * (size_t)f->taps * sizeof *f->weights);
    double *scratch = malloc((size_t)f->taps * sizeof *scratch);
    if (!f->start || !f->count || !f->weights || !scratch) {
        filter_free(f);
        free(scratch);
        return il_fail_oom(e);
    }
    for (int i = 0; i < out_size; i++)
        filter_fill(f, i, (i + 0.5) * scale, stretch, in_size, scratch);
    free(scratch);
    return IL_OK;
}

static uint8_t weighed(int32_t sum)
{
    sum >>= WEIGHT_BITS;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

static void resize_row(uint8_t *to, const uint8_t *from, const struct filter *f, int out_width, int channels)
{
    for (int x = 0; x < out_width; x++) {
        const int32_t *weights = f->weights + (size_t)x * (size_t)f->taps;
        const uint8_t *first = from + (size_t)f->start[x] * (size_t)channels;
        for (int c = 0; c < channels; c++) {
            int32_t sum = 1 << (WEIGHT_BITS - 1);
            for (int i = 0; i < f->count[x]; i++)
                sum += first[(size_t)i * (size_t)channels + (size_t)c] * weights[i];
            *to++ = weighed(sum);
        }
    }
}

static int resize_width(il_image *out, const il_image *in, int width, il_err *e)
{
    struct filter f;
    il_image result = { 0 };
    int rc = filter_new(&f, in->width, width, e);
    if (rc)
        return rc;
    rc = il_image_new(&result, width, in->height, in->channels, e);
    if (rc)
        goto done;
    for (int y = 0; y < in->height; y++)
        resize_row(result.pixels + (size_t)y * row_bytes(&result), in->pixels + (size_t)y * row_bytes(in), &f, width,
                   in->channels);
    *out = result;
done:
    filter_free(&f);
    return rc;
}

static int resize_height(il_image *out, const il_image *in, int height, il_err *e)
{
    struct filter f;
    il_image result = { 0 };
    size_t bytes = row_bytes(in);
    int32_t *sums = NULL;
    int rc = filter_new(&f, in->height, height, e);
    if (rc)
        return rc;
    sums = malloc(bytes * sizeof *sums);
    rc = sums ? il_image_new(&result, in->width, height, in->channels, e) : il_fail_oom(e);
    if (rc)
        goto done;
    for (int y = 0; y < height; y++) {
        for (size_t x = 0; x < bytes; x++)
            sums[x] = 1 << (WEIGHT_BITS - 1);
        for (int i = 0; i < f.count[y]; i++) {
            int32_t weight = f.weights[(size_t)y * (size_t)f.taps + (size_t)i];
            const uint8_t *row = in->pixels + (size_t)(f.start[y] + i) * bytes;
            for (size_t x = 0; x < bytes; x++)
                sums[x] += row[x] * weight;
        }
        for (size_t x = 0; x < bytes; x++)
            result.pixels[(size_t)y * bytes + x] = weighed(sums[x]);
    }
    *out = result;
done:
    free(sums);
    filter_free(&f);
    return rc;
}

int il_image_resize(il_image *out, const il_image *in, int width, int height, il_err *e)
{
    int rc = check_full(in, e);
    if (rc)
        return rc;
    if (width < 1 || height < 1 || (int64_t)width * height > IL_IMAGE_MAX_PIXELS ||
        (int64_t)width * in->height > IL_IMAGE_MAX_PIXELS)
        return il_fail(e, IL_EPARAM, "cannot resize %dx%d to %dx%d pixels; expected 1 to %d at each step", in->width,
                       in->height, width, height, IL_IMAGE_MAX_PIXELS);
    if (width == in->width && height == in->height)
        return il_image_crop(out, in, 0, 0, width, height, e);
    if (width == in->width)
        return resize_height(out, in, height, e);
    if (height == in->height)
        return resize_width(out, in, width, e);
    /* Pillow up to 12 and torchvision always resize the width first. Pillow 13 resizes the height first where that
     * shrinks by more than twice as many pixels, which changes some values by 1. */
    il_image half = { 0 };
    rc = resize_width(&half, in, width, e);
    if (!rc)
        rc = resize_height(out, &half, height, e);
    il_image_free(&half);
    return rc;
}

/* ---- cropping and copying ---- */

int il_image_crop(il_image *out, const il_image *in, int left, int top, int width, int height, il_err *e)
{
    il_image result = { 0 };
    int rc = check_full(in, e);
    if (!rc)
        rc = il_image_new(&result, width, height, in->channels, e);
    if (rc)
        return rc;
    /* the visible part of `in`, in its own coordinates */
    int64_t x0 = left > 0 ? left : 0, x1 = (int64_t)left + width;
    if (x1 > in->width)
        x1 = in->width;
    size_t bytes = row_bytes(&result), channels = (size_t)in->channels;
    for (int y = 0; y < height; y++) {
        uint8_t *to = result.pixels + (size_t)y * bytes;
        int64_t from_y = (int64_t)top + y;
        bool whole = from_y >= 0 && from_y < in->height && x0 == left && x1 == (int64_t)left + width;
        if (!whole)
            memset(to, 0, bytes);
        if (from_y >= 0 && from_y < in->height && x1 > x0)
            memcpy(to + (size_t)(x0 - left) * channels,
                   in->pixels + (size_t)from_y * row_bytes(in) + (size_t)x0 * channels, (size_t)(x1 - x0) * channels);
    }
    *out = result;
    return IL_OK;
}

int il_image_to_rgb(il_image *out, const il_image *in, il_err *e)
{
    int rc = check_full(in, e);
    if (rc)
        return rc;
    if (in->channels == 3)
        return il_image_crop(out, in, 0, 0, in->width, in->height, e);
    il_image result = { 0 };
    rc = il_image_new(&result, in->width, in->height, 3, e);
    if (rc)
        return rc;
    size_t n = row_bytes(in) * (size_t)in->height;
    for (size_t i = 0; i < n; i++)
        memset(result.pixels + 3 * i, in->pixels[i], 3);
    *out = result;
    return IL_OK;
}

int il_image_collate(il_image *out, const il_image *in, int side, il_err *e)
{
    if (in->width > side || in->height > side)
        return il_image_resize(out, in, side, side, e);
    return il_image_crop(out, in, 0, 0, side, side, e);
}

/* ---- blur ---- */

enum { BLUR_PASSES = 3 };

/* An extended box: 2 * radius + 1 whole pixels, and a fractional one on each side; 24-bit fixed point. */
struct box {
    int radius;
    uint32_t whole, part;
};

/* Gwosdek et al. 2011, equations 7, 11 and 14, in Pillow's single precision: applied BLUR_PASSES times, the box has
 * the variance of the Gaussian. */
static struct box box_for(float sigma)
{
    float sigma2 = sigma * sigma / BLUR_PASSES;
    float length = (float)sqrt(12.0 * sigma2 + 1.0);
    float inner = (float)floor((length - 1.0) / 2.0);
    float part = (2 * inner + 1) * (inner * (inner + 1) - 3 * sigma2);
    part /= 6 * (sigma2 - (inner + 1) * (inner + 1));
    float radius = inner + part;
    struct box b = { .radius = (int)radius };
    b.whole = (uint32_t)((float)(1 << 24) / (radius * 2 + 1));
    b.part = ((1u << 24) - ((uint32_t)b.radius * 2 + 1) * b.whole) / 2;
    return b;
}

/* One pass over line[margin .. margin + n), with margin = radius + 1 bytes on both sides for copies of the
 * edge. Writes to out[0 .. n). */
static void box_pass(uint8_t *out, uint8_t *line, int n, const struct box *b)
{
    int margin = b->radius + 1;
    memset(line, line[margin], (size_t)margin);
    memset(line + margin + n, line[margin + n - 1], (size_t)margin);
    uint32_t sum = 0;
    for (int i = 1; i < 2 * margin - 1; i++)
        sum += line[i];
    for (int x = 0; x < n; x++) { /* line[x] and line[x + 2 * margin] are the fractional pixels */
        sum += line[x + 2 * margin - 1];
        uint32_t bulk = sum * b->whole + ((uint32_t)line[x] + line[x + 2 * margin]) * b->part;
        out[x] = (uint8_t)((bulk + (1u << 23)) >> 24);
        sum -= line[x + 1];
    }
}

/* Blurs n bytes that are `step` apart, in place. */
static void blur_line(uint8_t *first, size_t step, int n, const struct box *b, uint8_t *line, uint8_t *out)
{
    int margin = b->radius + 1;
    for (int i = 0; i < n; i++)
        out[i] = first[(size_t)i * step];
    for (int pass = 0; pass < BLUR_PASSES; pass++) {
        memcpy(line + margin, out, (size_t)n);
        box_pass(out, line, n, b);
    }
    for (int i = 0; i < n; i++)
        first[(size_t)i * step] = out[i];
}

int il_image_blur(il_image *out, const il_image *in, float radius, il_err *e)
{
    if (!(radius >= 0 && radius <= 1000))
        return il_fail(e, IL_EPARAM, "a blur radius cannot be %g; expected 0 to 1000", (double)radius);
    il_image result = { 0 };
    int rc = check_full(in, e);
    if (!rc)
        rc = il_image_crop(&result, in, 0, 0, in->width, in->height, e);
    if (rc || radius == 0) {
        *out = rc ? *out : result;
        return rc;
    }
    struct box b = box_for(radius);
    size_t longest = (size_t)(in->width > in->height ? in->width : in->height);
    size_t padded = longest + 2 * ((size_t)b.radius + 1);
    uint8_t *scratch = malloc(padded + longest);
    if (!scratch) {
        il_image_free(&result);
        return il_fail_oom(e);
    }
    size_t bytes = row_bytes(&result), channels = (size_t)in->channels;
    for (int y = 0; y < in->height; y++)
        for (size_t c = 0; c < channels; c++)
            blur_line(result.pixels + (size_t)y * bytes + c, channels, in->width, &b, scratch, scratch + padded);
    for (size_t x = 0; x < bytes; x++)
        blur_line(result.pixels + x, bytes, in->height, &b, scratch, scratch + padded);
    free(scratch);
    *out = result;
    return IL_OK;
}

/* ---- composite ---- */

/* (over * mask + under * (255 - mask)) / 255, rounded like Pillow. */
static uint8_t blend(unsigned over, unsigned under, unsigned mask)
{
    unsigned sum = over * mask + under * (255 - mask) + 128;
    return (uint8_t)(((sum >> 8) + sum) >> 8);
}

int il_image_composite(il_image *out, const il_image *over, const il_image *under, const il_image *mask, il_err *e)
{
    if (over->width != under->width || over->height != under->height || over->channels != under->channels)
        return il_fail(e, IL_EPARAM,
                       "cannot composite images of %dx%d (%d channels) and %dx%d (%d channels); expected "
                       "equal shapes",
                       over->width, over->height, over->channels, under->width, under->height, under->channels);
    if (over->width != mask->width || over->height != mask->height)
        return il_fail(e, IL_EPARAM, "cannot composite images of %dx%d with a mask of %dx%d; expected equal sizes",
                       over->width, over->height, mask->width, mask->height);
    il_image result = { 0 };
    int rc = check_full(over, e);
    if (!rc)
        rc = il_image_new(&result, over->width, over->height, over->channels, e);
    if (rc)
        return rc;
    size_t n = (size_t)over->width * (size_t)over->height, channels = (size_t)over->channels;
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < channels; c++)
            result.pixels[i * channels + c] = blend(over->pixels[i * channels + c], under->pixels[i * channels + c],
                                                    mask->pixels[i * (size_t)mask->channels]);
    *out = result;
    return IL_OK;
}
