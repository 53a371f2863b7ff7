/* degrade_compress.c - lossy compression and decoding, in memory. */
#include <stdlib.h>
#include <inpaintlab/random.h>
#include "image/degrade_parts.h"
#include "image/image_file.h"

/* Takes ownership of the encoded bytes. */
static int decode(il_image *out, uint8_t *data, size_t size, const char *id, il_err *e)
{
    int rc = il_image_file_decode(out, &(il_image_file){ .path = id, .data = data, .size = size }, e);
    free(data);
    return rc;
}

int il_degrade_jpeg(il_image *out, const il_image *in, int quality, const char *id, il_err *e)
{
    uint8_t *data = NULL;
    size_t size = 0;
    int rc = il_image_jpeg_encode(&data, &size, in, quality, id, e);
    return rc ? rc : decode(out, data, size, id, e);
}

int il_degrade_webp(il_image *out, const il_image *in, int quality, const char *id, il_err *e)
{
    uint8_t *data = NULL;
    size_t size = 0;
    int rc = il_image_webp_encode_lossy(&data, &size, in, quality, id, e);
    return rc ? rc : decode(out, data, size, id, e);
}

/* The image extended by `left` columns and `top` rows that repeat its first ones. */
static int extend(il_image *out, const il_image *in, int left, int top, il_err *e)
{
    il_image wide = { 0 };
    int rc = il_image_new(&wide, in->width + left, in->height + top, in->channels, e);
    if (rc)
        return rc;
    uint8_t *to = wide.pixels;
    for (int y = 0; y < wide.height; y++)
        for (int x = 0; x < wide.width; x++)
            for (int c = 0; c < in->channels; c++) {
                size_t row = y > top ? (size_t)(y - top) : 0, column = x > left ? (size_t)(x - left) : 0;
                *to++ = in->pixels[(row * (size_t)in->width + column) * (size_t)in->channels + (size_t)c];
            }
    *out = wide;
    return IL_OK;
}

int il_degrade_double_jpeg(il_image *out, const il_image *in, const il_degradation *d, uint64_t seed, const char *id,
                           il_err *e)
{
    il_image wide = { 0 }, once = { 0 }, cut = { 0 };
    int left = d->shift ? (int)(il_random_bits(&seed) & 7) : 0, top = d->shift ? (int)(il_random_bits(&seed) & 7) : 0;
    int rc = extend(&wide, in, left, top, e);
    if (!rc)
        rc = il_degrade_jpeg(&once, &wide, d->first, id, e);
    if (!rc)
        rc = il_image_crop(&cut, &once, left, top, in->width, in->height, e);
    if (!rc)
        rc = il_degrade_jpeg(out, &cut, (int)d->level, id, e);
    il_image_free(&wide);
    il_image_free(&once);
    il_image_free(&cut);
    return rc;
}
