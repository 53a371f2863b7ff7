/* words.c - growing text, near names, globs, hashes. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/types.h>
#include <sha2.h>
#include "base/text.h"

enum { LONGEST_WORD = 64 };

/* Room for `size` characters and the NUL; a power of two, so that appending stays cheap. */
static size_t room_for(size_t size)
{
    size_t room = 32;
    while (room < size + 1)
        room *= 2;
    return room;
}

void il_words_add(il_text *t, const char *format, ...)
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

void il_words_free(il_text *t)
{
    if (!t)
        return;
    free(t->data);
    *t = (il_text){0};
}

char *il_words_copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

char *il_words_path(const char *folder, const char *name)
{
    il_text t = { 0 };
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/')
        n--;
    il_words_add(&t, "%.*s/%s", (int)n, folder, name);
    if (t.failed)
        il_words_free(&t);
    return t.data;
}

void *il_words_room(void *list, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return list;
    size_t more = *room ? *room * 2 : 64;
    void *bigger = realloc(list, more * size);
    if (bigger)
        *room = more;
    return bigger;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static bool same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Damerau-Levenshtein (each letter is moved at most once), case ignored; both at most LONGEST_WORD letters. */
static int distance(const char *a, const char *b)
{
    int rows[3][LONGEST_WORD + 1];
    int *before = rows[0], *above = rows[1], *row = rows[2];
    int width = (int)strlen(b), height = (int)strlen(a);

    for (int x = 0; x <= width; x++)
        above[x] = x;
    for (int y = 1; y <= height; y++) {
        row[0] = y;
        for (int x = 1; x <= width; x++) {
            int change = above[x - 1] + !same_letter(a[y - 1], b[x - 1]);
            row[x] = least(change, 1 + least(above[x], row[x - 1]));
            if (y > 1 && x > 1 && same_letter(a[y - 1], b[x - 2]) && same_letter(a[y - 2], b[x - 1]))
                row[x] = least(row[x], before[x - 2] + 1);
        }
        int *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[width];
}

const char *il_words_nearest(const char *wrong, const char *const *candidates, size_t count)
{
    size_t length = strlen(wrong);
    if (length == 0 || length > LONGEST_WORD)
        return NULL;

    int limit = length / 3 > 1 ? (int)(length / 3) : 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        if (strlen(candidates[i]) > LONGEST_WORD)
            continue;
        int d = distance(wrong, candidates[i]);
        if (d > limit || (nearest && d == limit))
            continue;
        limit = d;
        nearest = candidates[i];
    }
    return nearest;
}

il_hint il_words_hint(const char *wrong, const char *const *candidates, size_t count)
{
    il_hint hint = { "" };
    const char *near = il_words_nearest(wrong, candidates, count);
    if (near)
        snprintf(hint.text, sizeof hint.text, "; did you mean '%s'?", near);
    return hint;
}

bool il_words_match(const char *pattern, const char *text)
{
    return fnmatch(pattern, text, 0) == 0;
}

static il_digest digest_of(SHA2_CTX *context)
{
    uint8_t bytes[SHA256_DIGEST_LENGTH];
    SHA256Final(bytes, context);

    il_digest out;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(out.hex + 2 * i, 3, "%02x", bytes[i]);
    return out;
}

il_digest il_words_sha256(const void *data, size_t size)
{
    SHA2_CTX context;
    SHA256Init(&context);
    if (size > 0)
        SHA256Update(&context, data, size);
    return digest_of(&context);
}

int il_words_sha256_file(il_digest *out, const char *path, il_err *e)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return il_fail(e, IL_EIO, "%s: cannot be opened: %s", path, strerror(errno));

    SHA2_CTX context;
    SHA256Init(&context);
    uint8_t block[65536];
    ssize_t got = 0;
    while ((got = read(file, block, sizeof block)) != 0) {
        if (got > 0)
            SHA256Update(&context, block, (size_t)got);
        else if (errno != EINTR)
            break;
    }
    int why = errno;
    close(file);
    if (got < 0)
        return il_fail(e, IL_EIO, "%s: cannot be read: %s", path, strerror(why));
    *out = digest_of(&context);
    return IL_OK;
}
