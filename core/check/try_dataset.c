/* try_dataset.c - checks of data sets: what they list, whether it can be read, also by several threads at once. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/sha256.h"
#include "check/leak.h"
#include "loader/source.h"
#include "plugin/items.h"

enum { THREADS = 4, MOST = 64 };

static const char *const splits[] = { "train", "validation", "test" };

/* The i-th image kind to ask for; NULL after the last. */
static const char *kind(const il_plugin_check *c, int i)
{
    static const char *const known[] = { "realfake",  "fakefake",      "inpainted",      "original",
                                         "exchanged", "reconstructed", "selfconditioned" };
    enum { KNOWN = sizeof known / sizeof *known };
    return i < KNOWN ? known[i] : i == KNOWN ? c->job->images : NULL;
}

/* The first split and kind that has samples, and the message of the last one that has none. */
static int open_any(il_source **out, const char **split, const char **images, const il_plugin_check *c, il_err *e)
{
    il_err first = { 0 };
    for (size_t i = 0; i < sizeof splits / sizeof *splits; i++)
        for (int k = 0; kind(c, k); k++) {
            il_err why = { 0 };
            if (il_source_open(out, &c->choice, splits[i], kind(c, k), IL_MISSING_SKIP, &why) == IL_OK) {
                *split = splits[i];
                *images = kind(c, k);
                return IL_OK;
            }
            if (!first.code)
                first = why;
        }
    return il_fail(e, IL_EPLUGIN, "lists no samples for any split and kind: %s", first.message);
}

struct listed {
    size_t samples, left_out, sets;
};

/* What a fresh instance lists for one split and kind, added to *sum. If absent: IL_EDATA (or IL_EPARAM for a word
 * that the data set does not know) with a message. */
static int list(struct listed *sum, const il_plugin_check *c, il_scan what, il_err *e)
{
    void *self = NULL;
    il_items *items = NULL;
    il_err why = { 0 };
    int rc = il_check_step_open(&self, c, e);
    if (!rc)
        rc = il_items_new(&items, e);
    if (rc)
        goto done;
    rc = c->plugin->dataset->scan(self, what, items, &why);
    if ((rc == IL_EDATA || rc == IL_EPARAM) && why.message[0]) {
        rc = IL_OK;
        goto done;
    }
    if (rc)
        rc = il_fail(e, IL_EPLUGIN, "%s of %s: scan returned %d: %s", what.images, what.split, rc,
                     why.message[0] ? why.message : "no message");
    else
        rc = il_items_sort(items, e);
    if (!rc && items->count) {
        sum->sets++;
        sum->samples += items->count;
    }
    if (!rc)
        sum->left_out += items->rejected_count;

done:
    il_items_free(items);
    c->plugin->close(self);
    return rc;
}

static int scan(il_plugin_check *c, il_err *e)
{
    struct listed sum = { 0 };
    for (size_t i = 0; i < sizeof splits / sizeof *splits; i++)
        for (int k = 0; kind(c, k); k++) {
            int rc = list(&sum, c, (il_scan){ .split = splits[i], .images = kind(c, k) }, e);
            if (rc)
                return rc;
        }
    if (!sum.sets) {
        il_source *src = NULL;
        const char *split, *images;
        int rc = open_any(&src, &split, &images, c, e); /* gives the reason */
        il_source_free(src);
        return rc;
    }
    il_check_step_note(c, "%zu samples in %zu sets of split and kind, ids unique; %zu left out", sum.samples, sum.sets,
                       sum.left_out);
    return IL_OK;
}

static int absent(il_plugin_check *c, il_err *e)
{
    static const struct {
        const char *split, *images;
    } nowhere[] = { { "no-such-split", "realfake" }, { "train", "no-such-kind" } };
    for (size_t i = 0; i < 2; i++) {
        il_source *src = NULL;
        il_err why = { 0 };
        int rc = il_source_open(&src, &c->choice, nowhere[i].split, nowhere[i].images, IL_MISSING_SKIP, &why);
        il_source_free(src);
        bool good = rc == IL_EDATA || (rc == IL_EPARAM && i == 1);
        if (!rc && i == 0) /* a data set without splits lists the same in each */
            continue;
        if (!good || !why.message[0])
            return il_fail(e, IL_EPLUGIN,
                           "%s of %s: scan returned %d, \"%s\"; expected IL_EDATA and a message that "
                           "says what is absent",
                           nowhere[i].images, nowhere[i].split, rc, why.message);
    }
    il_check_step_note(c, "absent splits and kinds are reported");
    return IL_OK;
}

/* ---- reading; il_source_read checks that a mask has its image's size ---- */

