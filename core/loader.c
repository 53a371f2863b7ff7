/* loader.c - batches of pictures and targets, prefetched by threads.
 *
 * Every random choice is a hash (SplitMix64) of seed, epoch, position and purpose, so batches are the same for any number
 * of threads and after a start in the middle of an epoch. Threads take positions in order and write each sample to its
 * place in a ring of batches; the caller waits until the oldest batch is complete. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <inpaintlab/random.h>
#include "pictures.h"

enum { MAX_THREADS = 256 };
#define DEFAULT_CACHE ((size_t)1 << 30)

/* A batch being filled, or lent to the caller. */
struct slot {
    float *images, *targets;
    size_t *index;
    bool *kept;     /* by place: the picture could be read */
    int done;       /* places filled */
    int failed;     /* place of `why`; -1: none */
    il_err why;
};

struct il_loader {
    il_source *src;
    il_pictures *pictures;
    il_loader_opts opts;
    int side;           /* of the batches' pictures */
    float labels[256], shades[256];
    size_t total;       /* positions in an epoch */
    uint32_t *order;    /* position -> picture * crops + crop */
    struct slot *ring;
    size_t depth;
    pthread_t *threads;
    int started;        /* threads */

    pthread_mutex_t lock; /* guards what follows, and slots until they are complete */
    pthread_cond_t work, news; /* for the threads; for the caller */
    int epoch;
    size_t first;       /* position at which work was started */
    size_t taken;       /* next position to be worked on */
    size_t batch;       /* next batch to be lent */
    int active;         /* threads at work on a sample */
    bool running, quit;
};

/* ---- random choices ---- */

enum purpose { ORDER, LEFT, TOP, FLIP };
#define DRAW UINT64_C(0x647261772d736565) /* keeps the readers' seeds apart */

/* 0 .. n - 1; the modulo's bias is below 2^-32 */
static size_t choose(const il_loader *l, size_t position, enum purpose purpose, size_t n)
{
    uint64_t key = il_random_mix(il_random_mix(il_random_mix(l->opts.seed) + (uint64_t)l->epoch) + position);
    return (size_t)(il_random_mix(key + (uint64_t)purpose) % n);
}

/* Of the reader's random choices: fixed where nothing is shuffled, so that validation and tests repeat. */
static uint64_t draw_seed(const il_loader *l, size_t entry)
{
    uint64_t epoch = l->opts.shuffle ? (uint64_t)l->epoch : 0;
    return il_random_mix(il_random_mix(il_random_mix(l->opts.seed ^ DRAW) + epoch) + entry);
}

/* Fisher-Yates over all positions. */
static void set_order(il_loader *l)
{
    for (size_t i = 0; i < l->total; i++)
        l->order[i] = (uint32_t)i;
    for (size_t i = l->total; l->opts.shuffle && i-- > 1;) {
        size_t j = choose(l, i, ORDER, i + 1);
        uint32_t other = l->order[j];
        l->order[j] = l->order[i];
        l->order[i] = other;
    }
}

/* ---- one sample ---- */

static il_window choose_window(const il_loader *l, size_t position, const il_image *image)
{
    il_window w = { 0 };
    if (l->opts.crop && image->width > l->side)
        w.left = (int)choose(l, position, LEFT, (size_t)(image->width - l->side) + 1);
    if (l->opts.crop && image->height > l->side)
        w.top = (int)choose(l, position, TOP, (size_t)(image->height - l->side) + 1);
    if (l->opts.flip)
        w.flip = choose(l, position, FLIP, 2) == 1;
    return w;
}

static int load_sample(il_loader *l, size_t position, struct slot *slot, int place, il_err *e)
{
    size_t area = (size_t)l->side * (size_t)l->side, at = (size_t)place;
    size_t entry = l->order[position];
    il_picture picture = { 0 };
    slot->index[at] = entry / (size_t)l->opts.crops;
    int rc = il_pictures_get(&picture, l->pictures, slot->index[at], draw_seed(l, entry), e);
    if (rc)
        return rc;
    il_window w = choose_window(l, entry, &picture.image);
    for (int c = 0; c < 3; c++)
        il_pictures_plane(slot->images + (3 * at + (size_t)c) * area, l->side, &picture.image, c, w, l->shades);
    float *target = slot->targets + at * area;
    if (picture.mask.pixels)
        il_pictures_plane(target, l->side, &picture.mask, 0, w, l->labels);
    for (size_t i = 0; !picture.mask.pixels && i < area; i++)
        target[i] = l->labels[0];
    il_pictures_put(&picture);
    return IL_OK;
}

