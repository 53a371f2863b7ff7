/* output.h - where the results of a command go: into memory first, so that one that fails half-way writes nothing. */
#ifndef IL_CLI_OUTPUT_H
#define IL_CLI_OUTPUT_H

#include <stdio.h>
#include <inpaintlab/error.h>

/* Start with {0}: ending one that was not begun returns rc. */
typedef struct il_output {
    FILE *to; /* to be written */
    char *text;
    size_t size;
} il_output;

int il_output_begin(il_output *o, il_err *e);
/* rc: the result so far; IL_OK writes all of it to the file, or to standard output (path NULL), where a terminal sees no controls. */
int il_output_end(il_output *o, const char *path, int rc, il_err *e);

/* Refuses an output that is the database, or a file that SQLite keeps beside it; under any name, and also before it is there. */
int il_output_spare(const char *output, const char *database, il_err *e);
/* Refuses a file that is there whose ending says that it is not a result: a grid, a picture, another database. */
int il_output_spare_inputs(const char *output, il_err *e);

#endif
