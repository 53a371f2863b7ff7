/* yaml_build.c - builds our own tree from libyaml's events: positions, limits, aliases resolved. The only user of libyaml, whose
 * own documents are not used: their time grows with the square of the number of anchors, and of the depth. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* tdestroy */
#endif
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>
#include "base/array.h"
#include "base/text.h"
#include "base/yaml_build.h"

enum {
    MAX_DEPTH = 64,
    MAX_NODES = 200000 /* aliases of aliases grow exponentially */
};

struct anchor {
    char *name;
    int line, column;    /* of the node */
    const il_node *node; /* NULL while it is being built */
};

/* State while the tree is built. */
struct build {
    const char *name, *text;
    size_t size;
    yaml_parser_t *parser;
    void *anchors; /* of tsearch: struct anchor by name */
    int depth;
    size_t nodes;
};

/* ---- errors ---- */

IL_PRINTF(4, 5) static int fail(const struct build *b, const il_node *at, il_err *e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    il_node_fail(b->name, at, e, IL_EFORMAT, format, args);
    va_end(args);
    return IL_EFORMAT;
}

static int fail_at(const struct build *b, yaml_mark_t at, il_err *e, const char *what)
{
    il_node place = { .line = (int)at.line + 1, .column = (int)at.column + 1 };
    return fail(b, &place, e, "%s", what);
}

/* libyaml's reader reports only a byte offset. */
static void place_of_offset(il_node *place, const struct build *b, size_t offset)
{
    *place = (il_node){ .line = 1, .column = 1 };
    for (size_t i = 0; i < offset && i < b->size; i++) {
        bool newline = b->text[i] == '\n';
        place->line += newline;
        place->column = newline ? 1 : place->column + 1;
    }
}

static int syntax_error(const struct build *b, il_err *e)
{
    const yaml_parser_t *p = b->parser;
    if (p->error == YAML_MEMORY_ERROR ||
        p->error == YAML_NO_ERROR) /* libyaml does not tell of each failed allocation */
        return il_fail_oom(e);

    il_node place = { .line = (int)p->problem_mark.line + 1, .column = (int)p->problem_mark.column + 1 };
    const char *problem = p->problem ? p->problem : "unknown error";
    if (p->error == YAML_READER_ERROR) {
        place_of_offset(&place, b, p->problem_offset);
        return fail(b, &place, e, "invalid UTF-8: %s", problem);
    }
    if (p->context)
        return fail(b, &place, e, "invalid YAML: %s (%s at line %d)", problem, p->context,
                    (int)p->context_mark.line + 1);
    return fail(b, &place, e, "invalid YAML: %s", problem);
}

/* ---- events ---- */

/* The caller deletes it. */
static int next_event(yaml_event_t *out, const struct build *b, il_err *e)
{
    if (!yaml_parser_parse(b->parser, out) || out->type == YAML_NO_EVENT)
        return syntax_error(b, e);
    return IL_OK;
}

static const char *anchor_name(const yaml_event_t *from)
{
    return (const char *)(from->type == YAML_ALIAS_EVENT            ? from->data.alias.anchor
                          : from->type == YAML_SCALAR_EVENT         ? from->data.scalar.anchor
                          : from->type == YAML_SEQUENCE_START_EVENT ? from->data.sequence_start.anchor
                                                                    : from->data.mapping_start.anchor);
}

static bool is_custom_tag(const yaml_event_t *from)
{
    static const char *const usual[] = { "!", YAML_STR_TAG, YAML_SEQ_TAG, YAML_MAP_TAG };
    const yaml_char_t *tag = from->type == YAML_SCALAR_EVENT           ? from->data.scalar.tag
                             : from->type == YAML_SEQUENCE_START_EVENT ? from->data.sequence_start.tag
                                                                       : from->data.mapping_start.tag;
    for (size_t i = 0; tag && i < sizeof usual / sizeof *usual; i++) {
        if (strcmp((const char *)tag, usual[i]) == 0)
            return false;
    }
    return tag != NULL;
}

/* ---- anchors ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct anchor *)a)->name, ((const struct anchor *)b)->name);
}

static void anchor_free(void *anchor)
{
    free(((struct anchor *)anchor)->name);
    free(anchor);
}

/* *out is NULL when the node has no anchor. */
static int open_anchor(struct anchor **out, struct build *b, const yaml_event_t *from, il_err *e)
{
    const char *name = anchor_name(from);
    if (!name)
        return IL_OK;
    struct anchor *new = calloc(1, sizeof *new), **slot = NULL;
    if (new && (new->name = il_text_copy(name))) {
        new->line = (int)from->start_mark.line + 1;
        new->column = (int)from->start_mark.column + 1;
        slot = tsearch(new, &b->anchors, by_name);
    }
    if (slot && *slot == new) {
        *out = new;
        return IL_OK;
    }
    il_node place = { .line = (int)from->start_mark.line + 1, .column = (int)from->start_mark.column + 1 };
    int rc = slot ? fail(b, &place, e, "anchor '%s' is repeated; first given at line %d", name, (*slot)->line)
                  : il_fail_oom(e);
    if (new)
        anchor_free(new);
    return rc;
}

