/* unicode.h - Unicode operations for tokenizers. */
#ifndef IL_DIFFUSION_UNICODE_H
#define IL_DIFFUSION_UNICODE_H

#include <stddef.h>
#include <stdint.h>
#include <inpaintlab/error.h>

typedef enum il_unicode_class {
    IL_UNICODE_LETTER,
    IL_UNICODE_NUMBER,
    IL_UNICODE_SPACE,
    IL_UNICODE_OTHER
} il_unicode_class;

/* A text of code points; start with {0}. */
typedef struct il_unicode_text {
    int32_t *at;
    size_t count;
} il_unicode_text;

void il_unicode_free(il_unicode_text *t);

/* UTF-8 -> code points; each maximal invalid sequence becomes one U+FFFD. */
int il_unicode_read(il_unicode_text *out, const char *text, size_t size, il_err *e);

/* Normal form C, then the full lower-case mapping of each code point on its own. */
int il_unicode_fold(il_unicode_text *out, const int32_t *text, size_t count, il_err *e);

il_unicode_class il_unicode_classify(int32_t c);

/* UTF-8 of one code point; returns the number of bytes. */
int il_unicode_bytes(uint8_t out[4], int32_t c);

#endif
