/* yaml.h - a YAML file as a tree whose nodes know their line and column. */
#ifndef IL_BASE_YAML_H
#define IL_BASE_YAML_H

#include "base/text.h"
#include "base/yaml_node.h"

typedef struct il_yaml il_yaml;

/* Reads one document. Errors have the form "FILE:LINE:COLUMN: …": syntax, a repeated key, a key that is not plain
 * text, more than one document, recursive anchors, nesting deeper than 64, files over 4 MiB. */
int il_yaml_read(il_yaml **out, const char *path, il_err *e);
/* The same from memory; messages show `name` as the path. */
int il_yaml_parse(il_yaml **out, const char *name, const char *text, size_t size, il_err *e);
void il_yaml_free(il_yaml *y);

const il_node *il_yaml_root(const il_yaml *y);
const char *il_yaml_name(const il_yaml *y);
const char *il_yaml_text(const il_yaml *y); /* the whole source text */

/* The value of a mapping's key, or NULL. */
const il_node *il_yaml_get(const il_node *map, const char *key);

/* Appends the items of a list, as in "0.485, 0.456, 0.406"; false when one of them is no single value. */
bool il_yaml_join(il_text *out, const il_node *list);

/* Fills e with "FILE:LINE:COLUMN: message" and returns code. */
int il_yaml_fail(const il_yaml *y, const il_node *at, il_err *e, int code, const char *format, ...) IL_PRINTF(5, 6);

#endif
