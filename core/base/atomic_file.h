/* atomic_file.h - files that appear complete or not at all: written under a temporary name, then renamed. A previous
 * file of that name stays until then. */
#ifndef IL_WHOLE_H
#define IL_WHOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <inpaintlab/error.h>

int il_whole_write(const char *path, const void *data, size_t size, il_err *e);

/* The same, written in parts. */
typedef struct il_whole {
    char *draft; /* path of the temporary file */
    int fd;
} il_whole;

int il_whole_begin(il_whole *w, const char *path, il_err *e);
int il_whole_put(il_whole *w, const void *data, size_t size, il_err *e);
/* rc: the result so far. IL_OK renames the file into place, anything else removes it. lasting: it must survive a power
 * cut. */
int il_whole_end(il_whole *w, const char *path, bool lasting, int rc, il_err *e);

/* Removes the temporary files that killed writers of `name` (NULL: of any file) left in the folder. Nobody may be
 * writing that file meanwhile. */
void il_whole_sweep(const char *folder, const char *name);

#endif
