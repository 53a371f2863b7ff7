/* degrade_pixels.c - blur, noise, resizing, cropping, turning and mirroring. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/random.h>
#include "image/degrade_parts.h"
#include "image/mask_file.h"
#include "image/window.h"

#define PI 3.14159265358979323846

/* ---- blur ---- */

enum { ONE = 256, LARGEST = 99 };

/* OpenCV's kernels for sizes up to 7 are binomial-like constants; the standard deviation of larger ones follows from
 * the size. In units of 1/256; the rounding error of each weight is carried from the edge inwards, and the middle
 * weight makes the sum 256. */
static void weights_of(int weights[LARGEST], int size)
{
    static const double small[4][4] = {
        { 1 }, { 0.25, 0.5 }, { 0.0625, 0.25, 0.375 }, { 0.03125, 0.109375, 0.21875, 0.28125 }
    };
    double deviation = ((size - 1) * 0.5 - 1) * 0.3 + 0.8, exact[LARGEST], sum = 0, carried = 0;
    int half = size / 2, left = ONE;
    for (int i = 0; i < size; i++)
        sum += exact[i] = exp(-0.5 * (i - half) * (i - half) / (deviation * deviation));
    for (int i = 0; i < half; i++) {
        double wanted = (size <= 7 ? small[half][i] : exact[i] / sum) * ONE + carried;
        weights[i] = weights[size - 1 - i] = (int)rint(wanted);
        carried = wanted - weights[i];
        left -= 2 * weights[i];
    }
    weights[half] = left;
}

/* Index reflected at the edges, without repeating the edge pixel. */
static int mirrored(int i, int count)
{
    while (i < 0 || i >= count)
        i = count == 1 ? 0 : i < 0 ? -i : 2 * count - 2 - i;
    return i;
}

int il_degrade_blur(il_image *out, const il_image *in, int size, il_err *e)
{
    int weights[LARGEST], half = size / 2;
    il_image result = { 0 };
    size_t channels = (size_t)in->channels, row = (size_t)in->width * channels;
    uint16_t *across = malloc(row * (size_t)in->height * sizeof *across); /* at most 255 * 256 */
    uint32_t *line = malloc(row * sizeof *line);
    int rc = across && line ? il_image_new(&result, in->width, in->height, in->channels, e) : il_fail_oom(e);
    if (rc)
        goto done;
    weights_of(weights, size);
    for (int y = 0; y < in->height; y++)
        for (int x = 0; x < in->width; x++)
            for (size_t c = 0; c < channels; c++) {
                unsigned sum = 0;
                for (int k = 0; k < size; k++)
                    sum += (unsigned)weights[k] *
                           in->pixels[(size_t)y * row + (size_t)mirrored(x + k - half, in->width) * channels + c];
                across[(size_t)y * row + (size_t)x * channels + c] = (uint16_t)sum;
            }
    for (int y = 0; y < in->height; y++) {
        for (size_t i = 0; i < row; i++)
            line[i] = ONE * ONE / 2;
        for (int k = 0; k < size; k++) {
            const uint16_t *from = across + (size_t)mirrored(y + k - half, in->height) * row;
            for (size_t i = 0; i < row; i++)
                line[i] += (uint32_t)weights[k] * from[i];
        }
        for (size_t i = 0; i < row; i++)
            result.pixels[(size_t)y * row + i] = (uint8_t)(line[i] >> 16);
    }
    *out = result;
done:
    free(across);
    free(line);
    return rc;
}

/* ---- noise ---- */

