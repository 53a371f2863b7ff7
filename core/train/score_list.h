/* score_list.h - histograms of the scores of all images of a test, copied from the device in groups of batches. */
#ifndef IL_TRAIN_SCORE_LIST_H
#define IL_TRAIN_SCORE_LIST_H

#include <inpaintlab/tensor.h>
#include "store/stats/metrics.h"

/* Start with {0}; free with il_score_list_free. */
typedef struct il_score_list {
    il_tensor **waiting; /* (N,2,IL_SCORE_BINS) per batch, still on the device: 40 kB per image */
    size_t batches, pictures_waiting;
    il_scores *pictures; /* those copied so far, in order */
    il_counts *counts;   /* their counts: scores from 0.5 on are predictions */
    size_t count, room, counts_room;
} il_score_list;

/* Keeps a batch's histograms beyond the scope. Waiting ones are copied to the host only now and then. */
int il_score_list_add(il_score_list *l, il_scope *s, il_tensor *histograms, size_t pictures, il_err *e);
/* Copies all that are waiting. */
int il_score_list_read(il_score_list *l, il_err *e);
/* Image i's scores; the caller owns them afterwards. */
il_scores il_score_list_take(il_score_list *l, size_t i);
void il_score_list_free(il_score_list *l);

#endif
