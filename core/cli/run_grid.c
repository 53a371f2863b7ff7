/* run_grid.c - trains and tests the unfinished part of one grid. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/host.h"
#include "cli/progress.h"
#include "cli/run_grid.h"
#include "train/follow.h"
#include "train/job_state.h"
#include "train/orders.h"
#include "train/run.h"

/* `git describe` of the folder in which the program runs; "" when there is none. */
static void git_revision(char *out, size_t size)
{
    out[0] = '\0';
    FILE *p = popen("git -c core.fsmonitor=false describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null", "r");
    if (!p)
        return;
    if (!fgets(out, (int)size, p))
        out[0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    pclose(p);
}

struct work {
    il_run_grid_sum sum;
    bool *left, *mine; /* per run: left to another process; that this process does */
    bool several;      /* it is one of several grids */
    const volatile int *stop;
};

static void count(il_run_grid_sum *sum, const il_run_outcome *o)
{
    sum->trained += o->trained;
    sum->tested += o->tested;
    sum->busy += o->busy;
    sum->failed += o->failure.code != IL_OK;
    sum->skipped += !o->trained && !o->tested && !o->busy && o->failure.code == IL_OK;
}

/* "EXPERIMENT: " before the names of runs, where there are several grids. */
struct prefix {
    char text[80];
};

static struct prefix prefix_of(const struct work *w, const il_grid *g)
{
    struct prefix p = { "" };
    if (w->several)
        snprintf(p.text, sizeof p.text, "%s: ", g->plan->experiment);
    return p;
}

/* Whether the options leave the run as it is; counts and tells it. */
static int leave(bool *left, struct work *w, const il_grid *g, const il_job *j, const il_run_grid_options *o, il_err *e)
{
    il_run_row row;
    int rc = il_store_find_run(&row, g->store, j->hash, e);
    if (rc)
        return rc;
    bool failed = row.status == IL_RUN_FAILED || row.failed_tests;
    bool given_up = failed && o->retries && row.failures >= o->retries;
    if (given_up)
        fprintf(stderr, "inpaintlab: %s%s: left, since it has failed %d time%s%s%s\n", prefix_of(w, g).text,
                j->run->name, row.failures, row.failures == 1 ? "" : "s", *row.message ? ": " : "", row.message);
    w->sum.given_up += given_up;
    w->sum.passed += !failed && o->failed;
    *left = given_up || (!failed && o->failed);
    return IL_OK;
}

static int run_one(il_grid *g, size_t i, const il_run_grid_options *options, const il_run_opts *opts, struct work *w,
                   il_progress_bar *bar, const il_observer *observer, il_err *e)
{
    const il_run *run = &g->plan->runs[i];
    il_job j = { 0 };
    il_run_outcome o = { 0 };
    w->sum.reached++;
    bool left = false;
    int rc = il_job_open(&j, run, g->store, e);
    if (il_store_cache_locked(g->store)) {
        il_progress_bar_clear(bar);
        fprintf(stderr, "inpaintlab: warning: another program keeps the database locked; hashes of files are not stored"
                        " in it meanwhile, results wait for it\n");
    }
    if (!rc)
        rc = leave(&left, w, g, &j, options, e);
    if (rc || left) {
        il_job_close(&j);
        return rc ? il_fail_in(e, "%s%s", prefix_of(w, g).text, run->name) : rc;
    }
    rc = il_run_job(&o, &j, g->store, opts, observer, e);
    il_progress_bar_clear(bar);
    if (!rc && o.failure.code != IL_OK)
        fprintf(stderr, "inpaintlab: %s%s: failed: %s\n", prefix_of(w, g).text, run->name, o.failure.message);
    else if (!rc && !bar->quiet)
        fprintf(stderr, "%s%s: %s\n", prefix_of(w, g).text, run->name,
                o.busy       ? "left to another process"
                : o.trained  ? "done"
                : o.tested   ? "tested"
                : o.examples ? "images kept"
                             : "already done");
    if (!rc)
        count(&w->sum, &o);
    w->sum.failed += rc && rc != IL_ECANCEL;
    w->left[i] = o.busy;
    il_store_checkpoint(g->store);
    il_job_close(&j);
    return rc ? il_fail_in(e, "%s%s", prefix_of(w, g).text, run->name) : rc;
}

/* TF32 is a format of GPUs. */
static void say_precision(const il_grid *g, il_device device, bool quiet)
{
    size_t count = 0;
    for (size_t i = 0; i < g->plan->count; i++)
        count += g->plan->runs[i].training.on && g->plan->runs[i].training.precision == IL_PRECISION_TF32;
    if (count && device.kind == IL_DEVICE_CPU && !quiet)
        fprintf(stderr, "inpaintlab: train.precision tf32: a CPU computes fp32, so that it changes nothing here\n");
}

/* Of several processes on a host each has a GPU of its own, unless one is named. */
static int choose_device(il_device *out, const char *named, const il_world *world, il_err *e)
{
    char text[40];
    int rc = il_cli_device(out, named, e);
    if (rc || !world || out->kind != IL_DEVICE_CUDA || strchr(named, ':'))
        return rc;
    snprintf(text, sizeof text, "cuda:%d", il_world_local(world));
    return il_cli_device(out, text, e);
}

/* Of several processes on a host each has its share of the cores, or fewer, if its launcher holds it to fewer. */
static int threads_of(const il_run_grid_options *o, const il_world *world)
{
    int share = il_host_cores() / il_world_neighbours(world), own = il_host_own_cores();
    int most = share < own ? share : own;
    return o->threads || !world ? o->threads : most > 1 ? most : 1;
}

static il_run_opts run_opts(const il_grid *g, const il_run_grid_options *o, il_world *world)
{
    return (il_run_opts){ .folder = g->folder.text,
                          .experiment = g->plan->experiment,
                          .published = g->plan->published,
                          .threads = il_torch_threads(threads_of(o, world)),
                          .loader_threads = o->loader_threads,
                          .examples = o->examples,
                          .disk = { .folder = o->cache, .limit = (uint64_t)(o->cache_gib * (1 << 30)) },
                          .checkpoint_seconds = o->checkpoint_seconds,
                          .world = world,
                          .runs = g->plan->runs };
}

/* What all runs need. */
static int prepare(il_run_opts *opts, il_grid *g, const il_run_grid_options *o, il_world *world, il_err *e)
{
    int rc = choose_device(&opts->device, o->device, world, e);
    if (!rc)
        say_precision(g, opts->device, o->quiet);
    if (!rc)
        rc = il_store_experiment(&opts->experiment_id, g->store, g->plan->experiment, g->plan->title, g->plan->path,
                                 g->plan->source, e);
    return rc;
}

static int run_all(il_grid *g, const il_run_grid_options *o, const il_run_opts *opts, struct work *w, il_err *e)
{
    il_progress_bar bar;
    il_observer observer = il_progress_bar_observer(&bar, o->quiet, w->stop);
    int rc = IL_OK;
    for (size_t i = 0; i < g->plan->count && !rc; i++) {
        if (!w->mine[i])
            continue;
        if (il_observer_stopped(&observer))
            rc = il_fail(e, IL_ECANCEL, "stopped before run %zu of %zu", i + 1, g->plan->count);
        else
            rc = run_one(g, i, o, opts, w, &bar, &observer, e);
    }
    il_progress_bar_clear(&bar);
    return rc;
}

/* What was left to other processes, and is done by now. */
static int look_again(const il_grid *g, struct work *w, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; i < g->plan->count && !rc; i++) {
        il_job j = { 0 };
        il_job_view v = { 0 };
        if (!w->left[i])
            continue;
        rc = il_job_open(&j, &g->plan->runs[i], g->store, e);
        if (!rc)
            rc = il_job_look(&v, &j, g->plan->experiment, g->store, g->folder.text, e);
        if (!rc && v.state == IL_JOB_DONE) {
            w->sum.busy--;
            w->sum.skipped++;
        }
        il_job_left_free(&v.left);
        il_job_close(&j);
    }
    return rc;
}

