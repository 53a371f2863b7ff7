/* shard.h - one of several processes that divide a grid among themselves, each with a database of its own. */
#ifndef IL_CLUSTER_SHARD_H
#define IL_CLUSTER_SHARD_H

#include <stddef.h>
#include <inpaintlab/error.h>

enum { IL_SHARDS_MOST = 1000000, IL_SHARD_PATH = 4096 };

/* Number 3 of 8. count 0: nothing is divided. */
typedef struct il_shard {
    int number, count; /* number from 1 */
} il_shard;

/* "3/8"; or "slurm": the place of SLURM_ARRAY_TASK_ID in its array. Messages begin with the option's name. */
int il_shard_read(il_shard *out, const char *text, il_err *e);

/* Where a process keeps what it measures unless it is told: "results/results.shards/EXPERIMENT/0003-of-0008.sqlite" for
 * "results/results.sqlite". */
int il_shard_path(char out[IL_SHARD_PATH], const char *database, const char *experiment, il_shard shard, il_err *e);
/* The folder of that. */
int il_shard_folder(char out[IL_SHARD_PATH], const char *database, const char *experiment, il_err *e);

/* number[i], from 1, is that of the shard that item i falls to. The dearest item first, each to the shard that has least: a
 * function of the costs alone. */
int il_shard_split(int *number, const double *costs, size_t count, int shards, il_err *e);

#endif
