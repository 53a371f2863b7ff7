/* image_file.h - image files: their names, their bytes, and the codec that reads them. */
#ifndef IL_IMAGE_IMAGE_FILE_H
#define IL_IMAGE_IMAGE_FILE_H

#include "image/codec.h"

/* The bytes of a regular file; the caller frees *data. */
int il_image_file_load(uint8_t **data, size_t *size, const char *path, il_err *e);
/* The first bytes decide the format. */
int il_image_file_decode(il_image *out, const il_image_file *in, il_err *e);
/* A decoded grey image is replaced by its RGB; an RGB one stays. On failure *image stays as it is. */
int il_image_file_make_rgb(il_image *image, il_err *e);

/* Whether a name has the extension of a supported format (.png, .jpg, .jpeg, .webp, .tif, .tiff, in any case). */
bool il_image_file_readable(const char *name);
/* Whether a name has the extension of any image format, including those that reading rejects (.bmp, .heic, …). */
bool il_image_file_named(const char *name);

#endif
