/* image_file.h - picture files: their names, their bytes, and which codec reads them. */
#ifndef IL_IMAGE_FILE_H
#define IL_IMAGE_FILE_H

#include "image/codec.h"

/* The bytes of a regular file; the caller frees *data. */
int il_image_file_load(uint8_t **data, size_t *size, const char *path, il_err *e);
/* By what the first bytes say. */
int il_image_file_decode(il_image *out, const il_image_file *in, il_err *e);

/* Whether a name ends as pictures that can be read do (.png, .jpg, .jpeg, .webp, in any case). */
bool il_image_file_readable(const char *name);
/* The same, or as pictures of other formats do, which reading refuses by name (.tif, .bmp, .heic, …). */
bool il_image_file_named(const char *name);

#endif
