/* image.h - 8-bit pictures: reading, writing, and the pixel operations of the paper's data sets. */
#ifndef IL_IMAGE_H
#define IL_IMAGE_H

#include <stddef.h>
#include <stdint.h>
#include <inpaintlab/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* pixels: height x width x channels, row-major, no padding; channels is 1 (grey) or 3 (RGB). {0} is an empty one. */
typedef struct il_image {
    int width, height, channels;
    uint8_t *pixels;
} il_image;

/* Allocates pixels (not cleared). Free with il_image_free. */
int il_image_new(il_image *out, int width, int height, int channels, il_err *e);

/* Frees the pixels and leaves an empty image; NULL is allowed. */
void il_image_free(il_image *image);

/* Reads PNG, JPEG, WebP or TIFF (its first page); the content decides, not the name. Alpha is dropped, 16 bits become 8, palettes
 * and CMYK become RGB. Turned upright as the EXIF orientation says. Errors name the file and what is wrong with it. */
int il_image_read(il_image *out, const char *path, il_err *e);

/* Only the header: upright size without decoding. */
int il_image_size(int *width, int *height, const char *path, il_err *e);

/* Writes .png or lossless .webp, as the name ends. The file appears whole or not at all. */
int il_image_write(const il_image *image, const char *path, il_err *e);

/* Bilinear with antialiasing: the bytes that Pillow's resize(BILINEAR) gives, the width resized first. */
int il_image_resize(il_image *out, const il_image *in, int width, int height, il_err *e);

/* Bilinear without antialiasing: the bytes of OpenCV's resize(INTER_LINEAR). */
int il_image_resize_plain(il_image *out, const il_image *in, int width, int height, il_err *e);

/* Copies a rectangle; what lies outside `in` is 0. */
int il_image_crop(il_image *out, const il_image *in, int left, int top, int width, int height, il_err *e);

/* Grey becomes RGB with equal channels; RGB is copied. */
int il_image_to_rgb(il_image *out, const il_image *in, il_err *e);

/* The paper's rule for one side length: a side over `side` -> resize both to `side`; else zero-pad right and bottom. */
int il_image_collate(il_image *out, const il_image *in, int side, il_err *e);

/* Gaussian blur of the given radius as Pillow computes it: three extended box blurs; equal bytes. */
int il_image_blur(il_image *out, const il_image *in, float radius, il_err *e);

/* over * mask + under * (255 - mask), rounded as Pillow's Image.composite; mask has 1 channel or its first is read. */
int il_image_composite(il_image *out, const il_image *over, const il_image *under, const il_image *mask, il_err *e);

/* RGB becomes grey as Pillow's convert("L"); grey is copied. */
int il_image_to_grey(il_image *out, const il_image *in, il_err *e);

/* 255 - each value, in place. */
void il_image_invert(il_image *image);

/* The largest value of the size x size square around each pixel; edges mirrored, as scipy.ndimage.maximum_filter. size
 * is odd. */
int il_image_maximum(il_image *out, const il_image *in, int size, il_err *e);

/* The sharp rectangle of Pillow's ImageDraw.rectangle: 255 from (left, top) to (right, bottom), both inclusive, clipped;
 * image has one channel and is not cleared. */
void il_image_rectangle(il_image *image, int left, int top, int right, int bottom);

/* The paper's random rectangle as a mask of one channel, sides from `least` to half the picture's; a function of seed.
 * IL_EDATA when a side of the picture is shorter than 2 * least. */
int il_image_random_rectangle(il_image *out, int width, int height, int least, uint64_t seed, il_err *e);

#ifdef __cplusplus
}
#endif
#endif
