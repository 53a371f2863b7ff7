/* input_list.h - the images that command-line arguments name, and the names of their output files. */
#ifndef IL_DETECT_INPUT_LIST_H
#define IL_DETECT_INPUT_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <inpaintlab/error.h>

/* One image, or the reason why an argument names none. */
typedef struct il_input {
    char *path; /* "-": standard input */
    char *why;  /* NULL: an image to be tried */
} il_input;

typedef struct il_input_list {
    il_input *list;
    size_t count;
} il_input_list;

/* Adds what an argument names: "-", a file, a folder (with everything below it that has the extension or the first
 * bytes of an image, by name), or a glob(3) pattern. without: a folder to skip because results go there; or NULL.
 * Fails only when out of memory. */
int il_input_list_add(il_input_list *g, const char *word, const char *without, il_err *e);
void il_input_list_free(il_input_list *g);

/* Names already used. */
typedef struct il_result_names {
    char **list;
    size_t count;
} il_result_names;

/* *stem: FOLDER/NAME, where NAME is the file's name without extension; a name that was used before gets -2, -3, … */
int il_result_names_next(char **stem, il_result_names *n, const char *folder, const char *path, il_err *e);
void il_result_names_free(il_result_names *n);

#endif
