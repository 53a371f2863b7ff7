/* sample_stats.h - what one sample's files contain. */
#ifndef IL_DATASET_SAMPLE_STATS_H
#define IL_DATASET_SAMPLE_STATS_H

#include "base/sha256.h"
#include "base/text.h"
#include "dataset/listing.h"

typedef struct il_sample_stats {
    int width[IL_PICTURE_KINDS], height[IL_PICTURE_KINDS]; /* 0: absent or unreadable */
    char *why[IL_PICTURE_KINDS];                           /* unreadable: why, without the path */
    /* not set in fast mode from here on */
    il_digest sha256[IL_PICTURE_KINDS]; /* "": absent or unreadable */
    bool is_original[IL_PICTURE_KINDS]; /* has the pixels of the original */
    size_t outside[IL_PICTURE_KINDS];   /* pixels that differ from the original where they must not */
    size_t outside_area
        [IL_PICTURE_KINDS]; /* those pixels: where the mask is 0 (realfake, fakefake), below 255 (exchanged) */
    bool has_mask, between; /* between: grey levels other than 0 and 255 */
    int most;               /* highest grey level */
    double area, core;      /* shares of pixels: grey above 0; grey 255 */
    int look_kind;          /* the image that represents the sample; -1: none */
    bool has_look;
    uint64_t look; /* its perceptual hash */
} il_sample_stats;

/* The original, or else the first of realfake, fakefake, inpainted and the later kinds; -1: there is none. */
int il_sample_stats_kind(const il_listed *s);

/* fast: headers only. Fails only when out of memory; problems with files are part of the result. */
int il_sample_stats_sample(il_sample_stats *out, const il_listed *s, bool fast, il_err *e);
void il_sample_stats_clear(il_sample_stats *m);

#endif
