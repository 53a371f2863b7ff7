/* build.c - the whole way from a recipe to a folder. Batches of a few samples overlap: while one is made, the next
 * are read and the previous ones are written. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/dependencies.h"
#include "base/sha256.h"
#include "dataset/build.h"
#include "dataset/build_batch.h"
#include "dataset/build_state.h"
#include "dataset/photo_info.h"
#include "plugin/instance.h"

struct build {
    il_build_shared shop;
    il_photos photos;
    il_photo_info *facts;
    il_splits splits;
    il_tasks tasks;
    il_digest *digests;
    il_build_state stamp;
    bool stamped;
    il_build_batch *units;
    size_t nunits, ahead;
    const il_observer *observer;
    double started;
    il_build_result result;
};

static void build_free(struct build *b)
{
    for (size_t i = 0; i < b->nunits; i++)
        il_build_batch_end(&b->units[i], &b->shop, NULL, b->result.seconds, NULL);
    il_thread_pool_close(b->shop.pool);
    if (b->stamped)
        il_build_state_close(&b->stamp);
    free(b->units);
    free(b->digests);
    il_tasks_free(&b->tasks);
    il_splits_free(&b->splits);
    il_photo_info_free(b->facts, b->photos.count);
    il_photos_free(&b->photos);
}

/* ---- before anything is made ---- */

static int hash_parts(il_digest *out, const il_recipe_plugins *parts, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; !rc && i < parts->count; i++) {
        il_uses u = { 0 };
        rc = il_uses_of(&u, parts->list[i].plugin, parts->list[i].self, parts->list[i].params, e);
        if (!rc)
            rc = il_uses_digest(&out[i], &u, e);
        il_uses_clear(&u);
    }
    return rc;
}

static int hash_all(struct build *b, il_err *e)
{
    const il_recipe *r = b->shop.recipe;
    size_t inpainters = r->maskers.count, reconstructors = inpainters + r->inpainters.count;
    b->digests = calloc(reconstructors + r->reconstructors.count + 1, sizeof *b->digests);
    int rc = b->digests ? hash_parts(b->digests, &r->maskers, e) : il_fail_oom(e);
    if (!rc)
        rc = hash_parts(b->digests + inpainters, &r->inpainters, e);
    if (!rc)
        rc = hash_parts(b->digests + reconstructors, &r->reconstructors, e);
    b->shop.digests = b->digests;
    return rc;
}

static int list_photos(struct build *b, il_err *e)
{
    const il_recipe *r = b->shop.recipe;
    il_photos_opts o = { .root = il_params_text(r->photos, "root"),
                         .captions = il_params_text(r->photos, "captions"),
                         .limit = il_params_int(r->photos, "limit") };
    int rc = il_photos_list(&b->photos, o, e);
    size_t captioned = rc ? 0 : il_photos_captioned(&b->photos);
    b->result.photos = b->photos.count;
    b->result.uncaptioned = captioned ? b->photos.count - captioned : 0;
    return rc;
}

static int list_tasks(struct build *b, il_err *e)
{
    const il_recipe *r = b->shop.recipe;
    int rc = il_photo_info_read(&b->facts, r, &b->photos, b->shop.pool, b->observer, e);
    if (!rc)
        rc = il_photo_info_check(r, b->facts, b->photos.count, e);
    if (!rc)
        rc = il_splits_assign(&b->splits, r, &b->photos, b->facts, e);
    if (!rc)
        rc = il_tasks_list(&b->tasks, r, &b->photos, b->facts, &b->splits, e);
    b->shop.facts = b->facts;
    b->shop.photos = &b->photos;
    b->result.samples = b->tasks.count;
    b->result.unusable = b->splits.unusable;
    b->result.copies = b->splits.copies;
    b->result.twins = b->splits.twins;
    for (size_t i = 0; i < b->tasks.count; i++)
        b->result.counts[b->tasks.list[i].split]++;
    return rc;
}

/* Its line is in the journal and its files exist. */
static bool is_done(const struct build *b, const il_task *t)
{
    const char *split = il_split_names[t->split];
    return il_manifest_find(&b->stamp.done, split, t->id) && il_build_batch_there(&b->shop, split, t->id);
}

/* Several processes take the batches in turn. */
static bool is_mine(const struct build *b, size_t unit)
{
    il_build_shard s = b->shop.opts->shard;
    return !s.count || unit % (size_t)s.count == (size_t)s.number - 1;
}

/* Cuts the samples into batches, the same ones in every run of the build. */
static int list_units(struct build *b, il_err *e)
{
    size_t batch = (size_t)il_params_int(b->shop.recipe->plain, "batch");
    b->units = calloc(b->tasks.count ? b->tasks.count : 1, sizeof *b->units);
    if (!b->units)
        return il_fail_oom(e);
    il_manifest_sort(&b->stamp.done);
    b->shop.done = &b->stamp.done;
    for (size_t i = 0; i < b->tasks.count; i += b->units[b->nunits++].n) {
        il_build_batch *u = &b->units[b->nunits];
        u->tasks = &b->tasks.list[i];
        u->done = true;
        while (u->n < batch && i + u->n < b->tasks.count && u->tasks[u->n].split == u->tasks[0].split)
            u->done = is_done(b, &u->tasks[u->n++]) && u->done;
        bool mine = is_mine(b, b->nunits);
        u->done = u->done || !mine;
        b->result.share += mine ? u->n : 0;
    }
    b->ahead = 2 + 8 / batch;
    return IL_OK;
}

