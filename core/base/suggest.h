/* suggest.h - "did you mean": the known word closest to a misspelt one. */
#ifndef IL_BASE_SUGGEST_H
#define IL_BASE_SUGGEST_H

#include <stddef.h>

/* The candidate closest to `wrong` by edit distance, or NULL when none is close. */
const char *il_suggest_nearest(const char *wrong, const char *const *candidates, size_t count);

/* "; did you mean 'NEAREST'?", or "" when no candidate is close. */
typedef struct il_hint {
    char text[100];
} il_hint;
il_hint il_suggest_hint(const char *wrong, const char *const *candidates, size_t count);

/* "unknown key 'trian'; did you mean 'train'?", or a list of the known keys. names ends with NULL. */
typedef struct il_unknown {
    char text[500];
} il_unknown;
il_unknown il_suggest_key(const char *written, const char *const *names);

#endif
