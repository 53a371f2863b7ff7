/* loader.h - data set + mask policy -> batches of pictures and targets. */
#ifndef IL_LOADER_H
#define IL_LOADER_H

#include "loader/disk_cache.h"
#include "loader/source.h"
#include "base/observer.h"
#include "base/sha256.h"

typedef struct il_loader_opts {
    int batch, size, crop, crops; /* as il_training; crop 0: whole pictures, crops then 1 */
    bool flip, shuffle;
    uint64_t seed;      /* order, crops and flips are functions of (seed, epoch, position) alone */
    int threads;        /* decoding threads; 0: number of cores. Batches do not depend on it */
    size_t cache_bytes; /* decoded pictures kept in memory; 0: the default, 1 GiB */
    il_cache_opts disk; /* decoded pictures kept on disk, where they do not fit into cache_bytes */
    const il_watch *watch; /* told once, for `run`, when the disk takes no more; NULL: none */
    const char *run;
    il_device device;   /* where a data set that computes its pictures does so */
    il_missing missing; /* a file that turns out unreadable: leave it out of its batch, or fail */
} il_loader_opts;

/* As a run's pictures are validated and tested: whole, in their order. */
il_loader_opts il_loader_of_run(const il_run *run, il_device device, const il_watch *watch);

typedef struct il_loader il_loader;

/* labels: the mask policy's target value for each grey level. src must outlive the loader. */
int il_loader_open(il_loader **out, il_source *src, const float labels[256], il_loader_opts opts, il_err *e);
void il_loader_free(il_loader *l);

/* Batches of one epoch. */
size_t il_loader_batches(const il_loader *l);

/* Starts an epoch at the given batch; threads begin to prefetch. */
int il_loader_start(il_loader *l, int epoch, size_t first_batch, il_err *e);

typedef struct il_batch {
    size_t number; /* in the epoch, from 0; a batch whose pictures are all left out is passed over */
    int n, height, width;
    const uint8_t *pixels; /* (n,height,width,3); lent until the next call, as all that follows */
    const uint8_t *greys;  /* (n,height,width): the masks' levels; 0 in authentic pictures and outside */
    const float *shades;   /* [256] level -> value of a picture, [0,1]; with il_from_pixels */
    const float *labels;   /* [256] level -> target, by the mask policy */
    const size_t *index;   /* (n) position in the source */
} il_batch;

/* *more is 0 at the epoch's end (and *out is untouched), else 1. */
int il_loader_next(il_loader *l, il_batch *out, int *more, il_err *e);

/* Pictures that turned out unreadable so far and were left out, under IL_MISSING_SKIP. */
size_t il_loader_left_out(const il_loader *l);

#endif
