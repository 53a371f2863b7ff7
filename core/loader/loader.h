/* loader.h - data set + mask policy -> batches of images and targets. */
#ifndef IL_LOADER_LOADER_H
#define IL_LOADER_LOADER_H

#include "base/observer.h"
#include "base/sha256.h"
#include "loader/disk_cache.h"
#include "loader/source.h"

typedef struct il_loader_opts {
    int batch, size, crop, crops; /* as in il_training; crop 0: whole images, crops then 1 */
    il_sizing fit;                /* native: batches of one whole image */
    bool count_padding;           /* batches have no `valid` */
    bool flip, shuffle;
    bool pairs;                /* pictures of one id and all kinds come together, and are cut alike (il_source_pair) */
    const il_augment *augment; /* of each image, before it is cropped; never cached; NULL: none */
    uint64_t seed;             /* order, crops and flips depend on (seed, epoch, position) alone */
    int threads;               /* decoding threads; 0: number of cores. Batches do not depend on the number */
    size_t cache_bytes;        /* memory for decoded images; 0: the default, 1 GiB */
    il_disk_cache_opts disk;   /* cache on disk, for images that do not fit into cache_bytes */
    const il_observer *observer; /* informed once, for `run`, when the disk cache stops growing; NULL: none */
    const char *run;
    int ranks, own;     /* processes that share the work, and the number of this one; ranks 0 or 1: alone */
    int turns;          /* they take turns of as many batches; 0: each has a part of every batch */
    il_device device;   /* for data sets that compute their images */
    il_missing missing; /* leave an unreadable file out of its batch, or fail */
} il_loader_opts;

/* Options for validating: whole images, in order. */
il_loader_opts il_loader_of_run(const il_run *run, il_device device, const il_observer *observer);
/* The same for training: shuffled, cropped, augmented. */
il_loader_opts il_loader_of_training(const il_run *run, il_loader_opts validating);

typedef struct il_loader il_loader;

/* labels: the mask policy's target value of each grey level. src must outlive the loader. */
int il_loader_open(il_loader **out, il_source *src, const float labels[256], il_loader_opts opts, il_err *e);
void il_loader_free(il_loader *l);

/* Number of batches in an epoch. */
size_t il_loader_batches(const il_loader *l);

/* Starts an epoch at the given batch; threads start prefetching. */
int il_loader_start(il_loader *l, int epoch, size_t first_batch, il_err *e);

typedef struct il_batch {
    size_t number;          /* in the epoch, from 0; batches whose images are all left out are skipped */
    int n, height, width;   /* of native images, those of the one */
    const uint8_t *pixels;  /* (n,height,width,3); valid until the next call, as are the members below */
    const uint8_t *greys;   /* (n,height,width): the masks' grey levels; 0 in authentic images and in padding */
    const uint8_t *valid;   /* (n,height,width): 1 where the image is, 0 in padding; NULL: all of it counts */
    const float *shades;    /* [256] level -> input value, [0,1]; for il_from_pixels */
    const float *labels;    /* [256] level -> target, by the mask policy */
    const float *counts;    /* [256] for `valid`: level -> 0 or 1 */
    const size_t *index;    /* (n) position in the source */
    const uint64_t *stream; /* (n) of its augmentation (il_augment_show) */
    const int *place;       /* (n) in the whole batch: of a part of it, which others have besides */
    const uint8_t *inside;  /* as `valid`, also where all of it counts; NULL: padding counts */
} il_batch;

/* *more is 0 at the end of the epoch (*out is then unchanged), else 1. A part of a batch may have no images: n is 0. */
int il_loader_next(il_loader *l, il_batch *out, int *more, il_err *e);

/* Number of images left out so far because they were unreadable, under IL_MISSING_SKIP. */
size_t il_loader_left_out(const il_loader *l);
/* Sets bad[i] for those images of the source. */
void il_loader_mark_left_out(const il_loader *l, bool *bad);

#endif
