/* any_size.c - mirrors borders up to the sides that a model accepts, and cuts them off again. */
#include <stdlib.h>
#include <string.h>
#include "plugin/any_size.h"
#include "torch/pixels.h"

enum { MOST_MULTIPLE = 64, PROBE_SIDE = 64 };

/* ---- what a model accepts ---- */

static int accepts(bool *yes, const il_model *m, int height, int width, il_err *e)
{
    il_scope *s = NULL;
    int rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .device = m->device, .precision = m->precision), e);
    if (rc)
        return rc;
    il_err why = { 0 };
    il_tensor *image = il_full(s, 0.5, IL_DTYPE_F32, 4, (int64_t[]){ 1, 3, height, width });
    *yes = il_model_forward(m, s, image, NULL) != NULL && il_scope_status(s, &why) == IL_OK;
    il_scope_close(s);
    return why.code == IL_ENOMEM || why.code == IL_EDEVICE ? il_fail(e, why.code, "%s", why.message) : IL_OK;
}

int il_any_size_probe(il_model *m, il_err *e)
{
    bool yes = false;
    int rc = IL_OK, multiple = 1;
    if (m->multiple)
        return IL_OK;
    for (; !rc && multiple <= MOST_MULTIPLE; multiple++) {
        int times = PROBE_SIDE / multiple; /* and once more: what divides both sides divides the multiple */
        rc = accepts(&yes, m, multiple * (times + 1), multiple * times, e);
        if (!rc && yes)
            break;
    }
    if (!rc)
        m->multiple = yes ? multiple : IL_MODEL_ONE_SIZE;
    return rc;
}

/* ---- growing and cutting ---- */

static int grown(const il_model *m, int side, int tile)
{
    if (m->multiple == IL_MODEL_ONE_SIZE)
        return side > tile ? side : tile;
    int of = m->multiple > 0 ? m->multiple : 1;
    return (side + of - 1) / of * of;
}

/* Position i of a line of n that is mirrored at its ends, which are not repeated. */
static int mirrored(int i, int n)
{
    int period = n > 1 ? 2 * (n - 1) : 1, at = i % period;
    return at < n ? at : period - at;
}

static void grow(uint8_t *to, int high, int wide, const uint8_t *from, int height, int width)
{
    for (int y = 0; y < high; y++) {
        const uint8_t *row = from + (size_t)mirrored(y, height) * (size_t)width * 3;
        memcpy(to, row, (size_t)width * 3);
        for (int x = width; x < wide; x++)
            memcpy(to + 3 * (size_t)x, row + 3 * (size_t)mirrored(x, width), 3);
        to += (size_t)wide * 3;
    }
}

il_tensor *il_any_size_forward(const il_model *m, il_scope *s, const uint8_t *pixels, int n, int height, int width,
                               const float table[256], int tile)
{
    int high = grown(m, height, tile), wide = grown(m, width, tile);
    if (high == height && wide == width)
        return il_model_forward(m, s, il_from_pixels(s, pixels, n, height, width, 3, table), NULL);
    size_t area = (size_t)high * (size_t)wide * 3;
    uint8_t *room = malloc((size_t)n * area);
    if (!room)
        return il_scope_fail(s, IL_ENOMEM, "out of memory");
    for (int i = 0; i < n; i++)
        grow(room + (size_t)i * area, high, wide, pixels + (size_t)i * (size_t)height * (size_t)width * 3, height,
             width);
    il_tensor *logit = il_model_forward(m, s, il_from_pixels(s, room, n, high, wide, 3, table), NULL);
    free(room);
    logit = logit ? il_slice(s, logit, 2, 0, height) : NULL;
    return logit ? il_slice(s, logit, 3, 0, width) : NULL;
}
