/* resolver.h - state shared by the runs of a grid while they are resolved. */
#ifndef IL_PLAN_RESOLVER_H
#define IL_PLAN_RESOLVER_H

#include "base/yaml.h"
#include "plugin/registry.h"

typedef struct il_resolver {
    il_registry *registry;
    const il_yaml *grid;
    const char *experiment;
    char **opened; /* plugin instances already opened once; owned */
    size_t count;
} il_resolver;

#endif
