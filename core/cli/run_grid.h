/* run_grid.h - trains and tests the unfinished part of one grid, alone or as one of several processes. */
#ifndef IL_CLI_RUN_GRID_H
#define IL_CLI_RUN_GRID_H

#include "cli/grid.h"
#include "cli/run_shard.h"
#include "parallel/world.h"

typedef struct il_run_grid_options {
    il_grid_options grid;
    const char *device, *cache;
    int threads, loader_threads, memory_mib, retries;
    double cache_gib, checkpoint_seconds;
    bool examples, quiet, failed;
    il_run_shard shard;
} il_run_grid_options;

/* What it came to. */
typedef struct il_run_grid_sum {
    size_t trained, tested, skipped, failed, busy;
    size_t reached;          /* runs that were begun or looked at */
    size_t given_up, passed; /* failed too often; not failed, with --failed */
} il_run_grid_sum;

/* Prints the sums, after the experiment's name where it is one of several, and what failed. stop: the signal that asks to stop, or 0.
 * Errors are those that end it; failed runs are counted. */
int il_run_grid(il_run_grid_sum *sum, const char *path, bool several, il_run_grid_options *o, il_world *world,
                const volatile int *stop, il_err *e);

#endif