/* ---- threads ---- */

static size_t batch_length(const il_loader *l, size_t batch)
{
    size_t begin = batch * (size_t)l->opts.batch, most = (size_t)l->opts.batch;
    return l->total - begin < most ? l->total - begin : most;
}

/* A position is free to be worked on when its batch has a slot: the one lent last, l->batch - 1, still holds its own. */
static bool has_work(const il_loader *l)
{
    size_t oldest = l->batch > l->first / (size_t)l->opts.batch ? l->batch - 1 : l->batch;
    return l->running && l->taken < l->total && l->taken / (size_t)l->opts.batch < oldest + l->depth;
}

static void note_done(il_loader *l, struct slot *slot, int place, int rc, const il_err *why)
{
    slot->kept[place] = rc == IL_OK;
    bool fatal = rc && (l->opts.missing == IL_MISSING_REFUSE || rc == IL_ENOMEM);
    if (fatal && (slot->failed < 0 || place < slot->failed)) {
        slot->failed = place;
        slot->why = *why;
    }
    slot->done++;
    l->active--;
    pthread_cond_signal(&l->news);
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
        struct slot *slot = &l->ring[position / (size_t)l->opts.batch % l->depth];
        int place = (int)(position % (size_t)l->opts.batch);
        il_err why = { 0 };
        l->active++;
        pthread_mutex_unlock(&l->lock);
        int rc = load_sample(l, position, slot, place, &why);
        pthread_mutex_lock(&l->lock);
        note_done(l, slot, place, rc, &why);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

/* Signals stay with the program's main thread. */
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
    if (why && !l->started) /* fewer threads than asked for do as well */
        return il_fail(e, IL_ENOMEM, "no thread can be started: %s", strerror(why));
    return IL_OK;
}

/* ---- opening ---- */

static int check_opts(const il_loader_opts *o, il_err *e)
{
    if (o->batch < 1 || o->size < 1 || o->crop < 0 || o->threads < 0 || (o->crop && o->crops < 1))
        return il_fail(e, IL_EPARAM, "batch %d, size %d, crop %d, crops %d, threads %d: expected batch, size and crops of 1 "
                       "or more, crop and threads of 0 or more", o->batch, o->size, o->crop, o->crops, o->threads);
    if (o->size > 16384 || o->crop > 16384 || o->batch > 65536)
        return il_fail(e, IL_EPARAM, "batch %d, size %d, crop %d: expected at most 65536, 16384 and 16384", o->batch,
                       o->size, o->crop);
    return IL_OK;
}

static void settle_opts(il_loader *l)
{
    il_loader_opts *o = &l->opts;
    if (!o->crop)
        o->crops = 1;
    if (!o->cache_bytes)
        o->cache_bytes = DEFAULT_CACHE;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (!o->threads)
        o->threads = cores > 0 ? (int)cores : 1;
    if (o->threads > MAX_THREADS)
        o->threads = MAX_THREADS;
    l->side = o->crop ? o->crop : o->size;
    /* one batch lent, one complete, and work for every thread */
    l->depth = 2 + (size_t)(o->threads + o->batch - 1) / (size_t)o->batch;
}

static int new_ring(il_loader *l, il_err *e)
{
    size_t n = (size_t)l->opts.batch, area = (size_t)l->side * (size_t)l->side;
    l->ring = calloc(l->depth, sizeof *l->ring);
    for (size_t i = 0; l->ring && i < l->depth; i++) {
        struct slot *s = &l->ring[i];
        s->images = malloc(n * 3 * area * sizeof *s->images);
        s->targets = malloc(n * area * sizeof *s->targets);
        s->index = malloc(n * sizeof *s->index);
        s->kept = malloc(n * sizeof *s->kept);
        if (!s->images || !s->targets || !s->index || !s->kept)
            return il_fail_oom(e);
    }
    return l->ring ? IL_OK : il_fail_oom(e);
}

