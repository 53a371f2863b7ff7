/* turn.c - a training batch of which every rank has loaded a part. Masks go round, since the loss is of the whole batch; pictures stay
 * where they are. */
#include <stdlib.h>
#include <string.h>
#include "train/turn.h"

/* What each rank sends first. Its pictures follow: of each a `picture`, its grey levels, and where it is not padding. */
struct head {
    int code, more, n;
    bool padded, stop;
};

struct picture {
    size_t index;
    int place;
};

static size_t picture_size(const il_turn *t)
{
    return sizeof(struct picture) + 2 * t->area;
}

static size_t message_size(const il_turn *t)
{
    return sizeof(struct head) + t->most * picture_size(t);
}

int il_turn_open(il_turn *t, il_world *world, int batch, int side, il_err *e)
{
    size_t size = (size_t)il_world_size(world), most = ((size_t)batch + size - 1) / size, n = most * size;
    *t = (il_turn){ .world = world, .most = most, .area = (size_t)side * (size_t)side };
    t->owner = malloc(n * sizeof *t->owner);
    t->greys = malloc(n * t->area);
    t->valid = malloc(n * t->area);
    t->blank = calloc(3, t->area);
    t->index = malloc(n * sizeof *t->index);
    t->own = calloc(1, message_size(t));
    t->all = malloc(size * message_size(t));
    bool room = t->owner && t->greys && t->valid && t->blank && t->index && t->own && t->all;
    return room ? IL_OK : il_fail_oom(e);
}

void il_turn_close(il_turn *t)
{
    free(t->owner);
    free(t->greys);
    free(t->valid);
    free(t->blank);
    free(t->index);
    free(t->own);
    free(t->all);
    *t = (il_turn){ 0 };
}

static void write_message(il_turn *t, const struct head *h, const il_batch *b)
{
    char *at = t->own;
    memcpy(at, h, sizeof *h);
    at += sizeof *h;
    for (size_t i = 0; i < (size_t)h->n; i++, at += picture_size(t)) {
        const struct picture p = { b->index[i], b->place[i] };
        memcpy(at, &p, sizeof p);
        memcpy(at + sizeof p, b->greys + i * t->area, t->area);
        if (b->inside)
            memcpy(at + sizeof p + t->area, b->inside + i * t->area, t->area);
    }
}

static struct head head_of(const il_turn *t, int rank)
{
    struct head h;
    memcpy(&h, t->all + message_size(t) * (size_t)rank, sizeof h);
    return h;
}

static const char *picture_at(const il_turn *t, int rank, int i)
{
    return t->all + message_size(t) * (size_t)rank + sizeof(struct head) + picture_size(t) * (size_t)i;
}

/* Takes a rank's i-th picture if it stands at the place. */
static bool take(il_turn *t, int place, int rank, int i)
{
    struct picture p;
    const char *from = picture_at(t, rank, i);
    memcpy(&p, from, sizeof p);
    if (p.place != place)
        return false;
    size_t n = (size_t)t->whole.n++;
    t->owner[n] = rank;
    t->index[n] = p.index;
    memcpy(t->greys + n * t->area, from + sizeof p, t->area);
    memcpy(t->valid + n * t->area, from + sizeof p + t->area, t->area);
    return true;
}

/* Place after place, which the ranks have by turns. */
static int join(il_turn *t, const il_batch *own, il_err *e)
{
    int ranks = il_world_size(t->world), places = (int)t->most * ranks;
    bool padded = false;
    int *taken = calloc((size_t)ranks, sizeof *taken);
    if (!taken)
        return il_fail_oom(e);
    t->whole = *own;
    t->whole.n = 0;
    t->stop = false;
    for (int place = 0; place < places; place++) {
        int rank = place % ranks;
        if (taken[rank] < head_of(t, rank).n)
            taken[rank] += take(t, place, rank, taken[rank]);
    }
    for (int rank = 0; rank < ranks; rank++) {
        padded = padded || head_of(t, rank).padded;
        t->stop = t->stop || head_of(t, rank).stop;
    }
    free(taken);
    t->pixels = own->pixels;
    t->whole.greys = t->greys;
    t->whole.valid = padded ? t->valid : NULL;
    t->whole.index = t->index;
    return IL_OK;
}

static bool some_failed(const il_turn *t)
{
    bool failed = false;
    for (int rank = 0; rank < il_world_size(t->world); rank++)
        failed = failed || head_of(t, rank).code != IL_OK;
    return failed;
}

/* All ranks come to the same result. */
static int go_round(int *more, il_turn *t, il_loader *l, bool stop, int own, il_err *e)
{
    struct head h = { .stop = stop };
    il_batch b = { 0 };
    if (!own)
        own = il_loader_next(l, &b, &h.more, e);
    h.code = own;
    h.n = h.more && !own ? b.n : 0;
    for (size_t i = 0; i < (size_t)h.n * t->area && b.inside && !h.padded; i++)
        h.padded = !b.inside[i];
    write_message(t, &h, &b);
    il_err unheard = { 0 };
    int rc = il_world_gather(t->world, t->all, t->own, message_size(t), own ? &unheard : e);
    if (rc)
        return own ? own : rc;
    if (some_failed(t))
        return il_world_agree(t->world, own, e);
    *more = h.more;
    return join(t, &b, e);
}

int il_turn_next(int *more, il_turn *t, il_loader *l, bool stop, int own, il_err *e)
{
    int rc = go_round(more, t, l, stop, own, e);
    while (!rc && *more && t->whole.n == 0) /* none of its pictures could be read */
        rc = go_round(more, t, l, stop, IL_OK, e);
    return rc;
}

const uint8_t *il_turn_pixels(int *own, const il_turn *t, int first, int n)
{
    size_t before = 0;
    int rank = il_world_own(t->world);
    *own = 0;
    for (int i = 0; i < first; i++)
        before += t->owner[i] == rank;
    for (int i = first; i < first + n; i++)
        *own += t->owner[i] == rank;
    return *own ? t->pixels + 3 * before * t->area : t->blank;
}
