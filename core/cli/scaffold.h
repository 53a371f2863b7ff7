/* scaffold.h - the files of a new plugin, from plugins/templates. */
#ifndef IL_CLI_SCAFFOLD_H
#define IL_CLI_SCAFFOLD_H

#include <stdbool.h>
#include <inpaintlab/error.h>

/* The kinds, as the command line calls them: "model", …, "generator"; NULL behind the last. */
const char *il_scaffold_kind(int i);

/* What keeps `name` from being a plugin's name and a C identifier; NULL: nothing. */
const char *il_scaffold_objection(const char *name);

/* Writes the project of plugin `name` to a folder that is absent or empty: whole or not at all. kind: as above. */
int il_scaffold_write(const char *folder, const char *kind, const char *name, il_err *e);

#endif