static int allocate(il_loader *l, il_err *e)
{
    size_t count = il_source_count(l->src), crops = (size_t)l->opts.crops;
    if (count > UINT32_MAX / crops)
        return il_fail(e, IL_EPARAM, "%zu pictures with %d crops each: expected fewer than 2^32 in all", count,
                       l->opts.crops);
    l->total = count * crops;
    if ((size_t)l->opts.batch > l->total)
        l->opts.batch = (int)l->total;
    l->order = malloc(l->total * sizeof *l->order);
    l->threads = malloc((size_t)l->opts.threads * sizeof *l->threads);
    if (!l->order || !l->threads)
        return il_fail_oom(e);
    int rc = new_ring(l, e);
    size_t kept = l->opts.shuffle && il_source_varies(l->src) ? 0 : l->opts.cache_bytes;
    if (!rc)
        rc = il_pictures_new(&l->pictures, l->src, l->opts.size, kept, e);
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
    for (int i = 0; i < 256; i++)
        l->shades[i] = (float)i / 255.0f;
    settle_opts(l);
    pthread_mutex_init(&l->lock, NULL); /* these three cannot fail with default attributes */
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
    for (size_t i = 0; l->ring && i < l->depth; i++) {
        free(l->ring[i].images);
        free(l->ring[i].targets);
        free(l->ring[i].index);
        free(l->ring[i].kept);
    }
    free(l->ring);
    free(l->threads);
    free(l->order);
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

int il_loader_start(il_loader *l, int epoch, size_t first_batch, il_err *e)
{
    if (first_batch > il_loader_batches(l))
        return il_fail(e, IL_EPARAM, "the epoch has %zu batches: it cannot start at batch %zu", il_loader_batches(l),
                       first_batch);
    pthread_mutex_lock(&l->lock);
    l->running = false;
    while (l->active > 0) /* samples of an epoch that was left */
        pthread_cond_wait(&l->news, &l->lock);
    l->epoch = epoch;
    set_order(l);
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

/* Moves the pictures that could be read to the front; returns how many. */
static int close_gaps(const il_loader *l, struct slot *slot, int n)
{
    size_t area = (size_t)l->side * (size_t)l->side;
    int kept = 0;
    for (int i = 0; i < n; i++) {
        if (!slot->kept[i])
            continue;
        size_t to = (size_t)kept++, from = (size_t)i;
        if (to == from)
            continue;
        memcpy(slot->images + to * 3 * area, slot->images + from * 3 * area, 3 * area * sizeof(float));
        memcpy(slot->targets + to * area, slot->targets + from * area, area * sizeof(float));
        slot->index[to] = slot->index[from];
    }
    return kept;
}

/* Waits for the next batch and takes it; the slot lent before is free from now on. */
static struct slot *take_batch(il_loader *l, int *n)
{
    *n = (int)batch_length(l, l->batch);
    struct slot *slot = &l->ring[l->batch % l->depth];
    if (l->batch * (size_t)l->opts.batch > l->first)
        l->ring[(l->batch - 1) % l->depth].done = 0;
    l->batch++;
    pthread_cond_broadcast(&l->work);
    while (slot->done < *n)
        pthread_cond_wait(&l->news, &l->lock);
    return slot;
}

int il_loader_next(il_loader *l, il_batch *out, int *more, il_err *e)
{
    if (!l->running)
        return il_fail(e, IL_EPARAM, "no epoch of the loader is started");
    int n = 0, kept = 0;
    struct slot *slot = NULL;
    while (!kept) { /* a batch whose pictures are all left out is passed over */
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
        kept = close_gaps(l, slot, n);
    }
    *out = (il_batch){ .number = l->batch - 1, .n = kept, .height = l->side, .width = l->side,
                       .images = slot->images, .targets = slot->targets, .index = slot->index };
    *more = 1;
    return IL_OK;
}

size_t il_loader_left_out(const il_loader *l)
{
    return il_pictures_bad(l->pictures);
}
