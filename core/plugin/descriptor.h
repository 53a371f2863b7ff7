/* descriptor.h - checks a plugin's descriptor before any of its code is called. */
#ifndef IL_PLUGIN_DESCRIPTOR_H
#define IL_PLUGIN_DESCRIPTOR_H

#include <inpaintlab/plugin.h>

enum { IL_DESCRIPTOR_KINDS = 6 }; /* the last kind; the first is 1 */

/* IL_EPLUGIN when the kind, the name, a callback, or a setting is missing or wrong. The ABI must have been checked. */
int il_descriptor_check(const il_plugin *p, il_err *e);

/* "dataset", "model", "loss", "mask policy", "masker", "generator" */
const char *il_descriptor_kind(il_kind kind);

#endif
