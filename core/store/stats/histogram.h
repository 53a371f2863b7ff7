/* histogram.h - histograms of the scores of an image's pixels: their bins, their encoding, and the metrics of a pair of
 * them, one over tampered and one over clean pixels. */
#ifndef IL_STORE_STATS_HISTOGRAM_H
#define IL_STORE_STATS_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <inpaintlab/error.h>
#include "base/score_bins.h"

/* How a histogram's bins are laid out. Bin b counts the scores above its lower edge up to its upper one, bin 0 also those of 0.
 * So "score > edge k" is "bin >= k". 0.5 is an edge of both. */
typedef enum il_bins_layout {
    IL_BINS_EQUAL, /* 256 equal ones, of tests made before there were others */
    IL_BINS_LOGIT  /* those of base/score_bins.h, over the score's logit */
} il_bins_layout;

enum {
    IL_EQUAL_BINS = 256,
    IL_MOST_BINS = IL_SCORE_BINS,
    IL_HISTOGRAM_BYTES = 3 + IL_MOST_BINS * 12 /* at least the longest encoding */
};

/* The sum of all bins is at most INT64_MAX; those that the layout lacks are 0. */
typedef struct il_bins {
    int64_t bins[IL_MOST_BINS];
    il_bins_layout layout;
} il_bins;

int il_bins_count(il_bins_layout layout);
/* The score at edge 0 to il_bins_count, from 0 to 1. */
double il_bins_edge(il_bins_layout layout, int edge);

/* The encoding. Equal bins: their 256 counts in order, each as LEB128 in its shortest form (seven bits per byte, low bits
 * first, the top bit says that more follow). Over the logit: the bytes 80 00 01, with which no other histogram can begin, then
 * bits as histogram_code.c writes them. Returns its size; a negative count is a bug of the caller. */
size_t il_histogram_encode(unsigned char to[IL_HISTOGRAM_BYTES], const il_bins *h);
/* IL_EFORMAT for an invalid encoding. */
int il_histogram_decode(il_bins *out, const void *bytes, size_t size);
/* IL_EFORMAT when the sum would overflow, or the layouts differ; *sum is then unchanged. */
int il_histogram_add(il_bins *sum, const il_bins *more);

int64_t il_histogram_pixels(const il_bins *h);
/* Pixels with score > threshold: exact for thresholds that are edges, otherwise for the nearest of them. */
int64_t il_histogram_above(const il_bins *h, double threshold);
/* The upper edge of the highest non-empty bin; NAN when all are empty. */
double il_histogram_highest(const il_bins *h);

/* ---- of pairs of one layout; NAN where undefined ---- */

/* Area under the ROC curve of the binned scores, ties counting half; undefined without both kinds of pixels. */
double il_histogram_auc(const il_bins *tampered, const il_bins *clean);
/* Average precision: sum of precision times gain in recall, from the top; undefined without tampered pixels. Equal bins: bin
 * by bin, as if the scores in a bin were the same. Over the logit so only where both neighbours of a bin are empty; else the
 * mean over all orders of the bin's pixels. */
double il_histogram_ap(const il_bins *tampered, const il_bins *clean);
/* The best F1 over all edges as thresholds; undefined without tampered pixels. *threshold (may be NULL) is the
 * lowest that attains it; at 0 every pixel is marked. */
double il_histogram_best_f1(double *threshold, const il_bins *tampered, const il_bins *clean);
/* The same for the inverted map, where pixels at or below the threshold are marked. */
double il_histogram_best_f1_inverted(const il_bins *tampered, const il_bins *clean);

#endif
