/* build_batch.h - a few samples that are read, made and written together. */
#ifndef IL_DATASET_BUILD_BATCH_H
#define IL_DATASET_BUILD_BATCH_H

#include "base/sha256.h"
#include "base/text.h"
#include "base/thread_pool.h"
#include "dataset/build_lock.h"
#include "dataset/make_sample.h"
#include "dataset/tasks.h"

typedef struct il_build_opts {
    const char *folder;
    il_device device;
    int threads; /* that read and write images; 0: one per core */
    il_build_shard shard;
} il_build_opts;

/* What all batches of a build share. */
typedef struct il_build_shared {
    il_recipe *recipe;
    const il_build_opts *opts;
    const il_photos *photos;
    const il_photo_info *facts;
    const il_digest *digests; /* of each part's files: maskers, inpainters, reconstructors */
    const il_manifest *done;  /* samples recorded before this run, sorted */
    il_thread_pool *pool;
} il_build_shared;

/* One sample in progress. */
typedef struct il_build_sample {
    const il_build_shared *shop;
    const il_task *task;
    il_made_sample making;
    il_digest sha256[IL_PICTURE_KINDS];
    double read_seconds, write_seconds;
    il_err why;
} il_build_sample;

typedef struct il_build_batch {
    const il_task *tasks; /* lent */
    size_t n;
    bool done;              /* before this run */
    il_build_sample *works; /* n, while in progress */
    il_thread_pool_group group;
} il_build_batch;

/* Starts reading. Then il_build_batch_make waits for it and makes the images, il_build_batch_write starts writing them, and
 * il_build_batch_end waits for that and frees; *samples (n, allocated) describes their origin; samples may be NULL. */
int il_build_batch_read(il_build_batch *u, const il_build_shared *shop, il_err *e);
int il_build_batch_make(il_build_batch *u, const il_build_shared *shop, double seconds[4], il_err *e);
int il_build_batch_write(il_build_batch *u, const il_build_shared *shop, il_err *e);
int il_build_batch_end(il_build_batch *u, const il_build_shared *shop, il_sample **samples, double seconds[4],
                       il_err *e);

/* Whether each image of a sample has a file that is not empty. */
bool il_build_batch_there(const il_build_shared *shop, const char *split, const char *id);

#endif