/* A node of depth and number within the limits. */
static int new_node(il_node **out, struct build *b, int line, int column, il_err *e)
{
    il_node place = { .line = line, .column = column };
    if (b->depth == MAX_DEPTH)
        return fail(b, &place, e, "nested more than %d levels deep", MAX_DEPTH);
    if (++b->nodes > MAX_NODES)
        return fail(b, &place, e, "too many values after expanding aliases");
    il_node *n = malloc(sizeof *n);
    if (!n)
        return il_fail_oom(e);
    *n = place;
    *out = n;
    return IL_OK;
}

static int copy_node(il_node **out, struct build *b, const il_node *from, il_err *e)
{
    il_node *n = NULL;
    int rc = new_node(&n, b, from->line, from->column, e);
    if (rc)
        return rc;
    n->kind = from->kind;
    n->quoted = from->quoted;
    n->text = il_text_copy(from->text);
    n->items = from->items ? il_array_new(from->count, sizeof(il_node *)) : NULL;
    n->keys = from->keys ? il_array_new(from->count, sizeof(il_node *)) : NULL;
    if ((from->text && !n->text) || (from->items && !n->items) || (from->keys && !n->keys))
        rc = il_fail_oom(e);
    b->depth++;
    for (; !rc && n->items && n->count < from->count; n->count += !rc) {
        rc = from->keys ? copy_node(&n->keys[n->count], b, from->keys[n->count], e) : IL_OK;
        if (!rc)
            rc = copy_node(&n->items[n->count], b, from->items[n->count], e);
        if (rc && n->keys)
            il_node_free(n->keys[n->count]);
    }
    b->depth--;
    if (rc)
        il_node_free(n);
    else
        *out = n;
    return rc;
}

static int build_alias(il_node **out, struct build *b, const yaml_event_t *from, il_err *e)
{
    struct anchor wanted = { .name = (char *)anchor_name(from) };
    struct anchor *const *found = tfind(&wanted, &b->anchors, by_name);
    if (!found)
        return fail_at(b, from->start_mark, e, "invalid YAML: found undefined alias");
    if ((*found)->node)
        return copy_node(out, b, (*found)->node, e);
    il_node place = { .line = (*found)->line, .column = (*found)->column };
    return fail(b, &place, e, "an anchor contains itself");
}

/* ---- nodes ---- */

static int build_node(il_node **out, struct build *b, const yaml_event_t *from, il_err *e);

static int build_scalar(il_node *n, const struct build *b, const yaml_event_t *from, il_err *e)
{
    const char *text = (const char *)from->data.scalar.value;
    if (strlen(text) != from->data.scalar.length)
        return fail_at(b, from->start_mark, e, "the text contains a NUL character");
    n->kind = IL_NODE_SCALAR;
    n->quoted = from->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    n->text = il_text_copy(text);
    return n->text ? IL_OK : il_fail_oom(e);
}

/* Makes room for one more item, and its key, which stay NULL. */
static int add_item(il_node *n, il_err *e)
{
    il_node **items = il_array_grow(n->items, n->count, sizeof(il_node *)), **keys = NULL;
    if (items)
        n->items = items;
    if (n->kind == IL_NODE_MAP && (keys = il_array_grow(n->keys, n->count, sizeof(il_node *))))
        n->keys = keys;
    if (!items || (n->kind == IL_NODE_MAP && !keys))
        return il_fail_oom(e);
    n->items[n->count] = NULL;
    if (keys)
        n->keys[n->count] = NULL;
    n->count++;
    return IL_OK;
}

/* The key and the value of a mapping's next item. */
static int build_pair(il_node *n, struct build *b, const yaml_event_t *key, il_err *e)
{
    yaml_event_t value;
    il_node **to = &n->keys[n->count - 1];
    bool plain = key->type == YAML_SCALAR_EVENT || key->type == YAML_ALIAS_EVENT;
    int rc = plain ? build_node(to, b, key, e) : fail_at(b, key->start_mark, e, "a key must be plain text");
    if (!rc && *to && (*to)->kind != IL_NODE_SCALAR)
        rc = fail(b, *to, e, "a key must be plain text");
    if (!rc)
        rc = next_event(&value, b, e);
    if (rc)
        return rc;
    rc = build_node(&n->items[n->count - 1], b, &value, e);
    yaml_event_delete(&value);
    return rc;
}

static int build_items(il_node *n, struct build *b, il_err *e)
{
    for (;;) {
        yaml_event_t event;
        int rc = next_event(&event, b, e);
        if (rc)
            return rc;
        bool end = event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
        if (!end)
            rc = add_item(n, e);
        if (!end && !rc)
            rc = n->keys ? build_pair(n, b, &event, e) : build_node(&n->items[n->count - 1], b, &event, e);
        yaml_event_delete(&event);
        if (end || rc)
            return rc;
    }
}

