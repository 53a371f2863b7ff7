/* bundle.c - named tensors and notes in memory. */
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "torch/bundle.h"

struct item {
    char *name;
    il_tensor *tensor; /* on the CPU */
};

struct note {
    char *key, *text;
};

struct il_bundle {
    struct item *items;
    size_t count, room;
    struct note *notes;
    size_t nnotes;
    il_bundle_filter filter; /* while a file is read */
};

int il_bundle_new(il_bundle **out, il_err *e)
{
    il_bundle *b = calloc(1, sizeof *b);
    if (!b)
        return il_fail_oom(e);
    *out = b;
    return IL_OK;
}

void il_bundle_free(il_bundle *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->count; i++) {
        free(b->items[i].name);
        il_tensor_free(b->items[i].tensor);
    }
    for (size_t i = 0; i < b->nnotes; i++) {
        free(b->notes[i].key);
        free(b->notes[i].text);
    }
    free(b->items);
    free(b->notes);
    free(b);
}

/* ---- tensors ---- */

static int make_tensor(il_tensor **out, il_dtype dtype, int ndim, const int64_t *shape, const void *data, il_err *e)
{
    il_scope *s = NULL;
    int rc = il_scope_open(&s, NULL, e);
    if (rc)
        return rc;
    il_tensor *t = il_from_bytes(s, data, dtype, ndim, shape);
    rc = il_scope_status(s, e);
    if (!rc)
        *out = il_keep(s, t);
    il_scope_close(s);
    return rc;
}

static int grow(il_bundle *b, il_err *e)
{
    if (b->count < b->room)
        return IL_OK;
    size_t room = b->room ? 2 * b->room : 64;
    struct item *items = realloc(b->items, room * sizeof *items);
    if (!items)
        return il_fail_oom(e);
    b->items = items;
    b->room = room;
    return IL_OK;
}

void il_bundle_widen(void *out, const void *from, size_t count, int width)
{
    const unsigned char *in = from;
    int bytes = width < 0 ? -width : width;
    for (size_t i = 0; i < count; i++) {
        uint64_t value = 0;
        for (int k = bytes; k-- > 0;)
            value = value << 8 | in[i * (size_t)bytes + (size_t)k];
        if (width < 0 && bytes < 8 && value >> (8 * bytes - 1))
            value |= UINT64_MAX << 8 * bytes;
        memcpy((char *)out + i * sizeof value, &value, sizeof value);
    }
}

int il_bundle_append(il_bundle *b, const char *name, il_dtype dtype, int ndim, const int64_t *shape, const void *data,
                     il_err *e)
{
    int rc = grow(b, e);
    if (rc)
        return rc;
    struct item x = { strdup(name), NULL };
    if (!x.name)
        return il_fail_oom(e);
    rc = make_tensor(&x.tensor, dtype, ndim, shape, data, e);
    if (rc) {
        free(x.name);
        return il_fail_in(e, "tensor %.150s", name);
    }
    b->items[b->count++] = x;
    return IL_OK;
}

int il_bundle_add_bytes(il_bundle *b, const char *name, il_dtype dtype, int ndim, const int64_t *shape,
                        const void *data, il_err *e)
{
    if (strcmp(name, "__metadata__") == 0)
        return il_fail(e, IL_EPARAM, "tensor %s: the file format reserves this name", name);
    if (il_bundle_find(b, name))
        return il_fail(e, IL_EPARAM, "tensor %.150s: this name exists already", name);
    return il_bundle_append(b, name, dtype, ndim, shape, data, e);
}

int il_bundle_add(il_bundle *b, const char *name, const il_tensor *t, il_err *e)
{
    if (!t)
        return il_fail(e, IL_EPARAM, "tensor %.150s: there is none", name);
    enum { MOST = 16 };
    int64_t shape[MOST];
    int ndim = il_ndim(t);
    if (ndim > MOST)
        return il_fail(e, IL_EPARAM, "tensor %.150s has more than %d dimensions", name, MOST);
    for (int i = 0; i < ndim; i++)
        shape[i] = il_dim(t, i);
    size_t bytes = (size_t)il_numel(t) * il_dtype_size(il_dtype_of(t));
    void *data = malloc(bytes ? bytes : 1);
    if (!data)
        return il_fail_oom(e);
    int rc = il_read_bytes(t, data, bytes, e);
    if (!rc)
        rc = il_bundle_add_bytes(b, name, il_dtype_of(t), ndim, shape, data, e);
    free(data);
    return rc;
}

size_t il_bundle_count(const il_bundle *b)
{
    return b->count;
}

const char *il_bundle_name(const il_bundle *b, size_t i)
{
    return b->items[i].name;
}

const il_tensor *il_bundle_at(const il_bundle *b, size_t i)
{
    return b->items[i].tensor;
}

il_tensor *il_bundle_lend(il_bundle *b, size_t i)
{
    return b->items[i].tensor;
}

bool il_bundle_wants(const il_bundle *b, const char *name)
{
    return !b->filter.wanted || b->filter.wanted(name, b->filter.context);
}

void il_bundle_filter_set(il_bundle *b, il_bundle_filter f)
{
    b->filter = f;
}

const il_tensor *il_bundle_find(const il_bundle *b, const char *name)
{
    for (size_t i = 0; i < b->count; i++)
        if (strcmp(b->items[i].name, name) == 0)
            return b->items[i].tensor;
    return NULL;
}

/* ---- notes ---- */

/* Replaces the text of a key that exists. */
int il_bundle_note(il_bundle *b, const char *key, const char *text, il_err *e)
{
    char *copy = strdup(text);
    if (!copy)
        return il_fail_oom(e);
    for (size_t i = 0; i < b->nnotes; i++)
        if (strcmp(b->notes[i].key, key) == 0) {
            free(b->notes[i].text);
            b->notes[i].text = copy;
            return IL_OK;
        }
    struct note n = { strdup(key), copy };
    struct note *notes = il_array_grow(b->notes, b->nnotes, sizeof *notes);
    if (notes)
        b->notes = notes;
    if (!notes || !n.key) {
        free(n.key);
        free(copy);
        return il_fail_oom(e);
    }
    b->notes[b->nnotes++] = n;
    return IL_OK;
}

const char *il_bundle_noted(const il_bundle *b, const char *key)
{
    for (size_t i = 0; i < b->nnotes; i++)
        if (strcmp(b->notes[i].key, key) == 0)
            return b->notes[i].text;
    return NULL;
}

size_t il_bundle_notes(const il_bundle *b)
{
    return b->nnotes;
}

il_bundle_text il_bundle_note_at(const il_bundle *b, size_t i)
{
    return (il_bundle_text){ b->notes[i].key, b->notes[i].text };
}
