/* source_parts.h - what a source is made of; for the files source*.c alone. */
#ifndef IL_LOADER_SOURCE_PARTS_H
#define IL_LOADER_SOURCE_PARTS_H

#include "base/dependencies.h"
#include "base/sha256.h"
#include "image/degradation.h"
#include "image/mask_file.h"
#include "plan/mixture.h"
#include "plan/run.h"
#include "plugin/items.h"

/* One image kind of a source. */
struct part {
    char *images;
    bool sharp; /* of its masks only 255 counts */
    il_truth truth;
    double share; /* of its items; which, il_share_choose tells */
    void *self;   /* the plugin's instance, which may keep state from its scan */
    bool open;
    il_items *items;
};

struct sample {
    il_item item;          /* its id is owned; all else is borrowed from the part */
    const il_item *listed; /* as listed by the plugin */
    const struct part *part;
    char sha256[65];       /* of the image file; "": not known */
    char *photo;           /* that it was cut from, by a manifest; owned; NULL: not known */
    char photo_sha256[65]; /* of the photo's file, likewise; "": not known */
    int width, height;     /* of the image file; 0: not known. These are filled by il_source_digest */
    il_mask_levels levels; /* of the mask; none: not known, or no mask */
    bool levels_changed;   /* by the rule by which masks are read */
};

/* Frees what it owns. */
void il_sample_drop(struct sample *s);

struct il_source {
    struct il_source *plain;    /* NULL, or the undegraded source; all pointers below are then borrowed from it */
    il_degradation degradation; /* applied when a sample is read */
    const il_choice *dataset;
    il_missing missing;
    il_mask_channel channel; /* of the data set's masks */
    struct part *parts;
    size_t nparts;
    struct sample *samples;
    size_t count;
    il_uses uses; /* dependencies common to all samples */
    bool hashed, loaded, photos_read;
    il_digest digest;
};

#endif