struct key {
    const char *text;
    size_t at;
};

static int by_text_and_place(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

/* Refuses a repeated key: the first in the file. */
static int check_keys(const il_node *n, const struct build *b, il_err *e)
{
    struct key *sorted = calloc(n->count + 1, sizeof *sorted);
    size_t again = n->count, first = 0, start = 0;
    if (!sorted)
        return il_fail_oom(e);
    for (size_t i = 0; i < n->count; i++)
        sorted[i] = (struct key){ n->keys[i]->text, i };
    qsort(sorted, n->count, sizeof *sorted, by_text_and_place);
    for (size_t i = 1; i < n->count; i++) {
        if (strcmp(sorted[i].text, sorted[start].text) != 0) {
            start = i;
        } else if (sorted[i].at < again) {
            again = sorted[i].at;
            first = sorted[start].at;
        }
    }
    free(sorted);
    if (again == n->count)
        return IL_OK;
    return fail(b, n->keys[again], e, "key '%s' is repeated; first given at line %d", n->keys[again]->text,
                n->keys[first]->line);
}

static int build_collection(il_node *n, struct build *b, const yaml_event_t *from, il_err *e)
{
    bool map = from->type == YAML_MAPPING_START_EVENT;
    n->kind = map ? IL_NODE_MAP : IL_NODE_LIST;
    n->items = il_array_new(0, sizeof(il_node *));
    n->keys = map ? il_array_new(0, sizeof(il_node *)) : NULL;
    if (!n->items || (map && !n->keys))
        return il_fail_oom(e);
    b->depth++;
    int rc = build_items(n, b, e);
    b->depth--;
    return !rc && map ? check_keys(n, b, e) : rc;
}

static int build_node(il_node **out, struct build *b, const yaml_event_t *from, il_err *e)
{
    il_node *n = NULL;
    struct anchor *anchor = NULL;
    if (from->type == YAML_ALIAS_EVENT)
        return build_alias(out, b, from, e);
    int rc = new_node(&n, b, (int)from->start_mark.line + 1, (int)from->start_mark.column + 1, e);
    if (!rc && is_custom_tag(from))
        rc = fail_at(b, from->start_mark, e, "tags are not supported");
    if (!rc)
        rc = open_anchor(&anchor, b, from, e);
    if (!rc && n)
        rc = from->type == YAML_SCALAR_EVENT ? build_scalar(n, b, from, e) : build_collection(n, b, from, e);
    if (rc) {
        il_node_free(n);
        return rc;
    }
    if (anchor)
        anchor->node = n;
    *out = n;
    return IL_OK;
}

/* ---- the document ---- */

/* Of the next document, if there is one, *first is the root's event, which the caller deletes; else it has no type. */
static int begin_document(yaml_event_t *first, const struct build *b, il_err *e)
{
    yaml_event_t event;
    int rc;
    *first = (yaml_event_t){ 0 };
    for (bool more = true; more;) {
        rc = next_event(&event, b, e);
        if (rc)
            return rc;
        more = event.type == YAML_STREAM_START_EVENT || event.type == YAML_DOCUMENT_END_EVENT;
        bool begins = event.type == YAML_DOCUMENT_START_EVENT;
        yaml_event_delete(&event);
        if (begins)
            return next_event(first, b, e);
    }
    return IL_OK;
}

static int build_document(il_node **root, struct build *b, il_err *e)
{
    yaml_event_t first;
    int rc = begin_document(&first, b, e);
    if (!rc && first.type == YAML_NO_EVENT)
        return fail(b, NULL, e, "the document is empty");
    if (!rc) {
        rc = build_node(root, b, &first, e);
        yaml_event_delete(&first);
    }
    if (!rc)
        rc = begin_document(&first, b, e);
    if (!rc && first.type != YAML_NO_EVENT) {
        rc = fail_at(b, first.start_mark, e, "a second document begins here; expected only one per file");
        yaml_event_delete(&first);
    }
    return rc;
}

/* libyaml compares each %TAG with all others; and tags are not supported. */
static int check_directives(const struct build *b, il_err *e)
{
    il_node place = { .line = 1, .column = 1 };
    for (const char *line = b->text; line; place.line++) {
        if (strncmp(line, "%TAG", 4) == 0)
            return fail(b, &place, e, "tags are not supported");
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return IL_OK;
}

int il_yaml_build(il_node **root, const char *name, const char *text, size_t size, il_err *e)
{
    yaml_parser_t parser;
    struct build b = { .name = name, .text = text, .size = size, .parser = &parser };
    il_node *tree = NULL;
    int rc = check_directives(&b, e);
    if (rc)
        return rc;
    if (!yaml_parser_initialize(&parser))
        return il_fail_oom(e);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    rc = build_document(&tree, &b, e);
    tdestroy(b.anchors, anchor_free);
    yaml_parser_delete(&parser);
    if (rc)
        il_node_free(tree);
    else
        *root = tree;
    return rc;
}
