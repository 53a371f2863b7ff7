/* slot.c - a place for one batch: its images are cut or taken whole. */
#include <stdlib.h>
#include <string.h>
#include "loader/slot.h"

int il_slot_new(il_slot *out, size_t images, size_t area, il_err *e)
{
    il_slot s = { .index = malloc(images * sizeof *s.index),
                  .stream = malloc(images * sizeof *s.stream),
                  .place = malloc(images * sizeof *s.place),
                  .kept = malloc(images * sizeof *s.kept),
                  .padded = malloc(images * sizeof *s.padded) };
    if (area) {
        s.pixels = malloc(images * 3 * area);
        s.greys = malloc(images * area);
        s.valid = malloc(images * area);
    }
    *out = s;
    bool room = !area || (s.pixels && s.greys && s.valid);
    return room && s.index && s.stream && s.place && s.kept && s.padded ? IL_OK : il_fail_oom(e);
}

void il_slot_free(il_slot *s)
{
    free(s->pixels);
    free(s->greys);
    free(s->valid);
    free(s->index);
    free(s->stream);
    free(s->place);
    free(s->kept);
    free(s->padded);
    il_pictures_put(&s->whole);
    *s = (il_slot){ 0 };
}

static il_band rows_of(const void *context, int width, int height)
{
    const il_slot_sample *x = context;
    int top = il_sampling_window(x->sampling, x->number, width, height).top, side = x->side;
    return (il_band){ top, height - top < side ? height - top : side };
}

static int grow_zeros(il_slot *slot, size_t bytes, il_err *e)
{
    if (bytes <= slot->zeros)
        return IL_OK;
    free(slot->greys);
    slot->greys = calloc(bytes, 1);
    slot->zeros = slot->greys ? bytes : 0;
    return slot->greys ? IL_OK : il_fail_oom(e);
}

int il_slot_load_whole(il_slot *slot, const il_slot_sample *x, il_err *e)
{
    il_pictures_put(&slot->whole);
    slot->whole = (il_picture){ 0 };
    slot->padded[0] = false;
    slot->index[0] = x->entry;
    slot->stream[0] = x->stream;
    int rc = il_pictures_get(&slot->whole, x->pictures, x->entry, il_sampling_seed(x->sampling, x->number),
                             (il_band_wanted){ 0 }, e);
    const il_image *image = &slot->whole.image;
    if (!rc && !slot->whole.mask.pixels)
        rc = grow_zeros(slot, (size_t)image->width * (size_t)image->height, e);
    return rc;
}

/* Which pixels of a crop the image covers. */
static void mark_valid(uint8_t *to, bool *padded, int side, const il_picture *p, il_window w)
{
    int wide = p->image.width - w.left, high = p->image.height - w.top;
    *padded = wide < side || high < side;
    if (!*padded) {
        memset(to, 1, (size_t)side * (size_t)side);
        return;
    }
    wide = wide < side ? wide : side;
    memset(to, 0, (size_t)side * (size_t)side);
    for (int y = 0; y < side && y < high; y++)
        memset(to + (size_t)y * (size_t)side + (w.flip ? side - wide : 0), 1, (size_t)wide);
}

static int copy(il_image *out, const il_image *in, il_err *e)
{
    return in->pixels ? il_image_crop(out, in, 0, 0, in->width, in->height, e) : IL_OK;
}

static bool is_augmented(const il_slot_sample *x)
{
    return x->augment && il_augment_any(x->augment, x->stream);
}

/* What a cache has lent stays as it is. */
static int make_own(il_picture *picture, il_err *e)
{
    il_picture own = { .height = picture->height };
    if (!picture->lent)
        return IL_OK;
    int rc = copy(&own.image, &picture->image, e);
    if (!rc)
        rc = copy(&own.mask, &picture->mask, e);
    if (rc)
        il_pictures_put(&own);
    else
        *picture = own;
    return rc;
}

static int augment(il_picture *picture, const il_slot_sample *x, il_err *e)
{
    int rc = make_own(picture, e);
    if (!rc)
        rc = il_augment_apply(&picture->image, &picture->mask, x->augment, x->stream, x->id, e);
    picture->height = picture->image.height;
    return rc;
}

int il_slot_load(il_slot *slot, int place, const il_slot_sample *x, il_err *e)
{
    size_t area = (size_t)x->side * (size_t)x->side, at = (size_t)place;
    il_picture picture = { 0 };
    bool augmented = is_augmented(x);
    il_band_wanted rows = augmented ? (il_band_wanted){ 0 } : (il_band_wanted){ rows_of, x };
    slot->index[at] = x->entry / (size_t)x->crops;
    slot->stream[at] = x->stream;
    int rc = il_pictures_get(&picture, x->pictures, slot->index[at], il_sampling_seed(x->sampling, x->number), rows, e);
    if (!rc && augmented)
        rc = augment(&picture, x, e);
    if (rc) {
        il_pictures_put(&picture);
        return rc;
    }
    il_window w = il_sampling_window(x->sampling, x->number, picture.image.width, picture.height);
    w.top -= picture.first;
    il_window_cut(slot->pixels + 3 * at * area, x->side, x->side, &picture.image, w);
    if (picture.mask.pixels)
        il_window_cut(slot->greys + at * area, x->side, x->side, &picture.mask, w);
    else
        memset(slot->greys + at * area, 0, area);
    mark_valid(slot->valid + at * area, &slot->padded[at], x->side, &picture, w);
    il_pictures_put(&picture);
    return IL_OK;
}

void il_slot_leave_out_twins(il_slot *slot, int n, int kinds)
{
    for (int first = 0; first + kinds <= n; first += kinds) {
        bool whole = true;
        for (int k = 0; k < kinds; k++)
            whole = whole && slot->kept[first + k];
        for (int k = 0; k < kinds; k++)
            slot->kept[first + k] = whole;
    }
}

int il_slot_close_gaps(il_slot *slot, int n, int side)
{
    size_t area = (size_t)side * (size_t)side;
    int kept = 0;
    for (int i = 0; i < n; i++) {
        if (!slot->kept[i])
            continue;
        size_t to = (size_t)kept++, from = (size_t)i;
        slot->place[to] = i;
        if (to == from)
            continue;
        memcpy(slot->pixels + to * 3 * area, slot->pixels + from * 3 * area, 3 * area);
        memcpy(slot->greys + to * area, slot->greys + from * area, area);
        memcpy(slot->valid + to * area, slot->valid + from * area, area);
        slot->padded[to] = slot->padded[from];
        slot->index[to] = slot->index[from];
        slot->stream[to] = slot->stream[from];
    }
    return kept;
}
