/* atomic_folder.h - folders that appear complete or not at all: filled under a temporary name, then renamed. */
#ifndef IL_CLI_DRAFT_H
#define IL_CLI_DRAFT_H

#include "base/text.h"

/* Creates FOLDER.XXXXXX; *draft is its path, to be passed to il_draft_end. */
int il_draft_begin(il_text *draft, const char *folder, il_err *e);

/* rc IL_OK: renames the draft to FOLDER, which must not exist or must be an empty folder. Otherwise, or when that
 * fails, removes the draft and everything in it. Frees *draft. */
int il_draft_end(il_text *draft, const char *folder, int rc, il_err *e);

#endif