/* ---- making ---- */

static int note(struct build *b, il_build_batch *u, il_err *e)
{
    il_sample *samples = NULL;
    int rc = il_build_batch_end(u, &b->shop, &samples, b->result.seconds, e);
    for (size_t i = 0; samples && i < u->n; i++) {
        if (!rc)
            rc = il_build_state_note(&b->stamp, &samples[i], e);
        il_sample_free(&samples[i]);
    }
    free(samples);
    b->result.made += rc ? 0 : u->n;
    return rc;
}

static void tell(const struct build *b, size_t reached)
{
    double seconds = il_clock_seconds() - b->started;
    double rate = seconds > 0 && b->result.made ? (double)b->result.made / seconds : NAN;
    il_observer_count(b->observer, b->shop.recipe->name, "samples", reached, b->result.share, rate);
}

/* Starts reading ahead of unit i. */
static int read_ahead(struct build *b, size_t i, size_t *read, il_err *e)
{
    int rc = IL_OK;
    for (; !rc && *read < b->nunits && *read < i + b->ahead; (*read)++)
        if (!b->units[*read].done)
            rc = il_build_batch_read(&b->units[*read], &b->shop, e);
    return rc;
}

/* Waits until the batches before `until` are written, and records them. */
static int note_until(struct build *b, size_t *noted, size_t until, il_err *e)
{
    int rc = IL_OK;
    for (; !rc && *noted < until; (*noted)++)
        if (!b->units[*noted].done)
            rc = note(b, &b->units[*noted], e);
    return rc;
}

static int make_all(struct build *b, il_err *e)
{
    size_t read = 0, made = 0, noted = 0, reached = 0;
    int rc = IL_OK;
    b->started = il_clock_seconds();
    while (!rc && made < b->nunits) {
        il_build_batch *u = &b->units[made];
        rc = read_ahead(b, made, &read, e);
        if (!rc && !u->done && il_observer_stopped(b->observer))
            rc = il_fail(e, IL_ECANCEL, "stopped after %zu of %zu samples; run the same command again to continue",
                         reached, b->result.share);
        if (!rc && !u->done)
            rc = il_build_batch_make(u, &b->shop, b->result.seconds, e);
        if (!rc && !u->done)
            rc = il_build_batch_write(u, &b->shop, e);
        if (rc)
            break;
        made++;
        reached += is_mine(b, made - 1) ? u->n : 0;
        rc = note_until(b, &noted, made > b->ahead ? made - b->ahead : 0, e);
        tell(b, reached);
    }
    il_err late = { 0 };
    int end = note_until(b, &noted, made, &late); /* keep what was made before a failure */
    return rc || !end ? rc : il_fail(e, end, "%s", late.message);
}

static int open_stamp(struct build *b, il_err *e)
{
    int rc = il_build_state_open(&b->stamp, b->shop.recipe, &b->photos, b->digests, b->shop.opts->folder,
                                 b->shop.opts->shard, e);
    b->stamped = !rc;
    return rc;
}

/* A complete data set that has lost files is continued like an interrupted build. */
static int reopen_if_lost(struct build *b, il_err *e)
{
    const il_manifest *all = &b->stamp.done;
    size_t i = 0;
    while (i < all->count && il_build_batch_there(&b->shop, all->list[i].split, all->list[i].id))
        i++;
    return i < all->count ? il_build_state_reopen(&b->stamp, b->shop.recipe, e) : IL_OK;
}

int il_build_run(il_build_result *out, il_recipe *r, const il_build_opts *o, const il_observer *observer, il_err *e)
{
    struct build b = { .shop = { .recipe = r, .opts = o }, .observer = observer };
    int rc = il_thread_pool_open(&b.shop.pool, o->threads, e);
    if (!rc)
        rc = list_photos(&b, e);
    if (!rc)
        rc = hash_all(&b, e);
    if (!rc && il_build_state_begun(o->folder)) /* files that are all there need no further look */
        rc = open_stamp(&b, e);
    if (!rc && b.stamped && b.stamp.complete)
        rc = reopen_if_lost(&b, e);
    if (!rc && b.stamped && b.stamp.complete) {
        b.result.samples = b.stamp.done.count;
        goto done;
    }
    if (!rc)
        rc = list_tasks(&b, e);
    if (!rc)
        rc = il_recipe_load(r, o->device, e);
    if (!rc && !b.stamped) /* only now: a recipe that cannot be built must leave no folder */
        rc = open_stamp(&b, e);
    if (!rc)
        rc = list_units(&b, e);
    if (!rc)
        rc = make_all(&b, e);
    if (!rc && !o->shard.count)
        rc = il_build_state_finish(&b.stamp, b.tasks.count, e);

done:
    if (!rc)
        *out = b.result;
    build_free(&b);
    return rc;
}
