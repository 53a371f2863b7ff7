/* yaml.c - converts libyaml's document to our own tree: positions, limits, aliases resolved. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>
#include "base/file.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/yaml.h"

enum {
    MAX_BYTES = 4 << 20,
    MAX_DEPTH = 64,
    MAX_NODES = 200000 /* aliases of aliases grow exponentially */
};

struct il_yaml {
    char *name, *text;
    size_t size;
    il_node *root;
};

/* State while the tree is built. */
struct build {
    const il_yaml *yaml;
    yaml_document_t *document;
    int open[MAX_DEPTH]; /* nodes being built, to detect anchors that contain themselves */
    int depth;
    size_t nodes;
};

static void node_free(il_node *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->count; i++) {
        node_free(n->items[i]);
        if (n->keys)
            node_free(n->keys[i]);
    }
    free(n->items);
    free(n->keys);
    free(n->text);
    free(n);
}

int il_yaml_fail(const il_yaml *y, const il_node *at, il_err *e, int code, const char *format, ...)
{
    char message[sizeof e->message];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (!at)
        return il_fail(e, code, "%s: %s", y->name, message);
    return il_fail(e, code, "%s:%d:%d: %s", y->name, at->line, at->column, message);
}

static int fail_at(const struct build *b, const yaml_node_t *at, il_err *e, const char *what)
{
    il_node place = { .line = (int)at->start_mark.line + 1, .column = (int)at->start_mark.column + 1 };
    il_yaml_fail(b->yaml, &place, e, IL_EFORMAT, "%s", what);
    return IL_EFORMAT;
}

static int build_node(il_node **out, struct build *b, int id, il_err *e);

static int build_scalar(il_node *n, const struct build *b, const yaml_node_t *from, il_err *e)
{
    const char *text = (const char *)from->data.scalar.value;
    if (strlen(text) != from->data.scalar.length)
        return fail_at(b, from, e, "the text contains a NUL character");
    n->kind = IL_NODE_SCALAR;
    n->quoted = from->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    n->text = il_text_copy(text);
    return n->text ? IL_OK : il_fail_oom(e);
}

static int build_list(il_node *n, struct build *b, const yaml_node_t *from, il_err *e)
{
    size_t size = (size_t)(from->data.sequence.items.top - from->data.sequence.items.start);
    n->kind = IL_NODE_LIST;
    n->items = calloc(size + 1, sizeof(il_node *));
    if (!n->items)
        return il_fail_oom(e);
    for (size_t i = 0; i < size; i++) {
        int rc = build_node(&n->items[n->count], b, from->data.sequence.items.start[i], e);
        if (rc)
            return rc;
        n->count++;
    }
    return IL_OK;
}

/* Builds key i of the mapping n; rejects a key that is not plain text or is repeated. */
static int build_key(il_node *n, struct build *b, int id, il_err *e)
{
    const yaml_node_t *from = yaml_document_get_node(b->document, id);
    if (from->type != YAML_SCALAR_NODE)
        return fail_at(b, from, e, "a key must be plain text");

    il_node *key = NULL;
    int rc = build_node(&key, b, id, e);
    if (rc || !key)
        return rc;
    for (size_t i = 0; i < n->count; i++) {
        if (strcmp(n->keys[i]->text, key->text) != 0)
            continue;
        rc = il_yaml_fail(b->yaml, key, e, IL_EFORMAT, "key '%s' is repeated; first given at line %d", key->text,
                          n->keys[i]->line);
        node_free(key);
        return rc;
    }
    n->keys[n->count] = key;
    return IL_OK;
}

static int build_map(il_node *n, struct build *b, const yaml_node_t *from, il_err *e)
{
    size_t size = (size_t)(from->data.mapping.pairs.top - from->data.mapping.pairs.start);
    n->kind = IL_NODE_MAP;
    n->items = calloc(size + 1, sizeof(il_node *));
    n->keys = calloc(size + 1, sizeof(il_node *));
    if (!n->items || !n->keys)
        return il_fail_oom(e);
    for (size_t i = 0; i < size; i++) {
        yaml_node_pair_t pair = from->data.mapping.pairs.start[i];
        int rc = build_key(n, b, pair.key, e);
        if (rc)
            return rc;
        rc = build_node(&n->items[n->count], b, pair.value, e);
        if (rc) {
            node_free(n->keys[n->count]);
            n->keys[n->count] = NULL;
            return rc;
        }
        n->count++;
    }
    return IL_OK;
}

static bool is_custom_tag(const yaml_node_t *from)
{
    static const char *const usual[] = { YAML_STR_TAG, YAML_SEQ_TAG, YAML_MAP_TAG };
    for (size_t i = 0; from->tag && i < sizeof usual / sizeof *usual; i++) {
        if (strcmp((const char *)from->tag, usual[i]) == 0)
            return false;
    }
    return from->tag != NULL;
}

