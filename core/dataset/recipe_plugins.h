/* recipe_plugins.h - reads the maskers and generators of a recipe. */
#ifndef IL_DATASET_RECIPE_PLUGINS_H
#define IL_DATASET_RECIPE_PLUGINS_H

#include <stdbool.h>
#include "base/yaml.h"
#include "plugin/registry.h"

/* A masker or generator of the recipe. */
typedef struct il_recipe_plugin {
    const il_plugin *plugin;
    il_params *params;
    void *self;
    char *as;     /* what the manifest calls it; NULL: the plugin's name */
    double share; /* of the samples, relative to the others in its list */
    bool lent;    /* params, self and as belong to another list */
} il_recipe_plugin;

typedef struct il_recipe_plugins {
    il_recipe_plugin *list;
    size_t count;
} il_recipe_plugins;

/* A name, a mapping (name, as, share, settings), or a list of them. at NULL: an empty list. */
int il_recipe_plugins_read(il_recipe_plugins *out, il_registry *registry, il_kind kind, const il_yaml *y,
                           const il_node *at, il_err *e);
const char *il_recipe_plugin_name(const il_recipe_plugin *p); /* as, or the plugin's name */
void il_recipe_plugins_free(il_recipe_plugins *p);
/* The same instances in another role; `from` must outlive them. */
int il_recipe_plugins_lend(il_recipe_plugins *out, const il_recipe_plugins *from, il_err *e);

/* A mapping's values for a table; except: keys that are read elsewhere (ends with NULL; NULL: none). */
int il_recipe_plugins_table(il_params **out, const il_param_spec *specs, const il_yaml *y, const il_node *map,
                            const char *const *except, il_err *e);

/* The part for a number in [0,1), by the shares. */
size_t il_recipe_plugins_at(const il_recipe_plugins *p, double place);

#endif
