/* stub_torch.c - the tensor functions that making a sample calls, without libtorch: float tensors of four dimensions,
 * freed with their scope. Whatever else is called is a NULL pointer, so a forgotten one shows at once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <torch_calls.h>
#include "threads/threads.h"

struct il_tensor {
    il_tensor *next;
    int64_t shape[4];
    float values[];
};

struct il_scope {
    il_tensor *first;
    il_err why;
};

static int scope_open(il_scope **out, const il_scope_opts *opts, il_err *e)
{
    (void)opts;
    il_scope *s = calloc(1, sizeof *s);
    if (!s)
        return il_fail_oom(e);
    *out = s;
    return IL_OK;
}

static void scope_close(il_scope *s)
{
    for (il_tensor *t = s ? s->first : NULL, *next; t; t = next) {
        next = t->next;
        free(t);
    }
    free(s);
}

static int scope_status(const il_scope *s, il_err *e)
{
    if (s->why.code)
        *e = s->why;
    return s->why.code;
}

static il_tensor *scope_vfail(il_scope *s, int code, const char *format, va_list args)
{
    char text[500];
    vsnprintf(text, sizeof text, format, args);
    il_fail(&s->why, code, "%s", text);
    return NULL;
}

static int64_t numel(const il_tensor *t)
{
    return t->shape[0] * t->shape[1] * t->shape[2] * t->shape[3];
}

static il_tensor *new_tensor(il_scope *s, const int64_t *shape)
{
    il_tensor *t = calloc(1, sizeof *t + (size_t)(shape[0] * shape[1] * shape[2] * shape[3]) * sizeof *t->values);
    if (!t)
        return NULL;
    memcpy(t->shape, shape, sizeof t->shape);
    t->next = s->first;
    s->first = t;
    return t;
}

static il_tensor *from_f32(il_scope *s, const float *data, int ndim, const int64_t *shape)
{
    il_tensor *t = ndim == 4 ? new_tensor(s, shape) : NULL;
    if (t)
        memcpy(t->values, data, (size_t)numel(t) * sizeof *data);
    return t;
}

static il_tensor *affine(il_scope *s, il_tensor *a, double scale, double shift)
{
    il_tensor *t = a ? new_tensor(s, a->shape) : NULL;
    for (int64_t i = 0; t && i < numel(t); i++)
        t->values[i] = (float)(a->values[i] * scale + shift);
    return t;
}

static il_tensor *greater(il_scope *s, il_tensor *a, double level)
{
    il_tensor *t = a ? new_tensor(s, a->shape) : NULL;
    for (int64_t i = 0; t && i < numel(t); i++)
        t->values[i] = a->values[i] > level;
    return t;
}

static int read_f32(const il_tensor *t, float *out, size_t count, il_err *e)
{
    if (count != (size_t)numel(t))
        return il_fail(e, IL_EPARAM, "%zu values, expected %lld", count, (long long)numel(t));
    memcpy(out, t->values, count * sizeof *out);
    return IL_OK;
}

static int ndim(const il_tensor *t)
{
    (void)t;
    return 4;
}

static int64_t dim(const il_tensor *t, int i)
{
    return t->shape[i];
}

void stub_torch(void)
{
    static const il_torch_calls calls = {
        .version = IL_TORCH_CALLS_VERSION,
        .il_scope_open = scope_open,
        .il_scope_close = scope_close,
        .il_scope_status = scope_status,
        .il_scope_vfail = scope_vfail,
        .il_from_f32 = from_f32,
        .il_affine = affine,
        .il_greater = greater,
        .il_read_f32 = read_f32,
        .il_ndim = ndim,
        .il_dim = dim,
    };
    atomic_store(&il_torch_table_loaded, &calls);
}