static int build_node(il_node **out, struct build *b, int id, il_err *e)
{
    const yaml_node_t *from = yaml_document_get_node(b->document, id);
    if (b->depth == MAX_DEPTH)
        return fail_at(b, from, e, "nested more than 64 levels deep");
    if (++b->nodes > MAX_NODES)
        return fail_at(b, from, e, "too many values after expanding aliases");
    if (is_custom_tag(from))
        return fail_at(b, from, e, "tags are not supported");
    for (int i = 0; i < b->depth; i++) {
        if (b->open[i] == id)
            return fail_at(b, from, e, "an anchor contains itself");
    }

    il_node *n = calloc(1, sizeof *n);
    if (!n)
        return il_fail_oom(e);
    n->line = (int)from->start_mark.line + 1;
    n->column = (int)from->start_mark.column + 1;
    b->open[b->depth++] = id;
    int rc = from->type == YAML_SCALAR_NODE     ? build_scalar(n, b, from, e)
             : from->type == YAML_SEQUENCE_NODE ? build_list(n, b, from, e)
                                                : build_map(n, b, from, e);
    b->depth--;
    if (rc) {
        node_free(n);
        return rc;
    }
    *out = n;
    return IL_OK;
}

/* libyaml's reader reports only a byte offset. */
static void place_of_offset(il_node *place, const il_yaml *y, size_t offset)
{
    *place = (il_node){ .line = 1, .column = 1 };
    for (size_t i = 0; i < offset && i < y->size; i++) {
        bool newline = y->text[i] == '\n';
        place->line += newline;
        place->column = newline ? 1 : place->column + 1;
    }
}

static int syntax_error(const il_yaml *y, const yaml_parser_t *p, il_err *e)
{
    if (p->error == YAML_MEMORY_ERROR ||
        p->error == YAML_NO_ERROR) /* libyaml does not tell of each failed allocation */
        return il_fail_oom(e);

    il_node place = { .line = (int)p->problem_mark.line + 1, .column = (int)p->problem_mark.column + 1 };
    const char *problem = p->problem ? p->problem : "unknown error";
    if (p->error == YAML_READER_ERROR) {
        place_of_offset(&place, y, p->problem_offset);
        return il_yaml_fail(y, &place, e, IL_EFORMAT, "invalid UTF-8: %s", problem);
    }
    if (p->context)
        return il_yaml_fail(y, &place, e, IL_EFORMAT, "invalid YAML: %s (%s at line %d)", problem, p->context,
                            (int)p->context_mark.line + 1);
    return il_yaml_fail(y, &place, e, IL_EFORMAT, "invalid YAML: %s", problem);
}

/* There must be no further document. */
static int check_end(const il_yaml *y, yaml_parser_t *p, il_err *e)
{
    yaml_document_t next;
    if (!yaml_parser_load(p, &next))
        return syntax_error(y, p, e);
    const yaml_node_t *root = yaml_document_get_root_node(&next);
    int rc = IL_OK;
    if (root) {
        il_node place = { .line = (int)root->start_mark.line + 1, .column = (int)root->start_mark.column + 1 };
        rc = il_yaml_fail(y, &place, e, IL_EFORMAT, "a second document begins here; expected only one per file");
    }
    yaml_document_delete(&next);
    return rc;
}

static int open_parser(yaml_parser_t *parser, const il_yaml *y, il_err *e)
{
    if (!yaml_parser_initialize(parser))
        return il_fail_oom(e);
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(parser, (const unsigned char *)y->text, y->size);
    return IL_OK;
}

/* Runs before the document is built, since libyaml's time grows with the square of the depth. Syntax errors are left to
 * the builder. */
static int check_depth(const il_yaml *y, il_err *e)
{
    yaml_parser_t parser;
    int rc = open_parser(&parser, y, e);
    if (rc)
        return rc;
    yaml_event_type_t type = YAML_NO_EVENT;
    for (int depth = 0; !rc && type != YAML_STREAM_END_EVENT;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event))
            break;
        type = event.type;
        depth += type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
        depth -= type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT;
        il_node place = { .line = (int)event.start_mark.line + 1, .column = (int)event.start_mark.column + 1 };
        if (depth > MAX_DEPTH)
            rc = il_yaml_fail(y, &place, e, IL_EFORMAT, "nested more than %d levels deep", MAX_DEPTH);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return rc;
}

static int build_tree(il_yaml *y, il_err *e)
{
    yaml_parser_t parser;
    int rc = check_depth(y, e);
    if (!rc)
        rc = open_parser(&parser, y, e);
    if (rc)
        return rc;

    yaml_document_t document;
    if (!yaml_parser_load(&parser, &document)) {
        rc = syntax_error(y, &parser, e);
        goto done;
    }
    struct build b = { .yaml = y, .document = &document };
    if (!yaml_document_get_root_node(&document))
        rc = il_yaml_fail(y, NULL, e, IL_EFORMAT, "the document is empty");
    else
        rc = build_node(&y->root, &b, 1, e);
    if (!rc)
        rc = check_end(y, &parser, e);
    yaml_document_delete(&document);

done:
    yaml_parser_delete(&parser);
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
    if (size > 0)
        memcpy(y->text, text, size);
    y->text[size] = '\0';
    rc = build_tree(y, e);
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
    node_free(y->root);
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
