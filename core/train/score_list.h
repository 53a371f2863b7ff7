/* scores.h - the scores of all pictures of a test, batch by batch from the device, kept as bytes. */
#ifndef IL_SCORES_H
#define IL_SCORES_H

#include <inpaintlab/tensor.h>
#include "store/stats/metrics.h"

/* Start with {0}; free with il_scores_free. */
typedef struct il_score_list {
    il_tensor **waiting; /* (N,2,256) per batch, still on the device: 4 kB a picture */
    size_t batches, pictures_waiting;
    il_scores *pictures; /* those read; in order */
    il_counts *counts;   /* theirs: the scores from 0.5 on are what was predicted */
    size_t count, room, counts_room;
} il_score_list;

/* Takes a batch's histograms over from the scope. Only now and then are those that wait copied to the host. */
int il_scores_add(il_score_list *l, il_scope *s, il_tensor *histograms, size_t pictures, il_err *e);
/* Reads all that wait. */
int il_scores_read(il_score_list *l, il_err *e);
/* Picture i's, which belongs to the caller then. */
il_scores il_scores_take(il_score_list *l, size_t i);
void il_scores_free(il_score_list *l);

#endif
