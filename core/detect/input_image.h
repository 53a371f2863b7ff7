/* input_image.h - an image to be examined: its file, and its pixels once decoded. */
#ifndef IL_DETECT_INPUT_IMAGE_H
#define IL_DETECT_INPUT_IMAGE_H

#include "base/sha256.h"
#include "base/text.h"
#include "image/codec.h"
#include "image/metadata.h"

#define IL_SUBJECT_STDIN "-"

typedef struct il_input_image {
    const char *path; /* lent; "-": standard input */
    il_metadata header;
    il_digest sha256;  /* of the file */
    int width, height; /* upright */
    il_image image;    /* RGB, upright; empty until il_input_image_decode */
    uint8_t *data;     /* the file, until il_input_image_decode */
    size_t size;
} il_input_image;

/* The path for messages: "standard input" for "-". */
const char *il_input_image_name(const char *path);

/* Reads the file and its header. */
int il_input_image_open(il_input_image *out, const char *path, il_err *e);
/* Decodes the pixels and frees the file's bytes. */
int il_input_image_decode(il_input_image *s, il_err *e);
void il_input_image_close(il_input_image *s);

#endif
