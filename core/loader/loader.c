/* loader.c - batches of images and masks, prefetched by threads.
 *
 * Threads take positions in order and write each sample to its place in a ring of batches; the caller waits until the
 * oldest batch is complete. Batches are the same for any number of threads (see sampling.h). */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "base/host.h"
#include "base/observer.h"
#include "loader/loader.h"
#include "loader/rank_part.h"
#include "loader/slot.h"

enum { MAX_THREADS = 256, MOST_NATIVE = 6 }; /* MOST_NATIVE: whole images at once, which may be large */
#define DEFAULT_CACHE ((size_t)1 << 30)

struct il_loader {
    il_source *src;
    il_pictures *pictures;
    il_loader_opts opts;
    il_rank_part part;
    int side; /* of the batches' images, pixels */
    float labels[256], shades[256], counts[256];
    size_t total;      /* positions in an epoch */
    uint32_t *order;   /* position -> image * crops + crop */
    size_t kinds;      /* pictures of one id that come together; 1 without pairs */
    uint32_t *members; /* pairs: number * kinds + k -> image. Else NULL, as is the next */
    uint32_t *numbers; /* image -> number of its id */
    il_slot *ring;
    size_t depth;
    pthread_t *threads;
    int started; /* threads */

    pthread_mutex_t lock;      /* guards the members below, and slots until they are complete */
    pthread_cond_t work, news; /* signal the threads, and the caller */
    il_sampling sampling;      /* of the current epoch */
    size_t first;              /* position at which the epoch was started */
    size_t taken;              /* next position to work on */
    size_t batch;              /* next batch to lend */
    bool told;                 /* reported that the disk cache has stopped growing */
    int active;                /* threads working on a sample */
    bool running, quit;
};

/* ---- threads ---- */

/* A position can be worked on when its batch has a slot; the batch lent last, l->batch - 1, still occupies one. */
static bool has_work(il_loader *l)
{
    while (l->running && l->taken < l->total && !il_rank_part_owns(&l->part, l->taken))
        l->taken++;
    size_t oldest = l->batch > l->first / (size_t)l->opts.batch ? l->batch - 1 : l->batch;
    return l->running && l->taken < l->total && l->taken / (size_t)l->opts.batch < oldest + l->depth;
}

static void note_done(il_loader *l, il_slot *slot, int place, int rc, const il_err *why)
{
    slot->kept[place] = !rc;
    bool fatal = rc && (l->opts.missing == IL_MISSING_REFUSE || rc == IL_ENOMEM);
    if (fatal && (slot->failed < 0 || place < slot->failed)) {
        slot->failed = place;
        slot->why = *why;
    }
    slot->done++;
    l->active--;
    pthread_cond_signal(&l->news);
}

static il_slot_sample sample_at(const il_loader *l, size_t entry)
{
    size_t crops = (size_t)l->opts.crops, at = entry / crops;
    return (il_slot_sample){
        .pictures = l->pictures,
        .sampling = &l->sampling,
        .side = l->side,
        .entry = entry,
        .crops = l->opts.crops,
        .number = l->numbers ? l->numbers[at] * crops + entry % crops : entry,
        .augment = l->opts.augment,
        .stream = il_sampling_stream(&l->sampling, il_source_name(l->src, at), entry % crops),
        .id = il_source_at(l->src, at).id,
    };
}

