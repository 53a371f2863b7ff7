/* grid.h - what `plan` and `run` share: their options, and a grid opened with its registry and database. */
#ifndef IL_GRID_H
#define IL_GRID_H

#include "job.h"

enum { IL_GRID_MOST_SETS = 64 };

typedef struct il_grid_options {
    const char *path, *database, *only, *device;
    const char *set[IL_GRID_MOST_SETS + 1]; /* ends with NULL */
    int threads, loader_threads;
    il_cache_opts disk;
    double checkpoint_seconds;
    bool examples, quiet, help;
} il_grid_options;

/* Reads the command line. IL_EUSAGE says what is wrong. */
int il_grid_options_read(il_grid_options *out, int argc, char **argv, il_err *e);

typedef struct il_grid {
    il_registry *registry;
    il_plan *plan;
    il_store *store; /* NULL when there is no database and none is made */
    char folder[4000]; /* of runs, beside the database */
} il_grid;

/* write: make the database when there is none. */
int il_grid_open(il_grid *out, const il_grid_options *o, bool write, il_err *e);
void il_grid_close(il_grid *g);

#endif
