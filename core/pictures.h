/* pictures.h - decoded samples of a source, kept in memory while they fit. Every function but new and free may be called
 * from any thread. */
#ifndef IL_PICTURES_H
#define IL_PICTURES_H

#include "source.h"

typedef struct il_pictures il_pictures;

/* After the collate rule, but without its padding. */
typedef struct il_picture {
    il_image image; /* RGB */
    il_image mask;  /* grey; empty: an authentic picture */
    bool lent;      /* by the cache */
} il_picture;

/* src must outlive the pictures. cache_bytes 0: nothing is kept. */
int il_pictures_new(il_pictures **out, const il_source *src, int side, size_t cache_bytes, il_err *e);
void il_pictures_free(il_pictures *p);

/* seed: of the reader's random choices; a kept picture keeps its first. Give back with il_pictures_put. A picture that could not be read is known from then on and not tried again. */
int il_pictures_get(il_picture *out, il_pictures *p, size_t i, uint64_t seed, il_err *e);
void il_pictures_put(il_picture *picture);

/* A square cut out of a picture; columns may run backwards. */
typedef struct il_window {
    int left, top;
    bool flip;
} il_window;

/* One channel of a window of side x side, each value through the table; what lies outside the picture counts as 0. */
void il_pictures_plane(float *to, int side, const il_image *from, int channel, il_window w, const float table[256]);

/* Different pictures that could not be read. */
size_t il_pictures_bad(il_pictures *p);

#endif
