/* atomic_folder.h - folders that appear complete or not at all: filled under a temporary name, then renamed. */
#ifndef IL_BASE_ATOMIC_FOLDER_H
#define IL_BASE_ATOMIC_FOLDER_H

#include <inpaintlab/error.h>

/* Start with {0}: ending one that was not begun does nothing. */
typedef struct il_atomic_folder {
    char *draft,
        *target; /* paths: of the temporary folder (base/draft.h), to be filled, and of the one that it becomes */
    int lock;
} il_atomic_folder;

int il_atomic_folder_begin(il_atomic_folder *w, const char *folder, il_err *e);

/* rc IL_OK: gives the draft its name, which must not exist or must be an empty folder. Otherwise, or when that fails,
 * removes the draft and everything in it. */
int il_atomic_folder_end(il_atomic_folder *w, int rc, il_err *e);

/* The same for a folder that may hold files: each file SUB/NAME of the draft appears there, in place of one of that
 * name; others in FOLDER/SUB whose names end like `ending` are removed then. Every file appears whole; what else is
 * there stays. */
int il_atomic_folder_join(il_atomic_folder *w, const char *ending, int rc, il_err *e);

/* The same for files that belong together, which appear in `folder`, in place of those of their names: all are written
 * before the first is seen. */
int il_atomic_folder_pour(il_atomic_folder *w, const char *folder, int rc, il_err *e);

#endif
