/* draft.h - folders that appear whole or not at all: filled beside their place, then given their name. */
#ifndef IL_CLI_DRAFT_H
#define IL_CLI_DRAFT_H

#include "base/text.h"

/* Makes FOLDER.XXXXXX; *draft is its path, to be handed to il_draft_end. */
int il_draft_begin(il_text *draft, const char *folder, il_err *e);

/* rc IL_OK: the draft becomes FOLDER, which must be absent or an empty folder. Else, or when that fails, the draft is removed
 * with all that is in it. Frees *draft. */
int il_draft_end(il_text *draft, const char *folder, int rc, il_err *e);

#endif
