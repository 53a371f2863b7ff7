/* resolver.h - what the runs of a grid share while they are resolved. */
#ifndef IL_RESOLVER_H
#define IL_RESOLVER_H

#include "base/yaml.h"
#include "plugin/registry.h"

typedef struct il_resolver {
    il_registry *registry;
    const il_yaml *grid;
    const char *experiment;
    char **opened; /* plugin instances that were tried already; ours */
    size_t count;
} il_resolver;

#endif
