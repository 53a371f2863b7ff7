/* codec.h - the image formats; one source file each. */
#ifndef IL_IMAGE_CODEC_H
#define IL_IMAGE_CODEC_H

#include <stdbool.h>
#include <inpaintlab/image.h>

/* What is read of a PNG: its colours, 8 bits each; the low bytes of 16 grey bits; or its alpha channel. */
typedef enum il_png_plane { IL_PNG_COLOURS, IL_PNG_LOW, IL_PNG_ALPHA } il_png_plane;

/* A file in memory. */
typedef struct il_image_file {
    const char *path; /* for messages */
    const uint8_t *data;
    size_t size;
    bool header_only; /* set only width, height and channels of *out */
    il_png_plane plane;
} il_image_file;

int il_image_png_read(il_image *out, const il_image_file *in, il_err *e);
int il_image_jpeg_read(il_image *out, const il_image_file *in, il_err *e);
int il_image_webp_read(il_image *out, const il_image_file *in, il_err *e);
int il_image_tiff_read(il_image *out, const il_image_file *in, il_err *e);

/* Encode to memory; the caller frees *data. Messages begin with path. */
int il_image_png_encode(uint8_t **data, size_t *size, const il_image *image, const char *path, il_err *e);
int il_image_webp_encode(uint8_t **data, size_t *size, const il_image *image, const char *path, il_err *e);
/* Lossy, quality 1 to 100, as Pillow's save(quality=) writes them. */
int il_image_webp_encode_lossy(uint8_t **data, size_t *size, const il_image *image, int quality, const char *path,
                               il_err *e);
int il_image_jpeg_encode(uint8_t **data, size_t *size, const il_image *image, int quality, const char *path, il_err *e);

/* Checks the size that a header gives, then allocates the pixels unless header_only. */
int il_image_file_new(il_image *out, const il_image_file *in, int64_t width, int64_t height, int channels, il_err *e);

#endif