static void print_totals(const il_run_grid_sum *sum, const char *name, size_t runs)
{
    printf("%s%s%zu trained, %zu cells measured, %zu already done, %zu failed", name ? name : "", name ? ": " : "",
           sum->trained, sum->tested, sum->skipped, sum->failed);
    if (sum->given_up)
        printf(", %zu left after too many failures", sum->given_up);
    if (sum->passed)
        printf(", %zu had not failed", sum->passed);
    if (sum->busy)
        printf("; some runs are left to another process");
    if (sum->reached < runs)
        printf("; %zu of %zu runs not reached", runs - sum->reached, runs);
    printf("\n");
}

static size_t count_mine(const il_grid *g, const struct work *w)
{
    size_t count = 0;
    for (size_t i = 0; i < g->plan->count; i++)
        count += w->mine[i];
    return count;
}

/* Also room for what becomes of them. */
static int choose_runs(struct work *w, const il_grid *g, const il_run_grid_options *o, il_err *e)
{
    bool give_up = false;
    w->left = calloc(g->plan->count + 1, sizeof *w->left);
    w->mine = calloc(g->plan->count + 1, sizeof *w->mine);
    if (!w->left || !w->mine)
        return il_fail_oom(e);
    int rc = il_run_shard_choose(w->mine, g, &o->shard, o->grid.shard, e);
    if (!rc)
        rc = il_run_shard_take_known(g, w->mine, &o->shard, e);
    if (!rc)
        rc = il_run_shard_watch(&give_up, g, w->mine, &o->shard, e);
    if (!rc && give_up)
        rc = il_fail(e, IL_EDATA, "%s: two restarts brought no progress; given up", g->database);
    return rc;
}

