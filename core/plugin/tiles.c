/* tiles.c - positions and blending weights of tiles. */
#include <math.h>
#include <stdlib.h>
#include "plugin/tiles.h"

enum { GRID = 8 };

/* A weight that rises smoothly over `ramp` pixels from each end of the tile; never 0. */
static double window(int i, int tile, int ramp)
{
    int inward = i < tile - 1 - i ? i : tile - 1 - i;
    double u = (inward + 0.5) / ramp;
    double s = u < 1 ? sin(u * acos(0)) : 1; /* acos(0) is pi/2 */
    return s * s;
}

/* Normalises the weights so that they sum to 1 at every pixel. */
static void fill_weights(il_axis *a, const double *shape, double *sum)
{
    for (int x = 0; x < a->side; x++)
        sum[x] = 0;
    for (int t = 0; t < a->count; t++)
        for (int i = 0; i < a->tile && a->start[t] + i < a->side; i++)
            sum[a->start[t] + i] += shape[i];
    for (int t = 0; t < a->count; t++)
        for (int i = 0; i < a->tile; i++) {
            int x = a->start[t] + i;
            a->weight[(size_t)t * (size_t)a->tile + (size_t)i] = x < a->side ? (float)(shape[i] / sum[x]) : 0;
        }
}

int il_tiles_axis(il_axis *out, int side, int tile, int overlap, il_err *e)
{
    if (side < 1 || tile < 1 || overlap < 0 || overlap >= tile)
        return il_fail(e, IL_EPARAM,
                       "tiles of %d pixels with an overlap of %d on a side of %d; the overlap must be less "
                       "than the tile",
                       tile, overlap, side);
    int step = tile - overlap;
    if (step > GRID)
        step -= step % GRID;
    il_axis a = { .side = side, .tile = tile, .count = side > tile ? (side - tile + step - 1) / step + 1 : 1 };
    size_t count = (size_t)a.count;
    a.start = calloc(count, sizeof *a.start);
    a.weight = malloc(count * (size_t)tile * sizeof *a.weight);
    double *shape = malloc((size_t)tile * sizeof *shape), *sum = malloc((size_t)side * sizeof *sum);
    int rc = a.start && a.weight && shape && sum ? IL_OK : il_fail_oom(e);
    if (!rc) {
        for (int t = 0; t < a.count; t++)
            a.start[t] = t < a.count - 1 ? t * step : side > tile ? side - tile : 0;
        for (int i = 0; i < tile; i++)
            shape[i] = window(i, tile, overlap > 0 ? overlap : 1);
        fill_weights(&a, shape, sum);
        *out = a;
        a = (il_axis){ 0 };
    }
    free(sum);
    free(shape);
    il_tiles_free(&a);
    return rc;
}

void il_tiles_free(il_axis *a)
{
    free(a->start);
    free(a->weight);
    *a = (il_axis){ 0 };
}
