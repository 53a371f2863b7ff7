/* utf8.c - UTF-8, using utf8proc. */
#include <string.h>
#include <utf8proc.h>
#include "base/utf8.h"

/* Length of a truncated character: as many bytes as some continuation would complete. */
static size_t beginning(const uint8_t *p, size_t size)
{
    int whole = (unsigned char)utf8proc_utf8class[p[0]];
    for (int n = whole - 1; n > 1; n--) {
        static const uint8_t fill[] = { 0x80, 0xbf }; /* the smallest and the largest continuation byte */
        for (int i = 0; i < 2 && (size_t)n <= size; i++) {
            uint8_t tried[4];
            int32_t code;
            memset(tried, fill[i], sizeof tried);
            memcpy(tried, p, (size_t)n);
            if (utf8proc_iterate(tried, whole, &code) == whole)
                return (size_t)n;
        }
    }
    return 1;
}

int32_t il_utf8_next(const char *text, size_t size, size_t *used)
{
    int32_t code = -1;
    const uint8_t *p = (const uint8_t *)text;
    utf8proc_ssize_t n = utf8proc_iterate(p, (utf8proc_ssize_t)size, &code);
    *used = n > 0 ? (size_t)n : beginning(p, size);
    return n > 0 ? code : -1;
}

/* Includes the C1 controls, which some terminals interpret. */
size_t il_utf8_count(const char *text, size_t size)
{
    size_t count = 0;
    for (size_t i = 0, used; i < size; i += used, count++)
        il_utf8_next(text + i, size - i, &used);
    return count;
}

static bool is_control(const unsigned char *s)
{
    return s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0);
}

bool il_utf8_is_line(const char *text)
{
    for (const unsigned char *s = (const unsigned char *)text; *s; s++)
        if (is_control(s))
            return false;
    return true;
}

void il_utf8_make_plain(char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0, used; i < size; i += used) {
        bool good = il_utf8_next(text + i, size - i, &used) >= 0 && !is_control((const unsigned char *)text + i);
        if (!good)
            memset(text + i, '?', used);
    }
}

size_t il_utf8_mark(const char *text, size_t size)
{
    static const char mark[] = "\xef\xbb\xbf";
    return size >= sizeof mark - 1 && memcmp(text, mark, sizeof mark - 1) == 0 ? sizeof mark - 1 : 0;
}

const char *il_utf8_after_mark(const char *text)
{
    return text + il_utf8_mark(text, strnlen(text, 3));
}
