/* named.c - tensors of files under other names. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/text.h"
#include "diffusion/named.h"
#include "torch/bundle.h"

enum { MOST_FILES = 2 };

struct il_named {
    il_bundle *files[MOST_FILES];
    size_t nfiles;
    char *path;
    il_named_item *items;
    size_t count, room;
    il_tensor **parts; /* made by splitting */
    size_t nparts;
};

int il_named_new(il_named **out, il_err *e)
{
    *out = calloc(1, sizeof **out);
    return *out ? IL_OK : il_fail_oom(e);
}

void il_named_free(il_named *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->nparts; i++)
        il_tensor_free(n->parts[i]);
    for (size_t i = 0; i < n->nfiles; i++)
        il_bundle_free(n->files[i]);
    free(n->parts);
    free(n->items);
    free(n->path);
    free(n);
}

/* ---- reading ---- */

static bool known(const char *name, const void *rename)
{
    char own[IL_NAMED_SIZE];
    return (*(const il_named_rename *)rename)(own, name);
}

static int append(il_named *n, const il_named_item *item, il_err *e)
{
    il_named_item *items = il_array_reserve(n->items, &n->room, n->count + 1, sizeof *items);
    if (!items)
        return il_fail_oom(e);
    n->items = items;
    n->items[n->count++] = *item;
    return IL_OK;
}

int il_named_add(il_named *n, const char *path, il_named_rename rename, const char *what, il_err *e)
{
    il_bundle *b = NULL;
    if (n->nfiles == MOST_FILES)
        return il_fail(e, IL_EPARAM, "%s: there are too many files", path);
    int rc = il_bundle_read_some(&b, path, (il_bundle_filter){ known, &rename }, e);
    if (rc)
        return rc;
    n->files[n->nfiles++] = b;
    free(n->path);
    n->path = il_text_copy(path);
    if (!n->path)
        return il_fail_oom(e);
    for (size_t i = 0; i < il_bundle_count(b) && !rc; i++) {
        il_named_item item = { .tensor = il_bundle_lend(b, i) };
        rename(item.name, il_bundle_name(b, i));
        rc = append(n, &item, e);
    }
    if (!rc && il_bundle_count(b) == 0)
        rc = il_fail(e, IL_EFORMAT, "%s: %s", path, what);
    return rc;
}

int il_named_split(il_named *n, size_t i, const char *const names[3], il_err *e)
{
    il_scope *s = NULL;
    il_tensor *whole = n->items[i].tensor;
    const int64_t third = il_dim(whole, 0) / 3;
    il_tensor **parts = realloc(n->parts, (n->nparts + 3) * sizeof(il_tensor *));
    if (!parts)
        return il_fail_oom(e);
    n->parts = parts;
    int rc = il_scope_open(&s, NULL, e);
    for (int k = 0; k < 3 && !rc; k++) {
        il_named_item item = { .tensor = il_slice(s, whole, 0, k * third, (k + 1) * third) };
        rc = il_scope_status(s, e);
        if (rc)
            break;
        snprintf(item.name, sizeof item.name, "%s", names[k]);
        n->parts[n->nparts++] = item.tensor = il_keep(s, item.tensor);
        if (k == 0)
            n->items[i] = item;
        else
            rc = append(n, &item, e);
    }
    il_scope_close(s);
    return rc;
}

void il_named_drop(il_named *n, size_t i)
{
    n->items[i] = n->items[--n->count];
}

size_t il_named_count(const il_named *n)
{
    return n->count;
}

il_named_item *il_named_at(il_named *n, size_t i)
{
    return &n->items[i];
}

const char *il_named_path(const il_named *n)
{
    return n->path;
}

static const il_tensor *find(const il_named *n, const char *format, va_list args)
{
    char name[IL_NAMED_SIZE];
    vsnprintf(name, sizeof name, format, args);
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->items[i].name, name) == 0)
            return n->items[i].tensor;
    return NULL;
}

const il_tensor *il_named_find(const il_named *n, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const il_tensor *t = find(n, format, args);
    va_end(args);
    return t;
}

int il_named_dim(const il_named *n, int dim, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const il_tensor *t = find(n, format, args);
    va_end(args);
    return t && dim < il_ndim(t) && il_dim(t, dim) <= IL_NAMED_MOST ? (int)il_dim(t, dim) : 0;
}

/* ---- names ---- */

bool il_named_replace(char name[IL_NAMED_SIZE], const il_named_pair *pairs)
{
    for (; pairs->from; pairs++) {
        char *at = strstr(name, pairs->from);
        if (!at)
            continue;
        const size_t from = strlen(pairs->from), to = strlen(pairs->to), rest = strlen(at + from) + 1;
        if ((size_t)(at - name) + to + rest > IL_NAMED_SIZE)
            return false;
        memmove(at + to, at + from, rest);
        memcpy(at, pairs->to, to);
    }
    return true;
}

bool il_named_after(const char **rest, const char *name, const char *prefix)
{
    const size_t n = strlen(prefix);
    if (strncmp(name, prefix, n) != 0)
        return false;
    *rest = name + n;
    return true;
}
