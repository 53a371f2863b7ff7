/* resolve_plugin.h - a plugin's name and settings as written -> an il_choice. */
#ifndef IL_PLAN_RESOLVE_PLUGIN_H
#define IL_PLAN_RESOLVE_PLUGIN_H

#include "plan/keys.h"
#include "plan/resolver.h"
#include "plan/settings.h"
#include "plugin/instance.h"

/* Finds the plugin, checks its settings and opens it once. */
int il_choice_resolve(il_choice *out, il_resolver *r, const il_settings *s, const il_keys_choice *what, il_err *e);

/* Sets NAME of p from a slot; errors give the slot's position. Where any text is allowed, a list of single values is one,
 * "0.485, 0.456, 0.406": the plugin says what it makes of it. */
int il_choice_set(il_params *p, const char *name, const il_setting *slot, const char *context, il_err *e);

/* Sets the table's settings from the slots PREFIX + name. */
int il_resolve_table(il_params **out, const il_param_spec *table, const char *prefix, const il_settings *s, il_err *e);

#endif
