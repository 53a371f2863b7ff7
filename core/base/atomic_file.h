/* whole.h - files that appear whole or not at all: written beside their place, then given their name. What stood there
 * before stays until then. */
#ifndef IL_WHOLE_H
#define IL_WHOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <inpaintlab/error.h>

int il_whole_write(const char *path, const void *data, size_t size, il_err *e);

/* The same in parts. */
typedef struct il_whole {
    char *draft; /* its name */
    int fd;
} il_whole;

int il_whole_begin(il_whole *w, const char *path, il_err *e);
int il_whole_put(il_whole *w, const void *data, size_t size, il_err *e);
/* rc: how it went so far; IL_OK gives it its name, anything else removes it. lasting: it outlives a power cut. */
int il_whole_end(il_whole *w, const char *path, bool lasting, int rc, il_err *e);

/* Removes what writers of the folder's file of that name (NULL: of any file) left behind when they were killed. Nobody may be
 * writing it. */
void il_whole_sweep(const char *folder, const char *name);

#endif
