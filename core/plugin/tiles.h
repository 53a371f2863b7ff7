/* tiles.h - one side of a picture as overlapping tiles, and how much each tile counts at each pixel. */
#ifndef IL_DETECT_TILES_H
#define IL_DETECT_TILES_H

#include <inpaintlab/error.h>

typedef struct il_axis {
    int side, tile, count;
    int *start;    /* count, rising; the first is 0, the last tile ends where the side ends (or begins at 0) */
    float *weight; /* count x tile; over all tiles they sum to 1 at each pixel of the side, and are 0 beyond it */
} il_axis;

/* overlap < tile. Starts but the last are multiples of 8, as JPEG blocks and latent pixels are. */
int il_tiles_axis(il_axis *out, int side, int tile, int overlap, il_err *e);
void il_tiles_free(il_axis *a);

#endif