struct sample {
    size_t index;
    il_digest digest;
};

struct reader {
    const il_source *src;
    const struct sample *samples;
    size_t count, first;
    il_err error;
    pthread_t thread;
};

static int digest_of(il_digest *out, const il_source *src, size_t i, uint64_t seed, il_err *e)
{
    il_image image = { 0 }, mask = { 0 };
    int rc = il_source_read(src, i, seed, &image, &mask, e);
    const char *id = il_source_at(src, i).id;
    if (!rc && (image.channels != 3 || image.width < 1 || image.height < 1))
        rc = il_fail(e, IL_EPLUGIN, "%s: image of %dx%d with %d channels; expected RGB", id, image.width, image.height,
                     image.channels);
    if (!rc) {
        il_digest parts[2];
        parts[0] = il_sha256(image.pixels, (size_t)image.width * (size_t)image.height * 3);
        parts[1] = il_sha256(mask.pixels ? mask.pixels : (const uint8_t *)"",
                             mask.pixels ? (size_t)mask.width * (size_t)mask.height * (size_t)mask.channels : 0);
        *out = il_sha256(parts, sizeof parts);
    }
    il_image_free(&mask);
    il_image_free(&image);
    return rc;
}

/* Each thread starts at another sample, so that they overlap. */
static void *read_all(void *self)
{
    struct reader *r = self;
    for (size_t k = 0; k < r->count && !r->error.code; k++) {
        const struct sample *s = &r->samples[(r->first + k) % r->count];
        il_digest d;
        if (digest_of(&d, r->src, s->index, 1, &r->error) == IL_OK && strcmp(d.hex, s->digest.hex) != 0)
            il_fail(&r->error, IL_EPLUGIN, "%s: differs when read by %d threads at once; expected the same bytes",
                    il_source_at(r->src, s->index).id, THREADS);
    }
    return NULL;
}

static int read_together(const il_source *src, const struct sample *samples, size_t count, il_err *e)
{
    struct reader readers[THREADS];
    int started = 0, rc = IL_OK;
    memset(readers, 0, sizeof readers);
    for (; started < THREADS && !rc; started++) {
        readers[started].src = src;
        readers[started].samples = samples;
        readers[started].count = count;
        readers[started].first = (size_t)started * count / THREADS;
        if (pthread_create(&readers[started].thread, NULL, read_all, &readers[started]) != 0) {
            rc = il_fail(e, IL_ENOMEM, "cannot start a thread");
            break;
        }
    }
    for (int i = 0; i < started; i++) {
        pthread_join(readers[i].thread, NULL);
        if (!rc && readers[i].error.code)
            rc = il_fail(e, readers[i].error.code, "%s", readers[i].error.message);
    }
    return rc;
}

static int reading(il_plugin_check *c, il_err *e)
{
    il_source *src = NULL;
    const char *split = NULL, *images = NULL;
    struct sample samples[MOST];
    int rc = open_any(&src, &split, &images, c, e);
    if (rc)
        return rc;
    size_t all = il_source_count(src), count = all < MOST ? all : MOST;
    rc = il_source_load(src, (il_device){ IL_DEVICE_CPU, 0 }, e);
    for (size_t i = 0; i < count && !rc; i++) {
        samples[i].index = i * all / count;
        rc = digest_of(&samples[i].digest, src, samples[i].index, 1, e);
        il_digest other;
        if (!rc && !il_source_varies(src))
            rc = digest_of(&other, src, samples[i].index, 2, e);
        if (!rc && !il_source_varies(src) && strcmp(other.hex, samples[i].digest.hex) != 0)
            rc = il_fail(e, IL_EPLUGIN, "%s: the sample depends on the seed; expected .varies to be set",
                         il_source_at(src, samples[i].index).id);
    }
    if (!rc)
        rc = read_together(src, samples, count, e);
    if (!rc)
        il_check_step_note(
            c, "%zu of %zu samples (%s of %s) read, masks as large as images; %d threads read the same bytes", count,
            all, images, split, THREADS);
    il_source_free(src);
    return rc;
}

static int one_round(il_plugin_check *c, il_err *e)
{
    il_source *src = NULL;
    const char *split, *images;
    int rc = open_any(&src, &split, &images, c, e);
    il_source_free(src);
    return rc;
}

static int growth(il_plugin_check *c, il_err *e)
{
    return il_leak_check(c, "open, scan, close", one_round, e);
}

const il_check_step il_check_step_dataset[] = {
    { "scan", scan, true },      { "absent", absent, false }, { "reading", reading, false },
    { "memory", growth, false }, { NULL, NULL, false },
};
