/* pictures.h - decoded samples of a source, cached in memory while they fit, else in a file. All functions except new
 * and free may be called from any thread. */
#ifndef IL_LOADER_PICTURES_H
#define IL_LOADER_PICTURES_H

#include "loader/disk_cache.h"
#include "loader/source.h"

typedef struct il_pictures il_pictures;

/* A sample at its size, without padding. */
typedef struct il_picture {
    il_image image;    /* RGB */
    il_image mask;     /* grey; empty: an authentic image */
    int first, height; /* first row included, and height of the whole image */
    bool lent;         /* owned by the cache */
} il_picture;

typedef struct il_pictures_opts {
    il_sizing fit;
    int side;                /* of pad and resize */
    size_t cache_bytes;      /* 0: no cache in memory */
    il_disk_cache_opts disk; /* for sources that may not fit into cache_bytes */
} il_pictures_opts;

/* src must outlive the pictures. */
int il_pictures_new(il_pictures **out, il_source *src, il_pictures_opts o, il_err *e);
void il_pictures_free(il_pictures *p);

/* seed: of the reader's random choices; a cached image keeps its first. At least the requested rows are present.
 * Release with il_pictures_put. An unreadable image is remembered and not tried again. */
int il_pictures_get(il_picture *out, il_pictures *p, size_t i, uint64_t seed, il_band_wanted wanted, il_err *e);
void il_pictures_put(il_picture *picture);

/* Whether the disk cache has stopped growing, and why. */
bool il_pictures_stopped(il_pictures *p, il_err *why);

/* Number of distinct images that could not be read. */
size_t il_pictures_bad(il_pictures *p);
void il_pictures_mark_bad(il_pictures *p, bool *bad); /* sets bad[i] for each */

#endif
