/* text.h - growing text, copies, paths and globs. */
#ifndef IL_TEXT_H
#define IL_TEXT_H

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

/* fnmatch without path rules. */
bool il_words_match(const char *pattern, const char *text);

#endif
