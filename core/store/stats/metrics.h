/* metrics.h - IoU and its conventions, from counts. Undefined values are NAN, never 0. */
#ifndef IL_STORE_STATS_METRICS_H
#define IL_STORE_STATS_METRICS_H

#include <stddef.h>
#include <stdint.h>

typedef struct il_counts {
    int64_t tp, fp, fn, tn; /* pixels */
} il_counts;

/* The scores of one image's pixels: the encodings of two histograms (stats/histogram.h) in one block, first over
 * tampered pixels, then over clean ones. bytes NULL: not counted. */
typedef struct il_scores {
    unsigned char *bytes;
    size_t tampered, clean; /* sizes */
} il_scores;

void il_metrics_add(il_counts *sum, il_counts more);

/* tp / (tp + fp + fn); NAN when no pixel is inpainted and none is marked. */
double il_metrics_iou(il_counts c);

double il_metrics_f1(il_counts c); /* 2 tp / (2 tp + fp + fn); likewise */

/* Share of all pixels that is marked; NAN when there are none. */
double il_metrics_marked(il_counts c);

/* What a collapsed model marks of the validation pictures, whatever they show; NONE where that is right. */
typedef enum il_collapse { IL_COLLAPSE_NONE, IL_COLLAPSE_NOTHING, IL_COLLAPSE_EVERYTHING } il_collapse;
il_collapse il_metrics_collapse(il_counts c);
const char *il_metrics_collapse_name(il_collapse c); /* "nothing", "everything"; NULL for NONE */

/* The published convention: mean over batches of the IoU of the whole flattened batch; an undefined batch counts 0, as
 * scikit-learn's jaccard_score does. */
typedef struct il_batch_mean {
    double sum;
    int64_t batches;
} il_batch_mean;
void il_metrics_batch(il_batch_mean *m, il_counts batch);
double il_metrics_batch_mean(il_batch_mean m);

/* Early stopping as published: stop after `patience` epochs in a row whose validation loss did not fall below the best. Of what is
 * better where it is higher, the negative value stands in place of the loss. */
typedef struct il_early {
    double best;    /* lowest validation loss; INFINITY at first */
    int best_epoch; /* from 1; 0: none yet */
    int waited;     /* epochs since the best one */
} il_early;
il_early il_metrics_early(void);
/* Adds one epoch's loss; returns 1 when it is a new best. NAN never is. */
int il_metrics_early_add(il_early *w, int epoch, double loss);
int il_metrics_early_stop(const il_early *w, int patience); /* patience 0: never */

#endif
