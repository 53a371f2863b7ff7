/* registry.h - plugins by name. */
#ifndef IL_PLUGIN_REGISTRY_H
#define IL_PLUGIN_REGISTRY_H

#include <inpaintlab/plugin.h>
#include "plugin/descriptor.h"

typedef struct il_registry il_registry;

/* The file of a plugin. Texts are lent by the registry. */
typedef struct il_plugin_file {
    const char *path;
    const char *sha256; /* of its contents when it was first asked for */
    bool installed;     /* it is in the program's own folder */
} il_plugin_file;

/* A plugin that did not load, and why: reported when it is asked for, never fatal at start. */
typedef struct il_refused {
    const char *path;
    const char *why;
} il_refused;

/* Loads every *.so of the colon-separated folders of INPAINTLAB_PLUGIN_PATH, then of the built-in folders. The first
 * plugin of a kind and name wins, and hides a built-in one of the same. The descriptor's ABI is read before any code of the plugin runs. */
int il_registry_open(il_registry **out, il_err *e);
void il_registry_free(il_registry *r);

/* A file may name a plugin by name only: a grid, a recipe, weights and a database come from others, and what they name by
 * path is their code. il_registry_trust lets them name paths, in the whole process; it is called before anything is opened, by
 * commands that run what a grid or recipe names, and for --trust. */
void il_registry_trust(void);
bool il_registry_trusts(void);

/* The plugin that a file names; borrowed. IL_EPLUGIN: "unknown model 'fnc'; did you mean 'fcn'?", or why its file was
 * refused; IL_ETRUST: a name with a '/', which is a path. */
int il_registry_find(const il_plugin **out, il_registry *r, il_kind kind, const char *name, il_err *e);
/* The plugin that the user typed, by name or path. */
int il_registry_find_typed(const il_plugin **out, il_registry *r, il_kind kind, const char *name, il_err *e);
/* The plugin in a file, of any kind; borrowed. */
int il_registry_find_file(const il_plugin **out, il_registry *r, const char *path, il_err *e);

size_t il_registry_count(const il_registry *r);
const il_plugin *il_registry_at(const il_registry *r, size_t i);
const char *il_registry_path(const il_registry *r, const il_plugin *p);
/* p must have come from r. */
int il_registry_file(il_plugin_file *out, il_registry *r, const il_plugin *p, il_err *e);
/* Path of the plugin of the program's own folder that p hides, since both have one kind and name; NULL: none. */
const char *il_registry_hidden(const il_registry *r, const il_plugin *p);
size_t il_registry_refused(const il_registry *r, const il_refused **list);

#endif