int il_degrade_noise(il_image *out, const il_image *in, double deviation, uint64_t seed, il_err *e)
{
    il_image result = { 0 };
    int rc = il_image_new(&result, in->width, in->height, in->channels, e);
    if (rc)
        return rc;
    size_t n = (size_t)in->width * (size_t)in->height * (size_t)in->channels;
    double pair[2] = { 0, 0 };
    for (size_t i = 0; i < n; i++) {
        if (i % 2 == 0) { /* Box and Muller 1958: two numbers at a time */
            double radius = sqrt(-2 * log(1 - il_random_unit(&seed))), angle = 2 * PI * il_random_unit(&seed);
            pair[0] = radius * cos(angle);
            pair[1] = radius * sin(angle);
        }
        double v = rint(in->pixels[i] + deviation * pair[i % 2]);
        result.pixels[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
    *out = result;
    return IL_OK;
}

/* ---- size ---- */

/* Replaces *image, and *mask when `grey` is not empty; frees the old ones. */
static void put_both(il_image *image, il_image *mask, il_image picture, il_image grey)
{
    il_image_free(image);
    *image = picture;
    if (grey.pixels) {
        il_image_free(mask);
        *mask = grey;
    }
}

int il_degrade_scaled(int side, double factor)
{
    double wanted = rint(side * factor);
    return wanted < 1 ? 1 : (int)wanted;
}

int il_degrade_resize(il_image *image, il_image *mask, double factor, il_err *e)
{
    int width = il_degrade_scaled(image->width, factor), height = il_degrade_scaled(image->height, factor);
    il_image picture = { 0 }, grey = { 0 };
    int rc = il_image_resize(&picture, image, width, height, e);
    if (!rc && mask->pixels)
        rc = il_mask_resize_nearest(&grey, mask, width, height, 0.5, e);
    if (rc)
        il_image_free(&picture);
    else
        put_both(image, mask, picture, grey);
    return rc;
}

int il_degrade_crop(il_image *image, il_image *mask, double kept, uint64_t seed, il_err *e)
{
    int width = il_degrade_scaled(image->width, kept), height = il_degrade_scaled(image->height, kept);
    int left = (int)(il_random_unit(&seed) * (image->width - width + 1));
    int top = (int)(il_random_unit(&seed) * (image->height - height + 1));
    il_image picture = { 0 }, grey = { 0 };
    int rc = il_image_crop(&picture, image, left, top, width, height, e);
    if (!rc && mask->pixels)
        rc = il_image_crop(&grey, mask, left, top, width, height, e);
    if (rc)
        il_image_free(&picture);
    else
        put_both(image, mask, picture, grey);
    return rc;
}

/* ---- place ---- */

typedef int mover(il_image *out, const il_image *in, int how, il_err *e);

/* Moves the pixels of both in the same way. */
static int move_both(il_image *image, il_image *mask, mover *move, int how, il_err *e)
{
    il_image picture = { 0 }, grey = { 0 };
    int rc = move(&picture, image, how, e);
    if (!rc && mask->pixels)
        rc = move(&grey, mask, how, e);
    if (rc)
        il_image_free(&picture);
    else
        put_both(image, mask, picture, grey);
    return rc;
}

static int turn(il_image *out, const il_image *in, int quarters, il_err *e)
{
    bool sideways = quarters % 2;
    size_t step = (size_t)in->channels;
    il_image result = { 0 };
    int rc = il_image_new(&result, sideways ? in->height : in->width, sideways ? in->width : in->height, in->channels,
                          e);
    if (rc)
        return rc;
    uint8_t *to = result.pixels;
    for (int y = 0; y < result.height; y++)
        for (int x = 0; x < result.width; x++, to += step) {
            int column = sideways ? y : x, row = sideways ? x : y;
            if (quarters == 1 || quarters == 2)
                column = in->width - 1 - column;
            if (quarters == 2 || quarters == 3)
                row = in->height - 1 - row;
            memcpy(to, in->pixels + ((size_t)row * (size_t)in->width + (size_t)column) * step, step);
        }
    *out = result;
    return IL_OK;
}

int il_degrade_rotate(il_image *image, il_image *mask, int quarters, il_err *e)
{
    return move_both(image, mask, turn, quarters % 4, e);
}

static int mirror(il_image *out, const il_image *in, int upright, il_err *e)
{
    size_t row = (size_t)in->width * (size_t)in->channels;
    il_image result = { 0 };
    int rc = il_image_new(&result, in->width, in->height, in->channels, e);
    if (rc)
        return rc;
    if (upright)
        for (int y = 0; y < in->height; y++)
            memcpy(result.pixels + (size_t)y * row, in->pixels + (size_t)(in->height - 1 - y) * row, row);
    else
        il_window_cut(result.pixels, in->width, in->height, in, (il_window){ .flip = true });
    *out = result;
    return IL_OK;
}

int il_degrade_flip(il_image *image, il_image *mask, bool upright, il_err *e)
{
    return move_both(image, mask, mirror, upright, e);
}
