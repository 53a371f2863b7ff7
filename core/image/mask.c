/* mask.c - operations for masks: rectangles, greyscale, inversion, maximum filter; and OpenCV's resize. */
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/image.h>
#include <inpaintlab/random.h>
#include "image/limits.h"

static int check_full(const il_image *in, il_err *e)
{
    return in->pixels ? IL_OK : il_fail(e, IL_EPARAM, "the image is empty");
}

int il_image_to_grey(il_image *out, const il_image *in, il_err *e)
{
    il_image result = { 0 };
    int rc = check_full(in, e);
    if (rc)
        return rc;
    if (in->channels == 1)
        return il_image_crop(out, in, 0, 0, in->width, in->height, e);
    rc = il_image_new(&result, in->width, in->height, 1, e);
    if (rc)
        return rc;
    /* ITU-R 601 in Pillow's 16-bit fixed point */
    size_t n = (size_t)in->width * (size_t)in->height;
    for (size_t i = 0; i < n; i++) {
        const uint8_t *p = in->pixels + 3 * i;
        result.pixels[i] = (uint8_t)((p[0] * 19595u + p[1] * 38470u + p[2] * 7471u + 0x8000u) >> 16);
    }
    *out = result;
    return IL_OK;
}

void il_image_invert(il_image *image)
{
    size_t n = (size_t)image->width * (size_t)image->height * (size_t)image->channels;
    for (size_t i = 0; i < n; i++)
        image->pixels[i] = (uint8_t)(255 - image->pixels[i]);
}

/* ---- maximum filter ---- */

/* bytes[i] becomes the maximum of the `size` bytes that are `step` apart, starting at i. Windows are doubled; two
 * overlapping ones give the last. Windows at the end of the line stay partial. */
static void running_maximum(uint8_t *bytes, size_t count, size_t step, size_t size)
{
    for (size_t width = 1; width < size;) {
        size_t by = width * 2 <= size ? width : size - width;
        for (size_t i = 0; i + by * step < count; i++)
            bytes[i] = bytes[i] > bytes[i + by * step] ? bytes[i] : bytes[i + by * step];
        width += by;
    }
}

/* Reflected edges repeat values that the window already contains, so padding with 0 gives the same. */
int il_image_maximum(il_image *out, const il_image *in, int size, il_err *e)
{
    if (size < 1 || size > 999 || size % 2 == 0)
        return il_fail(e, IL_EPARAM, "a maximum filter cannot have size %d; expected an odd size from 1 to 999", size);
    il_image result = { 0 };
    int rc = check_full(in, e);
    if (rc)
        return rc;
    size_t radius = (size_t)size / 2, channels = (size_t)in->channels, row = (size_t)in->width * channels;
    size_t rows = (size_t)in->height, wide = row + 2 * radius * channels;
    uint8_t *line = calloc(wide, 1), *tall = calloc(rows + 2 * radius, row);
    rc = line && tall ? il_image_new(&result, in->width, in->height, in->channels, e) : il_fail_oom(e);
    if (rc)
        goto done;
    for (size_t y = 0; y < rows; y++) {
        memset(line, 0, wide);
        memcpy(line + radius * channels, in->pixels + y * row, row);
        running_maximum(line, wide, channels, (size_t)size);
        memcpy(tall + (y + radius) * row, line, row);
    }
    running_maximum(tall, (rows + 2 * radius) * row, row, (size_t)size);
    memcpy(result.pixels, tall, rows * row);
    *out = result;
done:
    free(line);
    free(tall);
    return rc;
}

/* ---- rectangles ---- */

void il_image_rectangle(il_image *image, int left, int top, int right, int bottom)
{
    if (left < 0)
        left = 0;
    if (top < 0)
        top = 0;
    if (right >= image->width)
        right = image->width - 1;
    if (bottom >= image->height)
        bottom = image->height - 1;
    if (left > right)
        return;
    for (int y = top; y <= bottom; y++)
        memset(image->pixels + (size_t)y * (size_t)image->width + (size_t)left, 255, (size_t)(right - left) + 1);
}

/* Half to even, as Python's round. */
static int rounded(double x)
{
    return (int)rint(x);
}

int il_image_random_rectangle(il_image *out, int width, int height, int least, uint64_t seed, il_err *e)
{
    if (least < 1 || width / 2 < least || height / 2 < least)
        return il_fail(e, IL_EDATA,
                       "an image of %dx%d pixels is too small for the random rectangle; expected at least "
                       "%lld pixels a side, twice the least side %d",
                       width, height, 2LL * least, least);
    il_image result = { 0 };
    int rc = il_image_new(&result, width, height, 1, e);
    if (rc)
        return rc;
    memset(result.pixels, 0, (size_t)width * (size_t)height);
    uint64_t state = seed;
    int x = rounded(il_random_unit(&state) * (width - least) + least / 2.0);
    int y = rounded(il_random_unit(&state) * (height - least) + least / 2.0);
    int crop_width = rounded(il_random_unit(&state) * (width / 2.0 - least)) + least;
    int crop_height = rounded(il_random_unit(&state) * (height / 2.0 - least)) + least;
    x = rounded(x - crop_width / 2.0);
    y = rounded(y - crop_height / 2.0);
    x = x > 0 ? x : 0;
    y = y > 0 ? y : 0;
    /* the published code adds the size to the clipped corner and includes both end points */
    il_image_rectangle(&result, x, y, x + crop_width, y + crop_height);
    *out = result;
    return IL_OK;
}

