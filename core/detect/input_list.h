/* gather.h - which pictures the words of a command line mean, and how their results are called. */
#ifndef IL_DETECT_GATHER_H
#define IL_DETECT_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <inpaintlab/error.h>

/* One picture, or why a word means none. */
typedef struct il_gathered {
    char *path;   /* "-": standard input */
    char *why;    /* NULL: a picture to be tried */
} il_gathered;

typedef struct il_gather {
    il_gathered *list;
    size_t count;
} il_gather;

/* Adds what a word means: "-", a file, a folder (with all below it: what is called like a picture or begins like one, in
 * order of name), or a pattern for glob(3). without: a folder that is passed over, as results go there; or NULL. Fails only
 * when memory does. */
int il_gather_add(il_gather *g, const char *word, const char *without, il_err *e);
void il_gather_free(il_gather *g);

/* Names that were given out. */
typedef struct il_names {
    char **list;
    size_t count;
} il_names;

/* *stem: FOLDER/NAME, where NAME is the file's name without its ending; a name that was given out before gets -2, -3, … */
int il_names_next(char **stem, il_names *n, const char *folder, const char *path, il_err *e);
void il_names_free(il_names *n);

#endif
