/* cache.h - decoded pictures of one source and size, kept in a file. Every function but open and free may be called from
 * any thread. Several processes may read one file; the first that opened it adds to it. */
#ifndef IL_CACHE_H
#define IL_CACHE_H

#include <stdbool.h>
#include <inpaintlab/image.h>
#include "words.h"

typedef struct il_cache il_cache;

typedef struct il_cache_opts {
    const char *folder; /* made if it is not there; NULL: no cache */
    uint64_t limit;     /* bytes that all files of the folder may take together, roughly; 0: as the disk has room */
} il_cache_opts;

/* The file of `count` pictures under FOLDER/<name>.pictures. key: all that the pixels depend on; a file of another key
 * or without a whole header is begun anew. IL_EIO when folder or file cannot be had. */
int il_cache_open(il_cache **out, const char *name, const il_digest *key, size_t count, il_cache_opts o, il_err *e);
void il_cache_free(il_cache *c);

/* Sets image, and mask where there is one, if *found: picture i is there and its bytes are as they were written. */
int il_cache_get(bool *found, il_image *image, il_image *mask, il_cache *c, size_t i, il_err *e);

/* Adds a picture (RGB; mask grey or empty) while there is room. What cannot be written is no error. */
void il_cache_put(il_cache *c, size_t i, const il_image *image, const il_image *mask);

/* Whether it has ceased to grow, and why. */
bool il_cache_stopped(il_cache *c, il_err *why);

#endif
