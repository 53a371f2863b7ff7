/* cmd_slurm.c - inpaintlab slurm: hands the unfinished part of a grid to Slurm as an array of tasks, and tells how far it is. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/device_name.h"
#include "base/text.h"
#include "cli/slurm.h"
#include "cluster/cost.h"
#include "train/job_state.h"

struct options {
    il_grid_options grid;
    const char *device;
    int per_task, at_most;
    bool print, status;
};

/* ---- what is to be done ---- */

struct open_runs {
    bool *is; /* per run of the plan */
    size_t count, done, waiting, taken, blocked, unexamined;
    char missing[600]; /* why the first of the blocked is */
};

/* By the main database, the shards and the queue. */
static void judge(struct open_runs *o, size_t at, const il_job *j, const il_job_view *v, const il_work *w)
{
    if (v->state == IL_JOB_DONE)
        o->done++;
    else if (w->state == IL_WORK_DONE && strcmp(w->hash, j->hash) == 0)
        o->waiting++;
    else if (w->state == IL_WORK_QUEUED || w->state == IL_WORK_RUNNING || v->state == IL_JOB_BUSY)
        o->taken++;
    else if (v->state == IL_JOB_BLOCKED && o->blocked++ == 0)
        snprintf(o->missing, sizeof o->missing, "%s", v->why);
    else if (v->state != IL_JOB_BLOCKED)
        o->count += o->is[at] = true;
}

static int look(struct open_runs *o, const il_grid *g, const il_works *w, il_err *e)
{
    int rc = IL_OK;
    o->is = calloc(g->plan->count + 1, sizeof *o->is);
    if (!o->is)
        return il_fail_oom(e);
    for (size_t i = 0; i < g->plan->count && !rc; i++) {
        il_job j = { 0 };
        il_job_view v = { 0 };
        if (g->plan->runs[i].unexamined) {
            o->unexamined++;
            continue;
        }
        rc = il_job_open(&j, &g->plan->runs[i], g->store, e);
        if (!rc)
            rc = il_job_look(&v, &j, g->plan->experiment, g->store, g->folder.text, e);
        if (!rc)
            judge(o, i, &j, &v, &w->of[i]);
        il_job_left_free(&v.left);
        il_job_close(&j);
    }
    return rc;
}

static void tell_rest(const struct open_runs *o)
{
    const struct {
        size_t count;
        const char *what, *more;
    } rest[] = { { o->done, "done", "" },
                 { o->waiting, "done in shards that are not merged yet", "" },
                 { o->taken, "queued or running", "" },
                 { o->blocked, "without data, such as ", o->missing },
                 { o->unexamined, "not examined; --trust runs the code that the grid names by path", "" } };
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        if (rest[i].count)
            fprintf(stderr, "%zu run%s: %s%s\n", rest[i].count, rest[i].count == 1 ? "" : "s", rest[i].what,
                    rest[i].more);
}

/* hours: of all of them on one process; NAN: not known. */
static int divide(il_parts *tasks, double *hours, const il_grid *g, const struct open_runs *o, int per_task, il_err *e)
{
    il_costs c = { 0 };
    double *costs = calloc(o->count + 1, sizeof *costs), sum = 0;
    int *number = calloc(o->count + 1, sizeof *number);
    size_t ntasks = (o->count + (size_t)per_task - 1) / (size_t)per_task, n = 0;
    tasks->experiment = il_text_copy(g->plan->experiment);
    int rc = costs && number && tasks->experiment ? IL_OK : il_fail_oom(e);
    if (!rc && ntasks > IL_SHARDS_MOST)
        rc = il_fail(e, IL_EUSAGE, "--per-task: %d makes %zu tasks; expected at most %d", per_task, ntasks,
                     IL_SHARDS_MOST);
    if (!rc)
        rc = il_costs_estimate(&c, g->plan, g->absent ? NULL : g->store, e);
    for (size_t i = 0; i < g->plan->count && !rc; i++)
        if (o->is[i])
            sum += costs[n++] = c.of[i];
    if (!rc)
        rc = il_shard_split(number, costs, n, (int)ntasks, e);
    n = 0;
    for (size_t i = 0; i < g->plan->count && !rc; i++)
        if (o->is[i])
            rc = il_parts_add(tasks, number[n++], g->plan->runs[i].name, e);
    *hours = c.seconds ? sum / 3600 : NAN;
    il_costs_free(&c);
    free(number);
    free(costs);
    return rc;
}

static int hand_over(const il_slurm_request *r, const struct options *o, const char *folder,
                     const struct open_runs *runs, il_err *e)
{
    il_parts tasks = { 0 };
    double hours;
    int rc = divide(&tasks, &hours, r->grid, runs, o->per_task, e);
    if (!rc)
        rc = il_slurm_hand_over(r, folder, &tasks, hours, o->print, e);
    il_parts_free(&tasks);
    return rc;
}

/* ---- the command ---- */

