/* words.h - small text helpers that every stage needs: growing text, near names, globs, hashes. */
#ifndef IL_WORDS_H
#define IL_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <inpaintlab/error.h>

/* Growing text. Start with {0}; after a failed append it stays as it was and `failed` is set. */
typedef struct il_text {
    char *data; /* NUL-terminated once something was appended; NULL before */
    size_t size;
    bool failed;
} il_text;

void il_words_add(il_text *t, const char *format, ...) IL_PRINTF(2, 3);
void il_words_free(il_text *t);
char *il_words_copy(const char *text); /* strdup that takes NULL */

/* FOLDER/NAME, the folder's own slashes at its end left out; NULL when memory is out. The caller frees it. */
char *il_words_path(const char *folder, const char *name);

/* Room for one more element of `size` bytes in a list that may move; NULL when memory is out (the list stays). */
void *il_words_room(void *list, size_t count, size_t *room, size_t size);

/* The candidate nearest to `wrong` by edit distance, or NULL when none is near. */
const char *il_words_nearest(const char *wrong, const char *const *candidates, size_t count);

/* "; did you mean 'NEAREST'?", or nothing when none is near. */
typedef struct il_hint {
    char text[100];
} il_hint;
il_hint il_words_hint(const char *wrong, const char *const *candidates, size_t count);

/* fnmatch without path rules. */
bool il_words_match(const char *pattern, const char *text);

/* SHA-256 as 64 lower-case hex digits. */
typedef struct il_digest {
    char hex[65];
} il_digest;
il_digest il_words_sha256(const void *data, size_t size);
int il_words_sha256_file(il_digest *out, const char *path, il_err *e);

#endif
