/* image_file.h - image files: their names, their bytes, and the codec that reads them. */
#ifndef IL_IMAGE_IMAGE_FILE_H
#define IL_IMAGE_IMAGE_FILE_H

#include "base/sha256.h"
#include "image/codec.h"

/* The bytes of a regular file; the caller frees *data. */
int il_image_file_load(uint8_t **data, size_t *size, const char *path, il_err *e);
/* The first bytes decide the format. */
int il_image_file_decode(il_image *out, const il_image_file *in, il_err *e);
/* The same, turned as its EXIF orientation says; so is the size of header_only. */
int il_image_file_decode_upright(il_image *out, const il_image_file *in, il_err *e);
/* SHA-256 of a file's bytes; of a picture that EXIF turns, of them and the orientation, since versions that did not turn it
 * got other pixels from the same bytes. */
int il_image_file_digest(il_digest *out, const char *path, il_err *e);
/* IL_EDATA unless the mask has the size of its picture. path: the picture's file; named: what the message calls the mask. */
int il_image_file_check_mask(const il_image *picture, const char *path, const il_image *mask, const char *named,
                             il_err *e);
/* A decoded grey image is replaced by its RGB; an RGB one stays. On failure *image stays as it is. */
int il_image_file_make_rgb(il_image *image, il_err *e);

/* Whether a name has the extension of a supported format (.png, .jpg, .jpeg, .webp, .tif, .tiff, in any case). */
bool il_image_file_readable(const char *name);
/* Whether a name has the extension of any image format, including those that reading rejects (.bmp, .heic, …). */
bool il_image_file_named(const char *name);

#endif
