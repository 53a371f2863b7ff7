/* html.c - escaped text and embedded images for self-contained HTML pages. */
#include <stdlib.h>
#include <string.h>
#include "base/html.h"
#include "base/utf8.h"

void il_html_text(il_text *t, const char *text)
{
    char *copy = il_text_copy(text ? text : "");
    if (!copy) {
        t->failed = true;
        return;
    }
    for (char *p = copy; *p; p++)
        if (*p == '\n' || *p == '\r' || *p == '\t')
            *p = ' ';
    il_utf8_make_plain(copy);
    for (const char *p = copy; *p;) {
        size_t n = strcspn(p, "&<>\"'");
        il_text_add(t, "%.*s", (int)n, p);
        p += n;
        if (*p)
            il_text_add(t, "&#%d;", *p++);
    }
    free(copy);
}

void il_html_data(il_text *t, const char *type, const void *data, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *from = data;
    char *text = malloc((size + 2) / 3 * 4 + 1), *to = text;
    if (!text) {
        t->failed = true;
        return;
    }
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        unsigned v = (unsigned)from[i] << 16 | (left > 1 ? (unsigned)from[i + 1] << 8 : 0) |
                     (left > 2 ? from[i + 2] : 0);
        *to++ = digits[v >> 18];
        *to++ = digits[v >> 12 & 63];
        *to++ = left > 1 ? digits[v >> 6 & 63] : '=';
        *to++ = left > 2 ? digits[v & 63] : '=';
    }
    *to = '\0';
    il_text_add(t, "data:%s;base64,%s", type, text);
    free(text);
}
