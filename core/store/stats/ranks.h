/* ranks.h - ranks of values from 1, where equal values share their mean rank. */
#ifndef IL_STORE_STATS_RANKS_H
#define IL_STORE_STATS_RANKS_H

#include <stdbool.h>
#include "store/stats/stats.h"

typedef struct il_ranked {
    double value, rank;
    bool mark; /* free for the caller's use */
} il_ranked;

/* Sorts x by value and fills in the ranks; returns the sum of t^3 - t over groups of t equal values. */
double il_ranks(il_ranked *x, size_t n);

#endif
