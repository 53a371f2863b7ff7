/* yaml_build.h - the text of a YAML file -> its tree; for yaml.c alone. */
#ifndef IL_BASE_YAML_BUILD_H
#define IL_BASE_YAML_BUILD_H

#include "base/yaml_node.h"

/* text ends with a NUL; messages show `name` as the path. */
int il_yaml_build(il_node **root, const char *name, const char *text, size_t size, il_err *e);

#endif