/* ---- OpenCV's bilinear resize ---- */

enum { COEF_BITS = 11, COEF_ONE = 1 << COEF_BITS };

/* For each output position: the two input positions and their weights, in units of 1 / COEF_ONE. */
struct tap {
    int first, second;
    int weight_first, weight_second;
};

/* clip: beyond the edge OpenCV gives a column the weight COEF_ONE, but blends a row with itself. */
static struct tap *taps_new(int in_size, int out_size, bool clip)
{
    struct tap *taps = calloc((size_t)out_size, sizeof *taps);
    double scale = 1.0 / ((double)out_size / in_size);
    for (int i = 0; taps && i < out_size; i++) {
        float at = (float)((i + 0.5) * scale - 0.5);
        int first = (int)floorf(at);
        float part = at - (float)first;
        if (clip && (first < 0 || first >= in_size - 1)) {
            part = 0;
            first = first < 0 ? 0 : in_size - 1;
        }
        int last = in_size - 1, second = first + 1;
        taps[i].first = first < 0 ? 0 : first > last ? last : first;
        taps[i].second = second > last ? last : second;
        taps[i].weight_first = (int)rintf((1 - part) * COEF_ONE);
        taps[i].weight_second = (int)rintf(part * COEF_ONE);
    }
    return taps;
}

/* OpenCV halves both sides by averaging four pixels. */
static void halve(il_image *out, const il_image *in)
{
    size_t channels = (size_t)in->channels, row = (size_t)in->width * channels;
    uint8_t *to = out->pixels;
    for (int y = 0; y < out->height; y++)
        for (int x = 0; x < out->width; x++)
            for (size_t c = 0; c < channels; c++) {
                const uint8_t *p = in->pixels + 2 * (size_t)y * row + 2 * (size_t)x * channels + c;
                *to++ = (uint8_t)((p[0] + p[channels] + p[row] + p[row + channels] + 2) >> 2);
            }
}

static void stretch_row(int *to, const uint8_t *from, const struct tap *taps, int width, size_t channels)
{
    for (int x = 0; x < width; x++) {
        const uint8_t *a = from + (size_t)taps[x].first * channels, *b = from + (size_t)taps[x].second * channels;
        for (size_t c = 0; c < channels; c++)
            *to++ = a[c] * taps[x].weight_first + b[c] * taps[x].weight_second;
    }
}

/* Rows come in order, so the last two horizontally resized ones are kept: lines[k] is row held[k]. */
static void stretch(il_image *out, const il_image *in, const struct tap *across, const struct tap *down, int *lines[2])
{
    size_t channels = (size_t)in->channels, row = (size_t)out->width * channels;
    int held[2] = { -1, -1 };
    for (int y = 0; y < out->height; y++) {
        const int wanted[2] = { down[y].first, down[y].second };
        if (held[0] != wanted[0] && held[1] == wanted[0]) {
            int *line = lines[0];
            lines[0] = lines[1];
            lines[1] = line;
            held[1] = held[0];
            held[0] = wanted[0];
        }
        for (int k = 0; k < 2; k++)
            if (held[k] != wanted[k]) {
                stretch_row(lines[k], in->pixels + (size_t)wanted[k] * (size_t)in->width * channels, across, out->width,
                            channels);
                held[k] = wanted[k];
            }
        uint8_t *to = out->pixels + (size_t)y * row;
        for (size_t i = 0; i < row; i++) /* OpenCV's shifts, which drop the same bits */
            to[i] = (uint8_t)((((down[y].weight_first * (lines[0][i] >> 4)) >> 16) +
                               ((down[y].weight_second * (lines[1][i] >> 4)) >> 16) + 2) >>
                              2);
    }
}

int il_image_resize_plain(il_image *out, const il_image *in, int width, int height, il_err *e)
{
    il_image result = { 0 };
    int rc = check_full(in, e);
    if (rc)
        return rc;
    if (width == in->width && height == in->height)
        return il_image_crop(out, in, 0, 0, width, height, e);
    rc = il_image_new(&result, width, height, in->channels, e);
    if (rc)
        return rc;
    if (in->width == 2LL * width && in->height == 2LL * height) {
        halve(&result, in);
        *out = result;
        return IL_OK;
    }
    size_t row = (size_t)width * (size_t)in->channels;
    struct tap *across = taps_new(in->width, width, true), *down = taps_new(in->height, height, false);
    int *lines = calloc(2 * row, sizeof *lines);
    if (across && down && lines) {
        stretch(&result, in, across, down, (int *[]){ lines, lines + row });
        *out = result;
    } else {
        il_image_free(&result);
        rc = il_fail_oom(e);
    }
    free(across);
    free(down);
    free(lines);
    return rc;
}
