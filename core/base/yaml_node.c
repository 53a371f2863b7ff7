/* yaml_node.c - frees a tree, and says where in a file something is wrong. */
#include <stdio.h>
#include <stdlib.h>
#include "base/yaml_node.h"

void il_node_free(il_node *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->count; i++) {
        il_node_free(n->items[i]);
        if (n->keys)
            il_node_free(n->keys[i]);
    }
    free(n->items);
    free(n->keys);
    free(n->text);
    free(n);
}

int il_node_fail(const char *file, const il_node *at, il_err *e, int code, const char *format, va_list args)
{
    char message[sizeof e->message];
    vsnprintf(message, sizeof message, format, args);
    if (!at)
        return il_fail(e, code, "%s: %s", file, message);
    return il_fail(e, code, "%s:%d:%d: %s", file, at->line, at->column, message);
}
