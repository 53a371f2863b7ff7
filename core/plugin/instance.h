/* instance.h - a plugin as it was chosen: with its settings, what its results depend on, and what a mask policy says. */
#ifndef IL_INSTANCE_H
#define IL_INSTANCE_H

#include <inpaintlab/plugin.h>
#include "base/dependencies.h"

/* A plugin with its settings. */
typedef struct il_choice {
    const il_plugin *plugin; /* lent by the registry */
    il_params *params;
    char *label; /* how tables call it: YAML's `label`, else the plugin's name */
} il_choice;

void il_choice_free(il_choice *c);

/* The files of an instance: those that its plugin names, else those that its IL_PARAM_PATH settings name. */
int il_uses_of(il_uses *out, const il_plugin *plugin, const void *self, const il_params *params, il_err *e);

/* The target value of each grey level, by a mask policy. IL_EPLUGIN when one is outside [0, 1]. */
int il_policy_labels(float labels[256], const il_choice *policy, il_err *e);

#endif
