/* utf8.c - UTF-8, using utf8proc. */
#include <stdio.h>
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

size_t il_utf8_count(const char *text, size_t size)
{
    size_t count = 0;
    for (size_t i = 0, used; i < size; i += used, count++)
        il_utf8_next(text + i, size - i, &used);
    return count;
}

bool il_utf8_is_control(int32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c || code == 0x200e || code == 0x200f ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

size_t il_utf8_show(char out[IL_UTF8_SHOWN], const char *text, size_t size)
{
    size_t used;
    int32_t code = il_utf8_next(text, size, &used);
    if (code < 0) {
        used = 1;
        snprintf(out, IL_UTF8_SHOWN, "\\x%02x", (unsigned char)*text);
    } else if (code == '\n' || code == '\t')
        snprintf(out, IL_UTF8_SHOWN, "\\%c", code == '\n' ? 'n' : 't');
    else if (!il_utf8_is_control(code))
        snprintf(out, IL_UTF8_SHOWN, "%.*s", (int)used, text);
    else
        snprintf(out, IL_UTF8_SHOWN, code < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned)code);
    return used;
}

bool il_utf8_is_line(const char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0, used; i < size; i += used) {
        int32_t code = il_utf8_next(text + i, size - i, &used);
        if (code >= 0 && il_utf8_is_control(code))
            return false;
    }
    return true;
}

void il_utf8_make_plain(char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0, used; i < size; i += used)
        if (il_utf8_is_control(il_utf8_next(text + i, size - i, &used)))
            memset(text + i, '?', used);
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
