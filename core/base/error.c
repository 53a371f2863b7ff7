/* error.c - fills error structs. A message is always one line of valid UTF-8, whatever names it quotes, and is
 * truncated between characters. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <inpaintlab/error.h>
#include "base/utf8.h"

/* Drops a UTF-8 sequence that vsnprintf cut in half. */
static void cut_cleanly(char *text, size_t size)
{
    size_t end = strlen(text);
    if (end + 1 < size)
        return;
    size_t start = end, used;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start > 0 && il_utf8_next(text + start - 1, end - (start - 1), &used) < 0)
        text[start - 1] = '\0';
}

/* A quoted name may contain line breaks, terminal escape sequences, or bytes that are not valid in JSON. */
static void put(il_err *e, char *text, size_t size)
{
    cut_cleanly(text, size);
    size_t length = strlen(text), used = 0;
    char shown[IL_UTF8_SHOWN];
    for (size_t i = 0, step; i < length; i += step) {
        step = il_utf8_show(shown, text + i, length - i);
        if (strchr("\n\r\t", text[i]))
            memcpy(shown, " ", 2);
        size_t more = strlen(shown);
        if (used + more >= sizeof e->message)
            break;
        memcpy(e->message + used, shown, more);
        used += more;
    }
    e->message[used] = '\0';
}

int(il_fail)(il_err *e, int code, const char *format, ...)
{
    if (!e)
        return code;
    /* into a copy: an argument may be e's own message */
    char text[sizeof e->message];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    e->code = code;
    put(e, text, sizeof text);
    return code;
}

int(il_fail_oom)(il_err *e)
{
    return il_fail(e, IL_ENOMEM, "out of memory");
}

int il_fail_in(il_err *e, const char *format, ...)
{
    if (!e)
        return IL_EIO;
    char text[sizeof e->message];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t used = strlen(text);
    const char *parts[] = { ": ", e->message };
    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(parts[i]), room = sizeof text - 1 - used;
        n = n < room ? n : room;
        memcpy(text + used, parts[i], n);
        used += n;
    }
    text[used] = '\0';
    put(e, text, sizeof text);
    return e->code;
}
