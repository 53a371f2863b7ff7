/* text.c - growable text, copies, paths and globs. */
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "base/utf8.h"

/* Capacity for `size` characters and the NUL; a power of two, so that appending stays cheap. */
static size_t room_for(size_t size)
{
    size_t room = 32;
    while (room < size + 1)
        room *= 2;
    return room;
}

void il_text_add(il_text *t, const char *format, ...)
{
    if (t->failed)
        return;

    va_list args;
    va_start(args, format);
    int more = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (more < 0) {
        t->failed = true;
        return;
    }

    size_t room = room_for(t->size + (size_t)more);
    if (!t->data || room > room_for(t->size)) {
        char *data = realloc(t->data, room);
        if (!data) {
            t->failed = true;
            return;
        }
        t->data = data;
    }
    va_start(args, format);
    vsnprintf(t->data + t->size, room - t->size, format, args);
    va_end(args);
    t->size += (size_t)more;
}

void il_text_show(il_text *t, const char *text)
{
    size_t size = strlen(text);
    char shown[IL_UTF8_SHOWN];
    for (size_t i = 0; i < size;) {
        i += il_utf8_show(shown, text + i, size - i);
        il_text_add(t, "%s", shown);
    }
}

void il_text_add_name(il_text *t, const char *text, size_t size)
{
    for (size_t i = 0, used; i < size; i += used) {
        int32_t code = il_utf8_next(text + i, size - i, &used);
        bool plain = code >= 0 && code != '/' && !il_utf8_is_control(code);
        il_text_add(t, "%.*s", plain ? (int)used : 1, plain ? text + i : "_");
    }
}

void il_text_free(il_text *t)
{
    if (!t)
        return;
    free(t->data);
    *t = (il_text){ 0 };
}

char *il_text_copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

char *il_text_path(const char *folder, const char *name)
{
    il_text t = { 0 };
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/')
        n--;
    il_text_add(&t, "%.*s/%s", (int)n, folder, name);
    if (t.failed)
        il_text_free(&t);
    return t.data;
}

bool il_text_ends(const char *text, const char *ending)
{
    size_t size = strlen(text), tail = strlen(ending);
    return size >= tail && strcmp(text + size - tail, ending) == 0;
}

bool il_text_match(const char *pattern, const char *text)
{
    return fnmatch(pattern, text, 0) == 0;
}
