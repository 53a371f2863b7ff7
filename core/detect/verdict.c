/* verdict.c - verdict, image-level score and the interval of a rate. */
#include <math.h>
#include <stdlib.h>
#include "detect/verdict.h"

const char *il_verdict_text(il_verdict v)
{
    static const char *const texts[] = { "nothing found", "region", "whole image", "uncertain" };
    return texts[v];
}

bool il_verdict_found(il_verdict v)
{
    return v == IL_VERDICT_REGION || v == IL_VERDICT_WHOLE;
}

il_verdict il_verdict_of(double share, size_t regions)
{
    if (share > IL_VERDICT_WHOLE_SHARE)
        return IL_VERDICT_WHOLE;
    return regions ? IL_VERDICT_REGION : IL_VERDICT_NOTHING;
}

/* The largest sum of `width` neighbours. */
static int64_t largest_sum(const int *column, int count, int width)
{
    int64_t sum = 0, most = 0;
    for (int x = 0; x < count; x++) {
        sum += column[x] - (x >= width ? column[x - width] : 0);
        most = x >= width - 1 && sum > most ? sum : most;
    }
    return most;
}

int il_verdict_score(double *out, const il_image *score, il_err *e)
{
    int wide = score->width < IL_VERDICT_WINDOW ? score->width : IL_VERDICT_WINDOW;
    int high = score->height < IL_VERDICT_WINDOW ? score->height : IL_VERDICT_WINDOW;
    size_t width = (size_t)score->width;
    int *column = calloc(width, sizeof *column); /* sums of the last `high` rows */
    int64_t most = 0;
    if (!column)
        return il_fail_oom(e);
    for (int y = 0; y < score->height; y++) {
        const uint8_t *row = score->pixels + (size_t)y * width;
        const uint8_t *gone = y >= high ? row - (size_t)high * width : NULL;
        for (size_t x = 0; x < width; x++)
            column[x] += row[x] - (gone ? gone[x] : 0);
        int64_t sum = y >= high - 1 ? largest_sum(column, score->width, wide) : 0;
        most = sum > most ? sum : most;
    }
    free(column);
    *out = (double)most / (255.0 * wide * high);
    return IL_OK;
}

il_share_interval il_verdict_wilson(int64_t hits, int64_t count)
{
    const double z = 1.959963984540054; /* the normal distribution's 97.5th percentile */
    if (count <= 0)
        return (il_share_interval){ 0, 1 };
    double n = (double)count, p = (double)hits / n, z2 = z * z;
    double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
    double half = z / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n));
    double low = middle - half, high = middle + half;
    return (il_share_interval){ hits == 0 || low < 0 ? 0 : low, hits == count || high > 1 ? 1 : high };
}
