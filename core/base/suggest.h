/* suggest.h - "did you mean": the right word nearest to a wrong one. */
#ifndef IL_SUGGEST_H
#define IL_SUGGEST_H

#include <stddef.h>

/* The candidate nearest to `wrong` by edit distance, or NULL when none is near. */
const char *il_words_nearest(const char *wrong, const char *const *candidates, size_t count);

/* "; did you mean 'NEAREST'?", or nothing when none is near. */
typedef struct il_hint {
    char text[100];
} il_hint;
il_hint il_words_hint(const char *wrong, const char *const *candidates, size_t count);

/* "unknown key 'trian'; did you mean 'train'?", or the keys there are. names ends with NULL. */
typedef struct il_unknown {
    char text[500];
} il_unknown;
il_unknown il_suggest_key(const char *written, const char *const *names);

#endif
