/* relay.c - weights from rank 0 to all, one after another. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "torch/bundle.h"
#include "train/relay.h"

enum { NAME = 512, DIMENSIONS = 8 };

/* What goes before a tensor's bytes or a note's text. */
struct label {
    enum { TENSOR, NOTE, END, FAILED } what;
    char name[NAME];
    int dtype, ndim;
    int64_t shape[DIMENSIONS];
    size_t bytes;
};

/* Rank 0 can fail between two labels; the others are told by the next. */
static int send(il_world *world, const struct label *l, const void *data, int rc, il_err *e)
{
    struct label sent = *l;
    il_err unheard = { 0 };
    if (rc)
        sent.what = FAILED;
    int told = il_world_broadcast(world, &sent, sizeof sent, rc ? &unheard : e);
    if (rc || told)
        return rc ? rc : told;
    return il_world_broadcast(world, (void *)data, sent.bytes, e);
}

static int send_tensor(il_world *world, const char *name, const il_tensor *t, il_err *e)
{
    struct label l = { .what = TENSOR, .dtype = (int)il_dtype_of(t), .ndim = il_ndim(t) };
    l.bytes = (size_t)il_numel(t) * il_dtype_size(il_dtype_of(t));
    void *data = malloc(l.bytes ? l.bytes : 1);
    int rc = data ? il_read_bytes(t, data, l.bytes, e) : il_fail_oom(e);
    if (!rc && (snprintf(l.name, sizeof l.name, "%s", name) >= NAME || l.ndim > DIMENSIONS))
        rc = il_fail(e, IL_EPARAM, "tensor %s: its name or shape is too long to be sent to other processes", name);
    for (int i = 0; i < l.ndim && !rc; i++)
        l.shape[i] = il_dim(t, i);
    rc = send(world, &l, data, rc, e);
    free(data);
    return rc;
}

static int send_all(const il_bundle *b, il_world *world, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; i < il_bundle_notes(b) && !rc; i++) {
        il_bundle_text n = il_bundle_note_at(b, i);
        struct label l = { .what = NOTE, .bytes = strlen(n.text) + 1 };
        snprintf(l.name, sizeof l.name, "%s", n.key);
        rc = send(world, &l, n.text, IL_OK, e);
    }
    for (size_t i = 0; i < il_bundle_count(b) && !rc; i++)
        rc = send_tensor(world, il_bundle_name(b, i), il_bundle_at(b, i), e);
    return rc ? rc : send(world, &(struct label){ .what = END }, NULL, IL_OK, e);
}

static int receive(bool *more, il_bundle *b, il_world *world, il_err *e)
{
    struct label l;
    int rc = il_world_broadcast(world, &l, sizeof l, e);
    *more = !rc && (l.what == TENSOR || l.what == NOTE);
    if (!rc && l.what == FAILED)
        return il_fail(e, IL_ECANCEL, "the first process could not send the weights");
    if (!*more)
        return rc;
    char *data = malloc(l.bytes ? l.bytes : 1);
    if (!data)
        return il_fail_oom(e);
    rc = il_world_broadcast(world, data, l.bytes, e);
    if (!rc && l.what == NOTE)
        rc = il_bundle_note(b, l.name, data, e);
    else if (!rc)
        rc = il_bundle_append(b, l.name, (il_dtype)l.dtype, l.ndim, l.shape, data, e);
    free(data);
    return rc;
}

int il_relay_bundle(il_bundle *b, il_world *world, il_err *e)
{
    if (il_world_own(world) == 0)
        return send_all(b, world, e);
    bool more = true;
    int rc = IL_OK;
    while (more && !rc)
        rc = receive(&more, b, world, e);
    return rc;
}

int il_relay_state(il_state *st, il_world *world, il_err *e)
{
    if (!world)
        return IL_OK;
    il_bundle *b = NULL;
    bool first = il_world_own(world) == 0;
    int rc = il_bundle_new(&b, e);
    if (!rc && first)
        rc = il_state_save(st, b, "", e);
    rc = il_world_agree(world, rc, e);
    if (!rc)
        rc = il_relay_bundle(b, world, e);
    if (!rc && !first)
        rc = il_state_load(st, b, NULL, e);
    il_bundle_free(b);
    return il_world_agree(world, rc, e);
}
