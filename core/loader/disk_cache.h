/* cache.h - decoded pictures of one source and size, kept in a file. Every function but open and free may be called from
 * any thread. Several processes may read one file; the first that opened it adds to it. */
#ifndef IL_CACHE_H
#define IL_CACHE_H

#include <stdbool.h>
#include <inpaintlab/image.h>
#include "base/text.h"
#include "base/sha256.h"

typedef struct il_cache il_cache;

typedef struct il_cache_opts {
    const char *folder; /* made if it is not there; NULL: no cache */
    uint64_t limit;     /* bytes that all files of the folder may take together, roughly; 0: as the disk has room */
} il_cache_opts;

/* The file of `count` pictures under FOLDER/<name>.pictures. key: all that the pixels depend on; a file of another key
 * or without a whole header is begun anew. IL_EIO when folder or file cannot be had. */
int il_cache_open(il_cache **out, const char *name, const il_digest *key, size_t count, il_cache_opts o, il_err *e);
void il_cache_free(il_cache *c);

/* Rows of a picture, as a function of its size. */
typedef struct il_band {
    int first, count;
} il_band;
typedef struct il_band_wanted {
    il_band (*of)(const void *context, int width, int height); /* NULL: all */
    const void *context;
} il_band_wanted;

typedef struct il_cached {
    il_image image, mask; /* mask empty: there is none */
    int first, height;    /* they are the rows from `first` of a picture that is so high */
} il_cached;

/* *found: picture i is there and its bytes are as they were written, which its first reading verifies, of all rows; later ones
 * read the rows that are wanted. */
int il_cache_get(bool *found, il_cached *out, il_cache *c, size_t i, il_band_wanted wanted, il_err *e);

/* Adds a picture (RGB; mask grey or empty) while there is room. What cannot be written is no error. */
void il_cache_put(il_cache *c, size_t i, const il_image *image, const il_image *mask);

/* Whether it has ceased to grow, and why. */
bool il_cache_stopped(il_cache *c, il_err *why);

#endif
