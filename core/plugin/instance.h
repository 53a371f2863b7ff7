/* instance.h - a plugin with its settings, the files its results depend on, and a mask policy's targets. */
#ifndef IL_PLUGIN_INSTANCE_H
#define IL_PLUGIN_INSTANCE_H

#include <inpaintlab/plugin.h>
#include "base/dependencies.h"
#include "plugin/registry.h"

/* A plugin with its settings. */
typedef struct il_choice {
    const il_plugin *plugin; /* borrowed from the registry */
    il_plugin_file file;     /* its file; all 0: not known */
    il_params *params;
    char *label; /* its name in tables: YAML's `label`, else the plugin's name */
} il_choice;

void il_choice_free(il_choice *c);

/* The files an instance depends on: those that its plugin reports, else those of its IL_PARAM_PATH settings. */
int il_uses_of(il_uses *out, const il_plugin *plugin, const void *self, const il_params *params, il_err *e);

/* A mask policy's target value for each grey level. IL_EPLUGIN when one is outside [0, 1]. */
int il_policy_labels(float labels[256], const il_choice *policy, il_err *e);

#endif
