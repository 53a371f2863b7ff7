/* histogram.h - histograms of the scores of an image's pixels: 256 bins, their encoding, and the metrics of a pair of
 * them, one over tampered and one over clean pixels. */
#ifndef IL_STORE_STATS_HISTOGRAM_H
#define IL_STORE_STATS_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <inpaintlab/error.h>

enum { IL_BINS = 256, IL_HISTOGRAM_BYTES = IL_BINS * 9 }; /* longest encoding */

/* Bin b counts the scores in (b/256, (b+1)/256]; bin 0 also those of 0. So "score > k/256" is "bin >= k". The sum
 * of all bins is at most INT64_MAX. */
typedef struct il_bins {
    int64_t bins[IL_BINS];
} il_bins;

/* The encoding: the 256 counts in order, each as LEB128 (seven bits per byte, low bits first, the top bit says that
 * more follow). Returns its size; a negative count is a bug of the caller. */
size_t il_histogram_encode(unsigned char to[IL_HISTOGRAM_BYTES], const int64_t bins[IL_BINS]);
/* IL_EFORMAT for an invalid encoding. */
int il_histogram_decode(il_bins *out, const void *bytes, size_t size);
/* IL_EFORMAT when the sum would overflow; *sum is then unchanged. */
int il_histogram_add(il_bins *sum, const il_bins *more);

int64_t il_histogram_pixels(const il_bins *h);
/* Pixels with score > threshold: exact for thresholds k/256, otherwise for the nearest of them. */
int64_t il_histogram_above(const il_bins *h, double threshold);
/* The upper edge of the highest non-empty bin; NAN when all are empty. */
double il_histogram_highest(const il_bins *h);

/* ---- of pairs; NAN where undefined ---- */

/* Area under the ROC curve of the binned scores, ties counting half; undefined without both kinds of pixels. */
double il_histogram_auc(const il_bins *tampered, const il_bins *clean);
/* Average precision: sum of precision times gain in recall, bin by bin from the top; undefined without tampered pixels. */
double il_histogram_ap(const il_bins *tampered, const il_bins *clean);
/* The best F1 over the thresholds k/256, k = 0..256; undefined without tampered pixels. *threshold (may be NULL) is the
 * lowest that attains it; at 0 every pixel is marked. */
double il_histogram_best_f1(double *threshold, const il_bins *tampered, const il_bins *clean);
/* The same for the inverted map, where pixels at or below the threshold are marked. */
double il_histogram_best_f1_inverted(const il_bins *tampered, const il_bins *clean);

#endif
