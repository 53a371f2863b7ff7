/* merge.h - joins a database that one task of a grid filled (a shard) into another, by what its rows stand for: runs by
 * their hash, tests by their identity, experiments by their name.
 *
 * Of two runs with one hash the finished one stands; of two finished ones that of the target, and the tests that it lacks
 * are added; of two unfinished ones that which was started later. Two finished ones with different weights, as another
 * processor rounds otherwise, are a conflict: `keep` says which stands. The other's weights are kept beside it, its rows
 * stay in the shard alone. The cache of hashes of files is no result, and stays where it is.
 *
 * Files are there before the rows that tell of them, and the rows of a shard come in one transaction: a merge that was
 * killed is repeated, and one that is repeated changes nothing. */
#ifndef IL_STORE_MERGE_H
#define IL_STORE_MERGE_H

#include "store/store.h"

typedef enum il_merge_keep { IL_KEEP_UNSAID, IL_KEEP_TARGET, IL_KEEP_SHARD } il_merge_keep;

typedef struct il_merge_sum {
    size_t runs, tests; /* that came in, or took the place of others */
    size_t known;       /* runs that were there already */
    size_t conflicts;   /* runs with other weights */
    size_t lost;        /* finished runs whose weights are not beside the shard */
} il_merge_sum;

/* A shard, opened for reading, all of whose rows are what a schema promises. */
typedef struct il_merge_source il_merge_source;
int il_merge_source_open(il_merge_source **out, const char *path, il_err *e);
void il_merge_source_close(il_merge_source *shard);

/* Adds to *sum. say: is told of each conflict and of what is lost, in one line. */
typedef struct il_merge_opts {
    il_merge_keep keep;
    const char *const *only; /* hashes of runs, no others come in; ends with NULL; NULL: all */
    void (*say)(void *context, const char *line);
    void *context;
} il_merge_opts;
int il_merge(il_merge_sum *sum, il_store *target, const il_merge_source *shard, const il_merge_opts *opts, il_err *e);

#endif
