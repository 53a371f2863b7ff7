/* metadata.h - what an image file says besides its pixels. */
#ifndef IL_IMAGE_METADATA_H
#define IL_IMAGE_METADATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct il_metadata {
    const char *format; /* "png", "jpeg", "webp", "tiff"; NULL: another */
    int orientation;    /* EXIF's, 1 (upright) to 8; 1 when missing or invalid */
    bool lossy;
    bool alpha;    /* has transparency, which is dropped */
    bool deep;     /* more than 8 bits a channel */
    bool animated; /* more than one frame or page */
    bool cmyk;
} il_metadata;

/* The name of a known but unsupported image format ("HEIC", "AVIF", …), or NULL. */
const char *il_metadata_foreign(const uint8_t *data, size_t size);

/* Never reads past size and never fails: damaged parts are ignored. */
il_metadata il_metadata_read(const uint8_t *data, size_t size);

#endif
