/* loads.h - a loader over the samples of samples.h, and the digests of its batches. */
#ifndef IL_TEST_LOADS_H
#define IL_TEST_LOADS_H

#include "base/sha256.h"
#include "samples.h"

static float labels[256];

/* Distinct values, and not 0 at 0, so that padding shows. */
static void open_samples(void)
{
    samples_open();
    for (int i = 0; i < 256; i++)
        labels[i] = 0.25f + (float)i / 512.0f;
}

struct fixture {
    il_source *src;
    il_loader *loader;
};

static inline struct fixture open_loader(il_loader_opts opts)
{
    struct fixture f = { 0 };
    il_err e = { 0 };
    SAMPLE_OK(il_source_open(&f.src, &samples_choice, "train", "realfake", IL_MISSING_SKIP, &e), e);
    SAMPLE_OK(il_loader_open(&f.loader, f.src, labels, opts, &e), e);
    return f;
}

static inline void close_loader(struct fixture *f)
{
    il_loader_free(f->loader);
    il_source_free(f->src);
}

/* Digest of each batch from `first` on; returns how many. */
static inline size_t run_epoch(il_loader *l, int epoch, size_t first, il_digest digests[64])
{
    il_err e = { 0 };
    il_batch b;
    int more = 1;
    size_t n = first;
    SAMPLE_OK(il_loader_start(l, epoch, first, &e), e);
    for (; n < 64; n++) {
        SAMPLE_OK(il_loader_next(l, &b, &more, &e), e);
        if (!more)
            break;
        size_t values = (size_t)b.n * (size_t)b.width * (size_t)b.height;
        il_digest parts[3] = { il_sha256(b.pixels, 3 * values), il_sha256(b.greys, values),
                               il_sha256(b.index, (size_t)b.n * sizeof *b.index) };
        digests[n] = il_sha256(parts, sizeof parts);
        cr_assert_eq(b.number, n);
    }
    return n;
}

static inline void add_many(int n)
{
    for (int i = 0; i < n; i++)
        samples_add(i, 20 + i * 7 % 50, 20 + i * 13 % 45);
}

#endif
