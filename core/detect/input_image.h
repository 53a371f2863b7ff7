/* input_image.h - an image to be examined: its file, and its pixels once decoded. */
#ifndef IL_DETECT_SUBJECT_H
#define IL_DETECT_SUBJECT_H

#include "image/metadata.h"
#include "image/codec.h"
#include "base/text.h"
#include "base/sha256.h"

#define IL_SUBJECT_STDIN "-"

typedef struct il_subject {
    const char *path;  /* lent; "-": standard input */
    il_header header;
    il_digest sha256;  /* of the file */
    int width, height; /* upright */
    il_image image;    /* RGB, upright; empty until il_subject_decode */
    uint8_t *data;     /* the file, until il_subject_decode */
    size_t size;
} il_subject;

/* The path for messages: "standard input" for "-". */
const char *il_subject_name(const char *path);

/* Reads the file and its header. */
int il_subject_open(il_subject *out, const char *path, il_err *e);
/* Decodes the pixels and frees the file's bytes. */
int il_subject_decode(il_subject *s, il_err *e);
void il_subject_close(il_subject *s);

#endif
