/* yaml_node.h - a node of a YAML file's tree. */
#ifndef IL_BASE_YAML_NODE_H
#define IL_BASE_YAML_NODE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <inpaintlab/error.h>

typedef enum il_node_kind { IL_NODE_SCALAR, IL_NODE_LIST, IL_NODE_MAP } il_node_kind;

typedef struct il_node il_node;
struct il_node {
    il_node_kind kind;
    int line, column; /* from 1 */
    bool quoted;      /* scalar: written in quotes, so it is always text */
    char *text;       /* scalar */
    size_t count;     /* list, map */
    il_node **items;  /* list: elements; mapping: values */
    il_node **keys;   /* mapping: scalars */
};

/* With all below it; NULL is allowed. */
void il_node_free(il_node *n);

/* Fills e with "FILE:LINE:COLUMN: message", or "FILE: message" where at is NULL, and returns code. */
int il_node_fail(const char *file, const il_node *at, il_err *e, int code, const char *format, va_list args);

#endif
