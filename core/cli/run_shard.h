/* run_shard.h - the part of a grid that one of several processes runs, and whether starting it again brings it on. */
#ifndef IL_CLI_RUN_SHARD_H
#define IL_CLI_RUN_SHARD_H

#include "cli/grid.h"

typedef struct il_run_shard {
    const char *tasks; /* a job file; NULL: the split follows from the grid */
    const char *costs; /* database with the seconds of like runs; NULL: none */
    const char *known; /* database that shards are merged into; NULL: none */
} il_run_shard;

/* Checks the options, and completes them. A task of a job file has a database of its own unless one is named: room receives its
 * path. */
int il_run_shard_database(char room[IL_SHARD_PATH], il_grid_options *o, il_run_shard *how, il_err *e);

/* mine: for each run of the plan, whether this process does it. */
int il_run_shard_choose(bool *mine, const il_grid *g, const il_run_shard *how, il_shard shard, il_err *e);

/* Runs that the known database has and the shard lacks come into the shard, with their tests and weights. */
int il_run_shard_take_known(const il_grid *g, const bool *mine, const il_run_shard *how, il_err *e);

/* Notes how far a task of a job file has come. *give_up: a scheduler has restarted it twice and nothing came of it; its first run
 * that is not done is then recorded as failed. */
int il_run_shard_watch(bool *give_up, const il_grid *g, const bool *mine, const il_run_shard *how, il_err *e);

#endif
