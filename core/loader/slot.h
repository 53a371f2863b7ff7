/* slot.h - a place for one batch: its images are cut or taken whole. */
#ifndef IL_LOADER_SLOT_H
#define IL_LOADER_SLOT_H

#include "loader/sampling.h"

/* A batch being filled, or lent to the caller. */
typedef struct il_slot {
    uint8_t *pixels, *greys, *valid;
    il_picture whole; /* native: lent in the place of pixels and greys */
    size_t zeros;     /* native: bytes of greys, all 0, for an image without mask */
    size_t *index;
    uint64_t *stream; /* of its augmentation */
    int *place;       /* of the images at the front, where they were; by il_slot_close_gaps */
    bool *padded;
    bool *kept; /* per place: the image could be read */
    int done;   /* places filled */
    int failed; /* place of `why`; -1: none */
    il_err why;
} il_slot;

/* area: pixels of an image; 0: images come whole, one to a slot. Free with il_slot_free, also after a failure. */
int il_slot_new(il_slot *out, size_t images, size_t area, il_err *e);
void il_slot_free(il_slot *s);

/* Which sample, and how it is cut. */
typedef struct il_slot_sample {
    il_pictures *pictures;
    const il_sampling *sampling;
    int side; /* of the cut */
    size_t entry;
    int crops;                 /* entry = image * crops + crop */
    size_t number;             /* by which random choices are made: the entry, or of twins their common one */
    const il_augment *augment; /* NULL: none */
    uint64_t stream;           /* that its choices are drawn from */
    const char *id;            /* for messages */
} il_slot_sample;

/* Any thread, each place by one at a time. */
int il_slot_load(il_slot *slot, int place, const il_slot_sample *sample, il_err *e);
int il_slot_load_whole(il_slot *slot, const il_slot_sample *sample, il_err *e);

/* Of each so many images, which come together, one that could not be read leaves out all. */
void il_slot_leave_out_twins(il_slot *slot, int n, int kinds);

/* Moves the images that could be read to the front; returns their number. */
int il_slot_close_gaps(il_slot *slot, int n, int side);

#endif
