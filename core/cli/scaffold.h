/* scaffold.h - the files of a new plugin, from plugins/templates. */
#ifndef IL_CLI_SCAFFOLD_H
#define IL_CLI_SCAFFOLD_H

#include <inpaintlab/error.h>

/* The kinds, as the command line calls them. */
#define IL_SCAFFOLD_KINDS "model|dataset|loss|mask-policy|masker|generator"

/* What keeps `name` from being a plugin's name and a C identifier; NULL: nothing. */
const char *il_scaffold_objection(const char *name);

/* Writes the project of plugin `name` to a folder that is absent or empty: whole or not at all. kind: one of these. */
int il_scaffold_write(const char *folder, const char *kind, const char *name, il_err *e);

#endif
