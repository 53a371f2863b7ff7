/* build_batch.h - a few samples that are read, made and written together. */
#ifndef IL_DATASET_UNITS_H
#define IL_DATASET_UNITS_H

#include "dataset/make_sample.h"
#include "base/thread_pool.h"
#include "dataset/tasks.h"
#include "base/text.h"
#include "base/sha256.h"

typedef struct il_build_opts {
    const char *folder;
    il_device device;
    int threads; /* that read and write images; 0: one per core */
} il_build_opts;

/* What all batches of a build share. */
typedef struct il_shop {
    il_recipe *recipe;
    const il_build_opts *opts;
    const il_photos *photos;
    const il_photo_facts *facts;
    const il_digest *digests; /* of each part's files: maskers, inpainters, reconstructors */
    const il_manifest *done;  /* samples recorded before this run, sorted */
    il_pool *pool;
} il_shop;

/* One sample in progress. */
typedef struct il_work {
    const il_shop *shop;
    const il_task *task;
    il_making making;
    il_digest sha256[IL_PICTURE_KINDS];
    double read_seconds, write_seconds;
    il_err why;
} il_work;

typedef struct il_unit {
    const il_task *tasks; /* lent */
    size_t n;
    bool done;            /* before this run */
    il_work *works;       /* n, while in progress */
    il_pool_group group;
} il_unit;

/* Starts reading. Then il_unit_make waits for it and makes the images, il_unit_write starts writing them, and
 * il_unit_end waits for that and frees; *samples (n, allocated) describes their origin; samples may be NULL. */
int il_unit_read(il_unit *u, const il_shop *shop, il_err *e);
int il_unit_make(il_unit *u, const il_shop *shop, double seconds[4], il_err *e);
int il_unit_write(il_unit *u, const il_shop *shop, il_err *e);
int il_unit_end(il_unit *u, const il_shop *shop, il_sample **samples, double seconds[4], il_err *e);

/* Whether each image of a sample has a file that is not empty. */
bool il_unit_there(const il_shop *shop, const char *split, const char *id);

#endif
