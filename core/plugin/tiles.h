/* tiles.h - divides one side of an image into overlapping tiles, with each tile's weight at each pixel. */
#ifndef IL_PLUGIN_TILES_H
#define IL_PLUGIN_TILES_H

#include <inpaintlab/error.h>

typedef struct il_axis {
    int side, tile, count;
    int *start;    /* count, ascending; the first is 0, the last tile ends at the end of the side (or starts at 0) */
    float *weight; /* count x tile; they sum to 1 at each pixel of the side, and are 0 beyond it */
} il_axis;

/* overlap < tile. All starts but the last are multiples of 8, to align with JPEG blocks and latent pixels. */
int il_tiles_axis(il_axis *out, int side, int tile, int overlap, il_err *e);
void il_tiles_free(il_axis *a);

#endif
