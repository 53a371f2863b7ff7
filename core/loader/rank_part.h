/* rank_part.h - which images of an epoch one of several processes loads: every so many places of each batch, or whole batches by
 * turns. */
#ifndef IL_LOADER_RANK_PART_H
#define IL_LOADER_RANK_PART_H

#include <stdbool.h>
#include <stddef.h>

typedef struct il_rank_part {
    int batch;      /* images in a whole batch */
    int ranks, own; /* as in il_loader_opts */
    int turns;
} il_rank_part;

/* Whether each batch is divided. */
bool il_rank_part_divides(const il_rank_part *p);

/* Whether this process loads what stands at that position of the epoch. */
bool il_rank_part_owns(const il_rank_part *p, size_t position);

/* The images of a batch that it loads, in an epoch of `total`. */
size_t il_rank_part_length(const il_rank_part *p, size_t total, size_t batch);

/* Where an image that it loads stands among its own of the batch. */
int il_rank_part_place(const il_rank_part *p, size_t position);

#endif
