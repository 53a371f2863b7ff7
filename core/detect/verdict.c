/* verdict.c - verdict, image-level score and the interval of a rate. */
#include <math.h>
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

enum { STEPS = 255 * 36 }; /* 36: the smallest number that 9, 6, 4, 3, 2 and 1 neighbours divide */

static int mean_at(const il_image *s, int x, int y)
{
    int sum = 0, count = 0;
    for (int v = y > 0 ? y - 1 : 0; v <= y + 1 && v < s->height; v++)
        for (int u = x > 0 ? x - 1 : 0; u <= x + 1 && u < s->width; u++) {
            sum += s->pixels[(size_t)v * (size_t)s->width + (size_t)u];
            count++;
        }
    return sum * (36 / count);
}

double il_verdict_score(const il_image *score)
{
    int64_t histogram[STEPS + 1] = { 0 };
    for (int y = 0; y < score->height; y++)
        for (int x = 0; x < score->width; x++)
            histogram[mean_at(score, x, y)]++;
    int64_t pixels = (int64_t)score->width * score->height, above = 0;
    int64_t allowed = pixels / 1000; /* pixels that may be above */
    int step = STEPS;
    while (step > 0 && above + histogram[step] <= allowed)
        above += histogram[step--];
    return (double)step / STEPS;
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
