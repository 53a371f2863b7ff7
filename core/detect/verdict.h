/* verdict.h - the verdict on a whole image. */
#ifndef IL_DETECT_VERDICT_H
#define IL_DETECT_VERDICT_H

#include <stdbool.h>
#include "detect/regions.h"

/* Uncertain: the detector cannot tell. */
typedef enum il_verdict { IL_VERDICT_NOTHING, IL_VERDICT_REGION, IL_VERDICT_WHOLE, IL_VERDICT_UNCERTAIN } il_verdict;

/* "nothing found", "region", "whole image", "uncertain" */
const char *il_verdict_text(il_verdict v);
bool il_verdict_found(il_verdict v); /* a region, or the whole image */

/* The verdict by the marks alone. If more than this share is marked: the whole image. An image that was generated,
 * or only went through the generator's autoencoder, is marked everywhere. */
#define IL_VERDICT_WHOLE_SHARE 0.9

il_verdict il_verdict_of(double share, size_t regions);

/* Pixels of the smallest region that counts, where nothing else is asked for: the 8x8 pixels that one value of the latent
 * image of Stable Diffusion becomes. */
enum { IL_VERDICT_WINDOW = 8, IL_VERDICT_LEAST = IL_VERDICT_WINDOW * IL_VERDICT_WINDOW };

/* Name of il_verdict_score's convention in results. */
#define IL_VERDICT_CONVENTION "max_mean_8x8"

/* The largest mean score of a window of 8x8 pixels that lies in the picture (of fewer where a side is shorter). What else
 * the picture shows does not lower it, whatever its size. */
int il_verdict_score(double *out, const il_image *score, il_err *e);

typedef struct il_share_interval {
    double low, high;
} il_share_interval;

/* Wilson's 95 % interval for `hits` of `count`; 0 to 1 when there are none. */
il_share_interval il_verdict_wilson(int64_t hits, int64_t count);

#endif
