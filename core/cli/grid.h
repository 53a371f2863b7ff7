/* grid.h - what `plan` and `run` share: some options, and a grid opened with its registry and database. */
#ifndef IL_CLI_GRID_H
#define IL_CLI_GRID_H

#include "cli/cli.h"
#include "cluster/shard.h"
#include "plan/plan.h"
#include "plan/study.h"
#include "plugin/registry.h"
#include "store/run_files.h"
#include "train/job.h"

typedef struct il_grid_options {
    const char *database, *only;
    il_texts set;
    bool trust;
    il_shard shard; /* that has a database of its own, unless one is named; count 0: none */
} il_grid_options;

#define IL_GRID_ONLY(type, member)                                                                                     \
    {                                                                                                                  \
        "--only GLOB", "only runs whose name matches, as in --only 'model=nix*'", IL_INTO(type, member)                \
    }
#define IL_GRID_SET(type, member)                                                                                      \
    {                                                                                                                  \
        "--set KEY=VALUE", "override one key of the grid's base, as in --set train.epochs=3; may be repeated",         \
            IL_INTO(type, member)                                                                                      \
    }

typedef struct il_grid {
    il_registry *registry;
    il_plan *plan;
    il_store *store;
    char database[IL_SHARD_PATH];
    bool absent;        /* there is no database and none is created: the store is in memory */
    il_run_path folder; /* of runs, beside the database */
} il_grid;

/* To look at it, trusted only with o->trust; to run it, with the plugins that it names by path, and a database created if there is
 * none; to follow another process that runs it, which alone writes. */
typedef enum il_grid_use { IL_GRID_LOOK, IL_GRID_RUN, IL_GRID_FOLLOW } il_grid_use;
int il_grid_open(il_grid *out, const char *path, const il_grid_options *o, il_grid_use use, il_err *e);
void il_grid_close(il_grid *g);

/* The grids of a file: those that it lists, or itself. Where there are several, each of them is read, so that a mistake in the last
 * one is found before the first one is run, and two of one experiment are; what is meant for one grid is refused, --only and --shard. */
int il_grid_list(il_study *out, const char *path, const il_grid_options *o, il_grid_use use, il_err *e);

#endif
