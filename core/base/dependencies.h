/* dependencies.h - what a plugin's results depend on: the contents of files, and notes. */
#ifndef IL_BASE_DEPENDENCIES_H
#define IL_BASE_DEPENDENCIES_H

#include <inpaintlab/plugin.h>
#include "base/sha256.h"
#include "base/text.h"

struct il_uses {
    char **paths;
    size_t count;
    il_text notes; /* one line each */
};

void il_uses_clear(il_uses *u);

/* SHA-256 over the files' contents, in order, and the notes. */
int il_uses_digest(il_digest *out, const il_uses *u, il_err *e);

#endif