static int lead(il_grid *g, const il_run_grid_options *o, il_world *world, struct work *w, il_err *e)
{
    char revision[80];
    il_err unheard = { 0 };
    il_run_opts opts = run_opts(g, o, world);
    git_revision(revision, sizeof revision);
    opts.git_revision = revision;
    int rc = il_world_agree(world, choose_runs(w, g, o, e), e);
    if (rc)
        return rc;
    rc = il_world_agree(world, prepare(&opts, g, o, world, e), e);
    if (!rc && world && !o->quiet)
        fprintf(stderr, "%d processes train each run together\n", il_world_size(world));
    if (!rc) { /* else nobody waits for orders */
        rc = run_all(g, o, &opts, w, e);
        il_orders_give(world, &(il_work_order){ .kind = IL_ORDER_END }, &unheard); /* if they can still be told */
    }
    if (!rc)
        rc = look_again(g, w, e);
    print_totals(&w->sum, w->several ? g->plan->experiment : NULL, count_mine(g, w));
    return rc;
}

/* The other ranks do what the first tells them, and say nothing. */
static int follow(il_grid *g, const il_run_grid_options *o, il_world *world, const volatile int *stop, il_err *e)
{
    il_progress_bar bar;
    il_observer observer = il_progress_bar_observer(&bar, true, stop);
    il_run_opts opts = run_opts(g, o, world);
    int rc = il_world_agree(world, IL_OK, e);
    if (!rc)
        rc = il_world_agree(world, choose_device(&opts.device, o->device, world, e), e);
    return rc ? rc : il_follow_all(g->plan, g->store, &opts, &observer, e);
}

/* What a rank was told to write. */
struct target {
    char database[IL_SHARD_PATH];
    int part;
};

/* One launcher's processes do one thing: those that should divide a grid would leave parts of it undone. */
static int compare_targets(const il_grid *g, il_shard shard, il_world *world, il_err *e)
{
    struct target first = { .part = shard.number };
    memcpy(first.database, g->database, sizeof first.database);
    int rc = world ? il_world_broadcast(world, &first, sizeof first, e) : IL_OK;
    if (!rc && (strcmp(first.database, g->database) != 0 || first.part != shard.number))
        rc = il_fail(e, IL_EUSAGE,
                     "process %d of %d has another --db or --shard than the first, but they train each run together; to"
                     " divide the grid launch them apart, as with `srun --mpi=none`",
                     il_world_own(world) + 1, il_world_size(world));
    return il_world_agree(world, rc, e);
}

/* As one of several processes: the first one opens the database, the others then look into it for hashes of files. */
static int run_together(const char *path, il_run_grid_options *o, il_world *world, struct work *w, il_err *e)
{
    il_grid g = { 0 };
    char database[IL_SHARD_PATH];
    bool first = il_world_own(world) == 0;
    int rc = il_run_shard_database(database, &o->grid, &o->shard, e);
    if (!rc && first)
        rc = il_grid_open(&g, path, &o->grid, IL_GRID_RUN, e);
    rc = il_world_agree(world, rc, e);
    if (!rc && !first)
        rc = il_grid_open(&g, path, &o->grid, IL_GRID_FOLLOW, e);
    rc = il_world_agree(world, rc, e);
    if (!rc)
        rc = compare_targets(&g, o->grid.shard, world, e);
    if (!rc)
        rc = first ? lead(&g, o, world, w, e) : follow(&g, o, world, w->stop, e);
    il_grid_close(&g);
    return rc;
}

int il_run_grid(il_run_grid_sum *sum, const char *path, bool several, il_run_grid_options *o, il_world *world,
                const volatile int *stop, il_err *e)
{
    struct work w = { .several = several, .stop = stop };
    int rc = run_together(path, o, world, &w, e);
    *sum = w.sum;
    free(w.left);
    free(w.mine);
    return rc;
}
