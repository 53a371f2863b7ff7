/* input_list.h - the images that command-line arguments name, and the names of their output files. */
#ifndef IL_DETECT_GATHER_H
#define IL_DETECT_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <inpaintlab/error.h>

/* One image, or the reason why an argument names none. */
typedef struct il_gathered {
    char *path;   /* "-": standard input */
    char *why;    /* NULL: an image to be tried */
} il_gathered;

typedef struct il_gather {
    il_gathered *list;
    size_t count;
} il_gather;

/* Adds what an argument names: "-", a file, a folder (with everything below it that has the extension or the first
 * bytes of an image, by name), or a glob(3) pattern. without: a folder to skip because results go there; or NULL.
 * Fails only when out of memory. */
int il_gather_add(il_gather *g, const char *word, const char *without, il_err *e);
void il_gather_free(il_gather *g);

/* Names already used. */
typedef struct il_names {
    char **list;
    size_t count;
} il_names;

/* *stem: FOLDER/NAME, where NAME is the file's name without extension; a name that was used before gets -2, -3, … */
int il_names_next(char **stem, il_names *n, const char *folder, const char *path, il_err *e);
void il_names_free(il_names *n);

#endif
