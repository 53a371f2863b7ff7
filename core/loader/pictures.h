/* pictures.h - decoded samples of a source, kept in memory while they fit, else in a file. Every function but new and free
 * may be called from any thread. */
#ifndef IL_PICTURES_H
#define IL_PICTURES_H

#include "loader/disk_cache.h"
#include "loader/source.h"

typedef struct il_pictures il_pictures;

/* After the collate rule, but without its padding. */
typedef struct il_picture {
    il_image image;    /* RGB */
    il_image mask;     /* grey; empty: an authentic picture */
    int first, height; /* they are the rows from `first` of a picture that is so high */
    bool lent;         /* by the cache */
} il_picture;

typedef struct il_pictures_opts {
    int side;           /* of the collate rule */
    size_t cache_bytes; /* 0: nothing is kept in memory */
    il_cache_opts disk; /* for sources of files that may not fit into cache_bytes */
} il_pictures_opts;

/* src must outlive the pictures. */
int il_pictures_new(il_pictures **out, il_source *src, il_pictures_opts o, il_err *e);
void il_pictures_free(il_pictures *p);

/* seed: of the reader's random choices; a kept picture keeps its first. At least the rows that are wanted are there. Give
 * back with il_pictures_put. A picture that could not be read is known from then on and not tried again. */
int il_pictures_get(il_picture *out, il_pictures *p, size_t i, uint64_t seed, il_band_wanted wanted, il_err *e);
void il_pictures_put(il_picture *picture);

/* Whether the file has ceased to grow, and why. */
bool il_pictures_stopped(il_pictures *p, il_err *why);

/* Different pictures that could not be read. */
size_t il_pictures_bad(il_pictures *p);

#endif