static void *work(void *context)
{
    il_loader *l = context;
    pthread_mutex_lock(&l->lock);
    for (;;) {
        while (!l->quit && !has_work(l))
            pthread_cond_wait(&l->work, &l->lock);
        if (l->quit)
            break;
        size_t position = l->taken++;
        il_slot *slot = &l->ring[position / (size_t)l->opts.batch % l->depth];
        int place = il_rank_part_place(&l->part, position);
        il_err why = { 0 };
        l->active++;
        pthread_mutex_unlock(&l->lock);
        const il_slot_sample sample = sample_at(l, l->order[position]);
        int rc = l->opts.fit == IL_SIZING_NATIVE ? il_slot_load_whole(slot, &sample, &why)
                                                 : il_slot_load(slot, place, &sample, &why);
        pthread_mutex_lock(&l->lock);
        note_done(l, slot, place, rc, &why);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

/* Signals are handled by the program's main thread. */
static int start_threads(il_loader *l, il_err *e)
{
    sigset_t all, old;
    int why = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    while (l->started < l->opts.threads && !why) {
        why = pthread_create(&l->threads[l->started], NULL, work, l);
        l->started += !why;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (why && !l->started) /* fewer threads than requested are enough */
        return il_fail(e, IL_ENOMEM, "cannot start a thread: %s", strerror(why));
    return IL_OK;
}

/* ---- opening ---- */

static int check_opts(const il_loader_opts *o, il_err *e)
{
    if (o->batch < 1 || o->size < 1 || o->crop < 0 || o->threads < 0 || (o->crop && o->crops < 1))
        return il_fail(e, IL_EPARAM,
                       "batch %d, size %d, crop %d, crops %d, threads %d: expected at least 1 for "
                       "batch, size and crops, at least 0 for crop and threads",
                       o->batch, o->size, o->crop, o->crops, o->threads);
    if (o->size > 16384 || o->crop > 16384 || o->batch > 65536)
        return il_fail(e, IL_EPARAM, "batch %d, size %d, crop %d: expected at most 65536, 16384 and 16384", o->batch,
                       o->size, o->crop);
    return IL_OK;
}

static void settle_opts(il_loader *l)
{
    il_loader_opts *o = &l->opts;
    if (o->fit == IL_SIZING_NATIVE)
        o->batch = 1;
    if (!o->crop)
        o->crops = 1;
    if (!o->cache_bytes)
        o->cache_bytes = DEFAULT_CACHE;
    if (!o->threads)
        o->threads = il_host_own_cores();
    if (o->threads > MAX_THREADS)
        o->threads = MAX_THREADS;
    l->part = (il_rank_part){ o->batch, o->ranks, o->own, o->turns };
    l->kinds = 1;
    l->side = o->crop ? o->crop : o->size;
    /* whole images too are cut where augmentation has enlarged them */
    l->sampling = (il_sampling){ .seed = o->seed, .crop = l->side, .flip = o->flip, .shuffle = o->shuffle };
    /* one batch lent, one complete, and enough work for every thread */
    l->depth = 2 + (size_t)(o->threads + o->batch - 1) / (size_t)o->batch;
    if (o->fit == IL_SIZING_NATIVE && l->depth > MOST_NATIVE)
        l->depth = MOST_NATIVE;
}

static int new_ring(il_loader *l, il_err *e)
{
    size_t parts = il_rank_part_divides(&l->part) ? (size_t)l->opts.ranks : 1;
    size_t n = ((size_t)l->opts.batch + parts - 1) / parts, area = (size_t)l->side * (size_t)l->side;
    l->ring = calloc(l->depth, sizeof *l->ring);
    for (size_t i = 0; l->ring && i < l->depth; i++) {
        int rc = il_slot_new(&l->ring[i], n, l->opts.fit == IL_SIZING_NATIVE ? 0 : area, e);
        if (rc)
            return rc;
    }
    return l->ring ? IL_OK : il_fail_oom(e);
}

static int group(il_loader *l, il_err *e)
{
    size_t count = il_source_count(l->src);
    l->kinds = il_source_kinds(l->src);
    int rc = (size_t)l->opts.batch % l->kinds
                 ? il_fail(e, IL_EPARAM, "batch %d is not a multiple of the %zu kinds whose images come in pairs",
                           l->opts.batch, l->kinds)
                 : il_source_numbers(&l->numbers, l->src, e);
    uint8_t *filled = rc ? NULL : calloc(count + 1, 1);
    l->members = rc ? NULL : calloc(count + 1, sizeof *l->members);
    if (!rc && (!filled || !l->members))
        rc = il_fail_oom(e);
    for (size_t i = 0; i < count && !rc; i++) {
        size_t number = l->numbers[i], at = number * l->kinds + filled[number]++;
        if (filled[number] > l->kinds || at >= count)
            rc = il_fail(e, IL_EDATA, "%s: the images of this id are no pair", il_source_at(l->src, i).id);
        else
            l->members[at] = (uint32_t)i;
    }
    free(filled);
    return rc;
}

static int allocate(il_loader *l, il_err *e)
{
    size_t count = il_source_count(l->src), crops = (size_t)l->opts.crops;
    int rc = IL_OK;
    if (count > UINT32_MAX / crops)
        return il_fail(e, IL_EPARAM, "%zu images with %d crops each; expected fewer than 2^32 in all", count,
                       l->opts.crops);
    l->total = count * crops;
    if (l->opts.pairs && (rc = group(l, e)) != IL_OK)
        return rc;
    if ((size_t)l->opts.batch > l->total)
        l->opts.batch = (int)l->total;
    l->order = malloc(l->total * sizeof *l->order);
    l->threads = malloc((size_t)l->opts.threads * sizeof *l->threads);
    if (!l->order || !l->threads)
        return il_fail_oom(e);
    rc = new_ring(l, e);
    size_t kept = l->opts.shuffle && il_source_varies(l->src) ? 0 : l->opts.cache_bytes;
    if (!rc)
        rc = il_pictures_new(&l->pictures, l->src, (il_pictures_opts){ l->opts.fit, l->opts.size, kept, l->opts.disk },
                             e);
    if (!rc)
        rc = start_threads(l, e);
    return rc;
}

int il_loader_open(il_loader **out, il_source *src, const float labels[256], il_loader_opts opts, il_err *e)
{
    int rc = check_opts(&opts, e);
    if (rc)
        return rc;
    il_loader *l = calloc(1, sizeof *l);
    if (!l)
        return il_fail_oom(e);
    l->src = src;
    l->opts = opts;
    memcpy(l->labels, labels, sizeof l->labels);
    for (int i = 0; i < 256; i++) {
        l->shades[i] = (float)i / 255.0f;
        l->counts[i] = i != 0;
    }
    settle_opts(l);
    pthread_mutex_init(&l->lock, NULL); /* none of these three can fail with default attributes */
    pthread_cond_init(&l->work, NULL);
    pthread_cond_init(&l->news, NULL);
    rc = il_source_load(src, opts.device, e);
    if (!rc)
        rc = allocate(l, e);
    if (rc)
        il_loader_free(l);
    else
        *out = l;
    return rc;
}

void il_loader_free(il_loader *l)
{
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    l->quit = true;
    pthread_cond_broadcast(&l->work);
    pthread_mutex_unlock(&l->lock);
    for (int i = 0; i < l->started; i++)
        pthread_join(l->threads[i], NULL);
    for (size_t i = 0; l->ring && i < l->depth; i++)
        il_slot_free(&l->ring[i]);
    free(l->ring);
    free(l->threads);
    free(l->order);
    free(l->members);
    free(l->numbers);
    il_pictures_free(l->pictures);
    pthread_cond_destroy(&l->news);
    pthread_cond_destroy(&l->work);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

/* ---- batches ---- */

size_t il_loader_batches(const il_loader *l)
{
    return (l->total + (size_t)l->opts.batch - 1) / (size_t)l->opts.batch;
}

/* Pairs are shuffled as wholes, then each is spread out in place, from the last on. */
static void order_epoch(il_loader *l)
{
    size_t units = l->total / l->kinds, crops = (size_t)l->opts.crops;
    il_sampling_order(l->order, units, &l->sampling);
    for (size_t u = units; l->members && u-- > 0;) {
        size_t number = l->order[u] / crops, crop = l->order[u] % crops;
        for (size_t k = 0; k < l->kinds; k++)
            l->order[u * l->kinds + k] = (uint32_t)(l->members[number * l->kinds + k] * crops + crop);
    }
}

int il_loader_start(il_loader *l, int epoch, size_t first_batch, il_err *e)
{
    if (first_batch > il_loader_batches(l))
        return il_fail(e, IL_EPARAM, "the epoch has %zu batches; it cannot start at batch %zu", il_loader_batches(l),
                       first_batch);
    pthread_mutex_lock(&l->lock);
    l->running = false;
    while (l->active > 0) /* samples of an abandoned epoch */
        pthread_cond_wait(&l->news, &l->lock);
    l->sampling.epoch = epoch;
    order_epoch(l);
    for (size_t i = 0; i < l->depth; i++) {
        l->ring[i].done = 0;
        l->ring[i].failed = -1;
    }
    l->batch = first_batch;
    l->first = l->taken = first_batch * (size_t)l->opts.batch;
    l->running = true;
    pthread_cond_broadcast(&l->work);
    pthread_mutex_unlock(&l->lock);
    return IL_OK;
}

/* Waits for the next batch and takes it; this releases the slot lent before. */
static il_slot *take_batch(il_loader *l, int *n)
{
    *n = (int)il_rank_part_length(&l->part, l->total, l->batch);
    il_slot *slot = &l->ring[l->batch % l->depth];
    if (l->batch * (size_t)l->opts.batch > l->first)
        l->ring[(l->batch - 1) % l->depth].done = 0;
    l->batch++;
    pthread_cond_broadcast(&l->work);
    while (slot->done < *n)
        pthread_cond_wait(&l->news, &l->lock);
    return slot;
}

/* Reported once, from the caller's thread. */
static void tell(il_loader *l)
{
    il_err why = { 0 };
    const il_observer *observer = l->opts.observer;
    if (l->told || !observer || !observer->say || !il_pictures_stopped(l->pictures, &why))
        return;
    l->told = true;
    if (why.code)
        observer->say(observer->context, l->opts.run, why.message);
}

/* What other processes hold cannot be left out with an image of theirs. */
static int leave_out_twins(il_loader *l, il_slot *slot, int n, il_err *e)
{
    bool all = true;
    for (int i = 0; i < n; i++)
        all = all && slot->kept[i];
    if (!all && il_rank_part_divides(&l->part))
        return il_fail(e, IL_EDATA,
                       "an image cannot be read, and other processes hold the others of its id (train.pairs); launch"
                       " one process, or remove the id: `inpaintlab dataset check` names it");
    il_slot_leave_out_twins(slot, n, (int)l->kinds);
    return IL_OK;
}

int il_loader_next(il_loader *l, il_batch *out, int *more, il_err *e)
{
    if (!l->running)
        return il_fail(e, IL_EPARAM, "the loader has no current epoch; start one first");
    int n = 0, kept = 0, rc;
    il_slot *slot = NULL;
    do { /* skips a batch whose images are all left out or another process's */
        if (l->batch == il_loader_batches(l)) {
            *more = 0;
            return IL_OK;
        }
        pthread_mutex_lock(&l->lock);
        slot = take_batch(l, &n);
        if (slot->failed >= 0)
            l->running = false;
        pthread_mutex_unlock(&l->lock);
        if (slot->failed >= 0)
            return il_fail(e, slot->why.code, "%s", slot->why.message);
        if (l->members && (rc = leave_out_twins(l, slot, n, e)) != IL_OK)
            return rc;
        kept = il_slot_close_gaps(slot, n, l->side);
    } while (!kept && !il_rank_part_divides(&l->part));
    tell(l);
    bool padded = false;
    for (int i = 0; i < kept && il_rank_part_divides(&l->part); i++)
        slot->place[i] = slot->place[i] * l->opts.ranks + l->opts.own;
    for (int i = 0; i < kept && !l->opts.count_padding; i++)
        padded = padded || slot->padded[i];
    *out = (il_batch){ .number = l->batch - 1,
                       .n = kept,
                       .height = l->side,
                       .width = l->side,
                       .pixels = slot->pixels,
                       .greys = slot->greys,
                       .valid = padded ? slot->valid : NULL,
                       .shades = l->shades,
                       .labels = l->labels,
                       .counts = l->counts,
                       .index = slot->index,
                       .stream = slot->stream,
                       .place = slot->place,
                       .inside = l->opts.count_padding ? NULL : slot->valid };
    if (l->opts.fit == IL_SIZING_NATIVE) {
        out->height = slot->whole.image.height;
        out->width = slot->whole.image.width;
        out->pixels = slot->whole.image.pixels;
        if (slot->whole.mask.pixels)
            out->greys = slot->whole.mask.pixels;
    }
    *more = 1;
    return IL_OK;
}

size_t il_loader_left_out(const il_loader *l)
{
    return il_pictures_bad(l->pictures);
}

void il_loader_mark_left_out(const il_loader *l, bool *bad)
{
    il_pictures_mark_bad(l->pictures, bad);
}
