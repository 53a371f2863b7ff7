/* scaffold.h - the files of a new plugin, from plugins/templates. */
#ifndef IL_CLI_SCAFFOLD_H
#define IL_CLI_SCAFFOLD_H

#include <inpaintlab/error.h>

/* The kinds, as named on the command line. */
#define IL_SCAFFOLD_KINDS "model|dataset|loss|mask-policy|masker|generator"

/* Why `name` cannot be a plugin's name and a C identifier; NULL: it can. */
const char *il_scaffold_objection(const char *name);

/* Writes the files of plugin `name` to a folder that is empty or does not exist: completely or not at all. kind: one
 * of these. */
int il_scaffold_write(const char *folder, const char *kind, const char *name, il_err *e);

#endif
