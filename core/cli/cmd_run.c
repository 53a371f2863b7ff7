/* cmd_run.c - inpaintlab run: trains and tests the unfinished part of a grid. */
#include <stdio.h>
#include "cli/progress.h"
#include "cli/run_grid.h"
#include "image/budget.h"

enum { STOPPED = 75 /* EX_TEMPFAIL: to be started again */ };

/* Below 0: an error. */
static int status_of(const il_run_grid_options *o, const il_run_grid_sum *sum, int rc)
{
    /* a task alone has its shard: who holds it is its own process, killed on a node that is gone */
    bool held = o->shard.tasks && (rc == IL_EBUSY || (!rc && sum->busy));
    if (held || (rc == IL_ECANCEL && il_progress_bar_was_warned()))
        return STOPPED;
    return rc ? rc : sum->failed || sum->busy || sum->given_up ? 1 : 0;
}

/* Each grid of the file in turn, until an error ends one. *status: 1 where one did not come to its end, or what an error ended with. */
static int run_all(int *status, const char *path, il_run_grid_options *o, il_world *world, const volatile int *stop,
                   il_err *e)
{
    il_study study = { 0 };
    il_grid_use use = il_world_own(world) == 0 ? IL_GRID_RUN : IL_GRID_FOLLOW;
    int rc = il_world_agree(world, il_grid_list(&study, path, &o->grid, use, e), e);
    *status = rc;
    for (size_t i = 0; i < study.count && !rc; i++) {
        il_run_grid_sum sum = { 0 };
        rc = il_run_grid(&sum, study.grids[i], study.count > 1, o, world, stop, e);
        int own = status_of(o, &sum, rc);
        *status = rc || own ? own : *status;
    }
    il_study_free(&study);
    return rc;
}

static int run(void *options, const char *const *words, il_err *e)
{
    il_run_grid_options *o = options;
    il_world *world = NULL;
    const volatile int *stop = il_progress_bar_signals(); /* a warning must not find us unprepared */
    il_progress_bar_heed_warning(o->grid.shard.count > 0);
    il_budget_set((uint64_t)o->memory_mib << 20);
    int rc = il_world_open(&world, e), status = rc;
    if (!rc)
        rc = run_all(&status, words[0], o, world, stop, e);
    bool second = il_world_launched_second();   /* the first one speaks for all */
    if (rc && !second && (world || status > 0)) /* now: the launcher may end what takes its time to leave */
        fprintf(stderr, "inpaintlab: %s\n", e->message);
    il_world_close(world);
    bool told = world || second;
    return status < 0 && told ? (rc == IL_EUSAGE ? 2 : 1) : status;
}

static int read_shard(void *options, const char *text, il_err *e)
{
    il_run_grid_options *o = options;
    return il_shard_read(&o->grid.shard, text, e);
}

#define INTO(member) IL_INTO(il_run_grid_options, member)

static const il_option table[] = {
    { "--db FILE",
      "database (default " IL_CLI_DATABASE ", or a shard of its own); weights and checkpoints are stored in the folder "
      "`runs` beside it",
      INTO(grid.database) },
    { "--shard I/N",
      "only the I-th of N parts of the grid (I from 1), of equal estimated cost; `slurm`: the place of SLURM_ARRAY_TASK_ID "
      "in its array. For N processes that each have a database of their own, by default "
      "results/results.shards/EXPERIMENT/000I-of-000N.sqlite; `merge` joins them",
      .read = read_shard },
    { "--costs DB", "with --shard: estimate by the seconds of like runs in DB, which must be the same for all parts",
      INTO(shard.costs) },
    { "--known DB",
      "with --shard: what DB, if it is there, knows of the shard's runs is taken over first, so that a finished one is only "
      "tested further (default: " IL_CLI_DATABASE ", where --db and --tasks are not given)",
      INTO(shard.known) },
    { "--tasks FILE", "with --shard: the parts are the lines of FILE, a job file that `slurm` wrote",
      INTO(shard.tasks) },
    IL_CLI_DEVICE(il_run_grid_options, device),
    IL_GRID_ONLY(il_run_grid_options, grid.only),
    IL_GRID_SET(il_run_grid_options, grid.set),
    IL_CLI_THREADS(il_run_grid_options, threads),
    IL_CLI_LOADER_THREADS(il_run_grid_options, loader_threads),
    IL_CLI_MEMORY(il_run_grid_options, memory_mib),
    { "--cache FOLDER", "keep decoded images in FOLDER if a split does not fit into memory (default: do not)",
      INTO(cache) },
    { "--cache-limit GIB", "size limit of FOLDER (default 0: limited by the disk)", INTO(cache_gib), .most = 1e6 },
    { "--checkpoint SECONDS",
      "seconds between checkpoints within an epoch (default 60; 0: only at the end of each "
      "epoch)",
      INTO(checkpoint_seconds), .most = 1e9 },
    { "--failed", "only runs that failed, or of which a test failed", INTO(failed) },
    { "--retries N", "leave a run that has failed N times since it last went well (default: however often it failed)",
      INTO(retries), .least = 1, .most = 1000000 },
    { "--examples", "also store example images for tests that were run without them, for `report --format html`",
      INTO(examples) },
    { "-q, --quiet", "print only failures", INTO(quiet) },
    { 0 },
};

const il_command il_cmd_run = {
    .name = "run",
    .summary = "train and test the unfinished part of a grid",
    .usage = "[options] GRID.yaml",
    .about =
        "Trains and tests the unfinished part of a grid. Finished work is skipped; interrupted runs continue\n"
        "from their last checkpoint; a failed run is recorded with its reason and the grid continues. Of a file with the\n"
        "key 'grids', each grid of that list in turn.\n",
    .options = table,
    .notes =
        "Ctrl-C, SIGTERM, SIGUSR1 or the end of the terminal writes a checkpoint and stops; a second one stops at once,\n"
        "but not SIGUSR1, nor with --shard SIGTERM, which batch systems send twice. Under nohup the end of the terminal\n"
        "does not matter.\n"
        "Exit status: 0 all cells are measured; 1 something failed, was stopped or was left to another\n"
        "process; 2 wrong usage; 75 stopped by SIGTERM or SIGUSR1, to be started again.\n",
    .size = sizeof(il_run_grid_options),
    .defaults = &(const il_run_grid_options){ .device = "auto", .checkpoint_seconds = 60 },
    .least = 1,
    .most = 1,
    .expected = "one grid file, as in 'inpaintlab run experiments/quickstart.yaml'",
    .computes = true,
    .run = run,
};
