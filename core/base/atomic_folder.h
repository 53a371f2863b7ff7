/* atomic_folder.h - folders that appear complete or not at all: filled under a temporary name, then renamed. */
#ifndef IL_BASE_ATOMIC_FOLDER_H
#define IL_BASE_ATOMIC_FOLDER_H

#include "base/text.h"

/* Creates FOLDER.XXXXXX; *draft is its path, to be passed to il_atomic_folder_end. */
int il_atomic_folder_begin(il_text *draft, const char *folder, il_err *e);

/* rc IL_OK: renames the draft to FOLDER, which must not exist or must be an empty folder. Otherwise, or when that
 * fails, removes the draft and everything in it. Frees *draft. */
int il_atomic_folder_end(il_text *draft, const char *folder, int rc, il_err *e);

/* The same for a FOLDER that may hold files: each file SUB/NAME of the draft appears there, in place of one of that name; others
 * in FOLDER/SUB whose names end like `ending` are removed then. Every file appears whole; what else is there stays. */
int il_atomic_folder_join(il_text *draft, const char *folder, const char *ending, int rc, il_err *e);

#endif
