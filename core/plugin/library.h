/* library.h - a plugin's shared object, loaded and checked. The only user of dlopen beside core/torch. */
#ifndef IL_PLUGIN_LIBRARY_H
#define IL_PLUGIN_LIBRARY_H

#include <inpaintlab/plugin.h>

/* Messages do not include the path. The descriptor's ABI is read before any code of the plugin runs. A library stays loaded, so a
 * file that was loaded before, and is still the same, is not read again. */
int il_library_load(const il_plugin **out, const char *path, il_err *e);

#endif
