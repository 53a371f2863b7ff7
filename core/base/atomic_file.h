/* atomic_file.h - files that appear complete or not at all: written under a temporary name (base/draft.h), then
 * renamed. A previous file of that name stays until then; the new one has its permissions. A symbolic link stays one:
 * the file it leads to is written. */
#ifndef IL_BASE_ATOMIC_FILE_H
#define IL_BASE_ATOMIC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <inpaintlab/error.h>

int il_atomic_file_write(const char *path, const void *data, size_t size, il_err *e);

/* The same, written in parts. */
typedef struct il_atomic_file {
    char *draft, *target; /* paths: of the temporary file, and of the one that it becomes */
    int fd;
    int mode; /* of the previous file; below 0: there is none */
} il_atomic_file;

int il_atomic_file_begin(il_atomic_file *w, const char *path, il_err *e);
int il_atomic_file_put(il_atomic_file *w, const void *data, size_t size, il_err *e);
/* rc: the result so far. IL_OK renames the file into place, anything else removes it. lasting: it must survive a power
 * cut. */
int il_atomic_file_end(il_atomic_file *w, const char *path, bool lasting, int rc, il_err *e);

#endif
