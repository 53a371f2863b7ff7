/* histogram.h - how many pixels of a picture have which score: 256 bins, their code as bytes, and what follows from a pair
 * of them, one over truly tampered pixels and one over clean ones. */
#ifndef IL_HISTOGRAM_H
#define IL_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <inpaintlab/error.h>

enum { IL_BINS = 256, IL_HISTOGRAM_BYTES = IL_BINS * 9 }; /* the longest code */

/* Bin b counts the scores in (b/256, (b+1)/256]; bin 0 also those of 0. So "score > k/256" is "bin >= k". All bins
 * together hold at most INT64_MAX. */
typedef struct il_bins {
    int64_t bins[IL_BINS];
} il_bins;

/* The code: the 256 counts in order, each as LEB128 (seven bits a byte, low ones first, the top bit says that more
 * follows). Returns its size; a negative count is a bug of the caller. */
size_t il_histogram_encode(unsigned char to[IL_HISTOGRAM_BYTES], const int64_t bins[IL_BINS]);
/* IL_EFORMAT for anything that is no such code. */
int il_histogram_decode(il_bins *out, const void *bytes, size_t size);
/* IL_EFORMAT when the sum would overflow; then *sum is as it was. */
int il_histogram_add(il_bins *sum, const il_bins *more);

int64_t il_histogram_pixels(const il_bins *h);
/* Pixels with score > threshold: exact where the threshold is k/256, else that of the nearest such. */
int64_t il_histogram_above(const il_bins *h, double threshold);
/* The upper edge of the highest bin that holds a pixel; NAN when there is none. */
double il_histogram_highest(const il_bins *h);

/* ---- of pairs; NAN where undefined ---- */

/* Area under the ROC curve of the binned scores, ties counting half; undefined without both kinds of pixels. */
double il_histogram_auc(const il_bins *tampered, const il_bins *clean);
/* Average precision: sum of precision times gain in recall, bin by bin from the top; undefined without tampered pixels. */
double il_histogram_ap(const il_bins *tampered, const il_bins *clean);
/* The best F1 over the thresholds k/256, k = 0..256; undefined without tampered pixels. *threshold (NULL is allowed) is
 * the lowest that attains it; at 0 every pixel is marked. */
double il_histogram_best_f1(double *threshold, const il_bins *tampered, const il_bins *clean);
/* The same of the map upside down, where pixels at or below the threshold are marked. */
double il_histogram_best_f1_inverted(const il_bins *tampered, const il_bins *clean);

#endif
