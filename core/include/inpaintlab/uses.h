/* uses.h - what results depend on besides settings. A plugin's `uses` names it; its hash is part of a run's identity and of a
 * sample's provenance. */
#ifndef IL_USES_H
#define IL_USES_H

#include <inpaintlab/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct il_uses il_uses; /* a list, owned by the core */

/* Adds the contents of a file, by its path. */
int il_uses_add(il_uses *u, const char *path, il_err *e);

/* Adds a text: what stands in no file and in no setting. */
int il_uses_note(il_uses *u, const char *text, il_err *e);

#ifdef __cplusplus
}
#endif
#endif
