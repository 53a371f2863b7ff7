/* text.h - growable text, copies, paths and globs. */
#ifndef IL_BASE_TEXT_H
#define IL_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <inpaintlab/error.h>

/* Growable text. Start with {0}; a failed append leaves it unchanged and sets `failed`. */
typedef struct il_text {
    char *data; /* NUL-terminated; NULL until something is appended */
    size_t size;
    bool failed;
} il_text;

void il_text_add(il_text *t, const char *format, ...) IL_PRINTF(2, 3);
/* Appends a text from outside as a terminal may show it (utf8.h). */
void il_text_show(il_text *t, const char *text);
/* Appends `size` bytes of a text from outside as part of a file's name: '_' stands for '/', for what a terminal may not show as it
 * is (utf8.h), and for what is not UTF-8. Two texts may come to one name. */
void il_text_add_name(il_text *t, const char *text, size_t size);
void il_text_free(il_text *t);
char *il_text_copy(const char *text); /* strdup that accepts NULL */

/* FOLDER/NAME, without repeating a slash at the folder's end; NULL when out of memory. The caller frees it. */
char *il_text_path(const char *folder, const char *name);

bool il_text_ends(const char *text, const char *ending);

/* fnmatch without path rules. */
bool il_text_match(const char *pattern, const char *text);

#endif
