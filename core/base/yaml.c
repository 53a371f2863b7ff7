/* yaml.c - a YAML file as a tree. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/file.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/yaml.h"
#include "base/yaml_build.h"

enum { MAX_BYTES = 4 << 20 };

struct il_yaml {
    char *name, *text;
    size_t size;
    il_node *root;
};

int il_yaml_fail(const il_yaml *y, const il_node *at, il_err *e, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = il_node_fail(y->name, at, e, code, format, args);
    va_end(args);
    return rc;
}

int il_yaml_parse(il_yaml **out, const char *name, const char *text, size_t size, il_err *e)
{
    if (size > MAX_BYTES)
        return il_fail(e, IL_EFORMAT, "%s is larger than 4 MiB; expected a grid or recipe file", name);

    size_t mark = il_utf8_mark(text, size);
    text = text ? text + mark : text;
    size -= mark;
    il_yaml *y = calloc(1, sizeof *y);
    if (!y)
        return il_fail_oom(e);
    int rc = IL_OK;
    y->name = il_text_copy(name);
    y->text = malloc(size + 1);
    y->size = size;
    if (!y->name || !y->text) {
        rc = il_fail_oom(e);
        goto done;
    }
    if (text)
        memcpy(y->text, text, size);
    y->text[size] = '\0';
    rc = il_yaml_build(&y->root, y->name, y->text, y->size, e);
    if (rc)
        goto done;
    *out = y;
    y = NULL;

done:
    il_yaml_free(y);
    return rc;
}

int il_yaml_read(il_yaml **out, const char *path, il_err *e)
{
    char *text = NULL;
    size_t size = 0;
    int rc = il_file_read_argument(&text, &size, path, MAX_BYTES, e);
    if (!rc)
        rc = il_yaml_parse(out, path, text, size, e);
    free(text);
    return rc;
}

void il_yaml_free(il_yaml *y)
{
    if (!y)
        return;
    il_node_free(y->root);
    free(y->name);
    free(y->text);
    free(y);
}

const il_node *il_yaml_root(const il_yaml *y)
{
    return y->root;
}

const char *il_yaml_name(const il_yaml *y)
{
    return y->name;
}

const char *il_yaml_text(const il_yaml *y)
{
    return y->text;
}

bool il_yaml_join(il_text *out, const il_node *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i]->kind != IL_NODE_SCALAR)
            return false;
        il_text_add(out, "%s%s", i ? ", " : "", list->items[i]->text);
    }
    return true;
}

const il_node *il_yaml_get(const il_node *map, const char *key)
{
    if (!map || map->kind != IL_NODE_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++) {
        if (strcmp(map->keys[i]->text, key) == 0)
            return map->items[i];
    }
    return NULL;
}
