/* header.h - what a picture file tells beside its pixels. */
#ifndef IL_DETECT_HEADER_H
#define IL_DETECT_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct il_header {
    const char *format; /* "png", "jpeg", "webp"; NULL: none of them */
    int orientation;    /* EXIF's, 1 (upright) to 8; 1 when nothing sensible is told */
    bool lossy;
    bool alpha;    /* has transparency, which is dropped */
    bool deep;     /* more than 8 bits a channel */
    bool animated; /* more than one frame */
    bool cmyk;
} il_header;

/* "HEIC", "AVIF", …: the format of a picture that cannot be read here; NULL: none that is known. */
const char *il_header_foreign(const uint8_t *data, size_t size);

/* Never reads past size and never fails: what is damaged tells nothing. */
il_header il_header_read(const uint8_t *data, size_t size);

#endif