static int check(const struct options *o, const char *const *words, il_err *e)
{
    struct stat st;
    il_device_name device; /* whether a node has it is known there alone */
    if (o->print && o->status)
        return il_fail(e, IL_EUSAGE, "slurm: --print and --status exclude each other");
    if (o->device && il_device_name_parse(&device, o->device, e))
        return e->code;
    if (words[1] && o->status)
        return il_fail(e, IL_EUSAGE, "slurm: --status takes no options of sbatch");
    if (words[1] && words[1][0] != '-')
        return il_fail(e, IL_EUSAGE,
                       "slurm: '%s' is not an option of sbatch; expected one grid, and options of sbatch after --",
                       words[1]);
    for (const char *const *w = words + 1; *w; w++)
        if (strncmp(*w, "--array", 7) == 0 || strncmp(*w, "-a", 2) == 0)
            return il_fail(e, IL_EUSAGE,
                           "slurm: the array is made here; --at-most N limits how many tasks run at a time");
    if (stat(words[0], &st) == 0 && !S_ISREG(st.st_mode))
        return il_fail(e, IL_EUSAGE, "%s is not a regular file; expected a grid that the tasks can read again",
                       words[0]);
    return IL_OK;
}

/* A shard that cannot be read may have finished what would be done again. */
static int check_known(const il_works *w, il_err *e)
{
    if ((w->shards || w->submissions) && !w->asked)
        return il_slurm_fail_unasked(e);
    if (w->unread)
        return il_fail(e, w->first.code, "%s; what it has would be submitted again", w->first.message);
    return IL_OK;
}

static int work(const il_grid *g, const struct options *o, const char *const *words, il_err *e)
{
    const il_slurm_request r = { g, &o->grid, o->device, words, o->at_most };
    bool submits = !o->status && !o->print;
    char folder[IL_SHARD_PATH];
    struct open_runs runs = { 0 };
    il_works w = { 0 };
    il_hold hold = IL_UNHELD;
    int rc = il_shard_folder(folder, g->database, g->plan->experiment, e);
    if (!rc && submits)
        rc = il_submission_lock(&hold, folder, e);
    if (!rc && submits)
        rc = il_slurm_complete(&r, folder, e);
    if (!rc)
        rc = il_works_read(&w, g->plan, g->absent ? NULL : g->store, folder, e);
    if (!rc && submits)
        rc = check_known(&w, e);
    if (!rc && o->status)
        il_slurm_print_status(g, &w);
    if (!rc && !o->status)
        rc = look(&runs, g, &w, e);
    if (!rc && !o->status) {
        tell_rest(&runs);
        if (runs.count)
            rc = hand_over(&r, o, folder, &runs, e);
        else
            printf("nothing is left to submit\n");
    }
    il_hold_release(&hold);
    free(runs.is);
    il_works_free(&w);
    return rc ? rc : runs.blocked ? 1 : 0;
}

static int slurm(void *options, const char *const *words, il_err *e)
{
    struct options *o = options;
    il_grid g = { 0 };
    int rc = check(o, words, e);
    if (rc)
        return rc;
    o->grid.trust = o->grid.trust || (!o->print && !o->status); /* the user asks to run it */
    rc = il_grid_open(&g, words[0], &o->grid, IL_GRID_LOOK, e);
    if (!rc)
        rc = work(&g, o, words, e);
    il_grid_close(&g);
    return rc;
}

#define INTO(member) IL_INTO(struct options, member)

static const il_option table[] = {
    { "--db FILE",
      "database that the results are merged into (default " IL_CLI_DATABASE
      "); what tasks need and leave is beside it, in "
      "the folder `NAME.shards/EXPERIMENT`",
      INTO(grid.database) },
    { "--per-task N", "runs per task, about (default 1); tasks are of equal estimated cost", INTO(per_task), .least = 1,
      .most = 1000000 },
    { "--at-most N", "run at most N tasks at a time (default: as many as there are)", INTO(at_most), .least = 1,
      .most = 1000000 },
    { "--device DEVICE", "auto, cpu, cuda or cuda:N for `run` (default auto)", INTO(device) },
    IL_GRID_ONLY(struct options, grid.only),
    IL_GRID_SET(struct options, grid.set),
    { "--print", "print script, job file and commands; write and submit nothing", INTO(print) },
    { "--status", "tell which runs are done, running, queued, failed or interrupted, where and why", INTO(status) },
    { "--trust",
      "with --print or --status: run the code of plugins that the grid, or a recipe in it, names by path, as a submission "
      "does",
      INTO(grid.trust) },
    { 0 },
};

const il_command il_cmd_slurm = {
    .name = "slurm",
    .summary = "run the unfinished part of a grid on a Slurm cluster",
    .usage = "[options] GRID.yaml [-- SBATCH-OPTIONS]",
    .about =
        "Submits the runs that `plan` calls open as an array of tasks, and a job that merges their results when all\n"
        "have ended. What is queued, running, or done and not merged yet is not submitted again. What follows -- goes\n"
        "to sbatch, as in -- --time=4:00:00 --gres=gpu:1 --cpus-per-task=8; `run` has as many threads as a task has\n"
        "cores.\n",
    .options = table,
    .notes =
        "A task that is warned before its time is over (--signal=B:USR1@120), or that is killed, is queued again and goes\n"
        "on from its last checkpoint; two restarts without progress end it as failed.\n"
        "Exit status: 0 success, 1 something failed or a run's data are missing, 2 wrong usage.\n",
    .size = sizeof(struct options),
    .defaults = &(const struct options){ .per_task = 1 },
    .least = 1,
    .most = IL_COMMAND_ANY,
    .expected = "one grid file, as in 'inpaintlab slurm experiments/quickstart.yaml -- --time=1:00:00'",
    .computes = true,
    .run = slurm,
};
