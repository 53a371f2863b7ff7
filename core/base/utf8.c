/* plain.c - texts without control characters, in UTF-8. */
#include <stdbool.h>
#include <stddef.h>
#include "base/utf8.h"

/* Bytes of the valid sequence that begins here (RFC 3629), 0 when there is none. */
static size_t sequence(const unsigned char *s)
{
    if (s[0] < 0x80)
        return 1;
    size_t n = s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool outside = (s[0] == 0xed && s[1] >= 0xa0) || (s[0] == 0xf4 && s[1] >= 0x90); /* surrogates, beyond U+10FFFF */
    return overlong || outside ? 0 : n;
}

/* Also the C1 controls, which some terminals obey. */
static bool is_control(const unsigned char *s)
{
    return s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0);
}

bool il_plain_line(const char *text)
{
    for (const unsigned char *s = (const unsigned char *)text; *s; s++)
        if (is_control(s))
            return false;
    return true;
}

void il_plain_text(char *text)
{
    unsigned char *s = (unsigned char *)text;
    while (*s) {
        size_t n = sequence(s);
        if (n && !is_control(s)) {
            s += n;
            continue;
        }
        for (size_t i = 0; i < (n ? n : 1); i++)
            s[i] = '?';
        s += n ? n : 1;
    }
}
