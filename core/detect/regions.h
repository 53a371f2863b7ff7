/* regions.h - connected components of marked pixels. */
#ifndef IL_DETECT_REGIONS_H
#define IL_DETECT_REGIONS_H

#include <stdint.h>
#include <inpaintlab/image.h>

typedef struct il_region {
    int left, top, width, height; /* bounding box */
    int64_t area;                 /* pixels */
    double score;                 /* mean probability over them */
} il_region;

typedef struct il_regions {
    il_region *list; /* the largest, largest first; of equal ones the upper, then the left one */
    size_t listed, room;
    size_t count; /* all that are large enough */
} il_regions;

typedef struct il_regions_opts {
    int64_t least; /* pixels of the smallest one that counts */
    size_t most;   /* listed */
} il_regions_opts;

/* Pixels that touch at a side or a corner are connected. mask and score have one channel and equal sizes; 0 in mask
 * is unmarked. Memory grows only with the width. */
int il_regions_find(il_regions *out, const il_image *mask, const il_image *score, il_regions_opts o, il_err *e);
void il_regions_free(il_regions *r);

#endif
