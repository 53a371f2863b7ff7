/* disk_cache.h - decoded images of one source and size, kept in a file. All functions except open and free may be
 * called from any thread. Several processes may read one file; the first one to open it adds to it. */
#ifndef IL_LOADER_DISK_CACHE_H
#define IL_LOADER_DISK_CACHE_H

#include <stdbool.h>
#include <inpaintlab/image.h>
#include "base/sha256.h"
#include "base/text.h"

typedef struct il_disk_cache il_disk_cache;

typedef struct il_disk_cache_opts {
    const char *folder; /* created if missing; NULL: no cache */
    uint64_t limit;     /* approximate total bytes of all files in the folder; 0: limited only by disk space */
} il_disk_cache_opts;

/* Opens FOLDER/<name>.pictures for `count` images. key: everything that the pixels depend on; a file with another key
 * or without a complete header is started anew. IL_EIO when the folder or file cannot be created or opened. */
int il_disk_cache_open(il_disk_cache **out, const char *name, const il_digest *key, size_t count, il_disk_cache_opts o,
                       il_err *e);
void il_disk_cache_free(il_disk_cache *c);

/* Rows of an image, as a function of its size. */
typedef struct il_band {
    int first, count;
} il_band;
typedef struct il_band_wanted {
    il_band (*of)(const void *context, int width, int height); /* NULL: all */
    const void *context;
} il_band_wanted;

typedef struct il_cached {
    il_image image, mask; /* mask empty: none */
    int first, height;    /* first row included, and height of the whole image */
} il_cached;

/* *found: image i is present and undamaged. The first read verifies all rows; later ones read only the
 * requested rows. */
int il_disk_cache_get(bool *found, il_cached *out, il_disk_cache *c, size_t i, il_band_wanted wanted, il_err *e);

/* Adds an image (RGB; mask grey or empty) while there is space. Failure to write is not an error. */
void il_disk_cache_put(il_disk_cache *c, size_t i, const il_image *image, const il_image *mask);

/* Whether it has stopped growing, and why. */
bool il_disk_cache_stopped(il_disk_cache *c, il_err *why);

#endif
