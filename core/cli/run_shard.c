/* run_shard.c - which runs of a grid this process does. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/host.h"
#include "base/text.h"
#include "cli/run_shard.h"
#include "cluster/cost.h"
#include "cluster/parts.h"
#include "cluster/restarts.h"
#include "store/merge.h"
#include "train/checkpoint.h"
#include "train/job_state.h"

int il_run_shard_database(char room[IL_SHARD_PATH], il_grid_options *o, il_run_shard *how, il_err *e)
{
    if ((how->tasks || how->costs || how->known) && !o->shard.count)
        return il_fail(e, IL_EUSAGE, "run: %s: expected --shard as well",
                       how->tasks   ? "--tasks"
                       : how->costs ? "--costs"
                                    : "--known");
    if (how->tasks && how->costs)
        return il_fail(e, IL_EUSAGE,
                       "run: --tasks and --costs exclude each other; the job file has divided the grid already");
    if (o->shard.count && !o->database && !how->tasks && !how->known)
        how->known = IL_CLI_DATABASE;
    if (!how->tasks || o->database)
        return IL_OK;
    o->database = room;
    return il_parts_database(room, how->tasks, o->shard.number, e);
}

/* ---- which ---- */

static int split_by_cost(bool *mine, const il_grid *g, const char *costs, il_shard shard, il_err *e)
{
    il_store *like = NULL;
    il_costs c = { 0 };
    int *number = calloc(g->plan->count + 1, sizeof *number);
    int rc = number ? IL_OK : il_fail_oom(e);
    if (!rc && costs)
        rc = il_store_open_readonly(&like, costs, e);
    if (!rc)
        rc = il_costs_estimate(&c, g->plan, like, e);
    if (!rc)
        rc = il_shard_split(number, c.of, g->plan->count, shard.count, e);
    for (size_t i = 0; i < g->plan->count && !rc; i++)
        mine[i] = number[i] == shard.number;
    il_costs_free(&c);
    il_store_close(like);
    free(number);
    return rc;
}

static int mark(bool *mine, const il_plan *plan, const char *name, const char *path, int number, il_err *e)
{
    for (size_t i = 0; i < plan->count; i++)
        if (strcmp(plan->runs[i].name, name) == 0) {
            mine[i] = true;
            return IL_OK;
        }
    return il_fail(e, IL_EPARAM, "%s:%d: %s has no run '%s' any more; `inpaintlab slurm` writes the tasks anew", path,
                   number, plan->path, name);
}

static int read_task(bool *mine, const il_grid *g, const char *path, il_shard shard, il_err *e)
{
    il_parts t = { 0 };
    int rc = il_parts_read(&t, path, e);
    if (!rc && t.count != (size_t)shard.count)
        rc = il_fail(e, IL_EPARAM, "--shard: %d/%d does not fit %s, which has %zu tasks", shard.number, shard.count,
                     path, t.count);
    if (!rc && t.experiment && strcmp(t.experiment, g->plan->experiment) != 0)
        rc = il_fail(e, IL_EPARAM, "%s: holds tasks of experiment '%s'; %s is experiment '%s'", path, t.experiment,
                     g->plan->path, g->plan->experiment);
    const il_part *task = !rc ? &t.list[shard.number - 1] : NULL;
    for (size_t i = 0; task && i < task->count && !rc; i++)
        rc = mark(mine, g->plan, task->runs[i], path, shard.number, e);
    il_parts_free(&t);
    return rc;
}

int il_run_shard_choose(bool *mine, const il_grid *g, const il_run_shard *how, il_shard shard, il_err *e)
{
    if (how->tasks)
        return read_task(mine, g, how->tasks, shard, e);
    if (shard.count)
        return split_by_cost(mine, g, how->costs, shard, e);
    for (size_t i = 0; i < g->plan->count; i++)
        mine[i] = true;
    return IL_OK;
}

/* ---- what is known ---- */

static int is_news(bool *news, const char *hash, il_store *known, il_store *own, il_err *e)
{
    il_run_row there, here;
    int rc = il_store_find_run(&there, known, hash, e);
    if (!rc)
        rc = il_store_find_run(&here, own, hash, e);
    *news = !rc && here.status == IL_RUN_NONE && (there.status == IL_RUN_DONE || there.status == IL_RUN_FAILED);
    return rc;
}

/* hashes: room for as many as the plan has runs. */
static int find_news(char (*hashes)[65], size_t *count, const il_grid *g, const bool *mine, il_store *known, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; i < g->plan->count && !rc; i++) {
        il_job j = { 0 };
        bool news = false;
        if (!mine[i])
            continue;
        rc = il_job_open(&j, &g->plan->runs[i], g->store, e);
        if (!rc)
            rc = is_news(&news, j.hash, known, g->store, e);
        if (!rc && news)
            memcpy(hashes[(*count)++], j.hash, sizeof *hashes);
        il_job_close(&j);
    }
    return rc;
}

static int take_runs(const il_grid *g, char (*hashes)[65], size_t count, const char *database, il_err *e)
{
    il_merge_source *known = NULL;
    il_merge_sum sum = { 0 };
    const char **only = calloc(count + 1, sizeof *only);
    for (size_t i = 0; only && i < count; i++)
        only[i] = hashes[i];
    int rc = only ? il_merge_source_open(&known, database, e) : il_fail_oom(e);
    if (!rc)
        rc = il_merge(&sum, g->store, known, &(il_merge_opts){ .only = only }, e);
    il_merge_source_close(known);
    free(only);
    return rc;
}

int il_run_shard_take_known(const il_grid *g, const bool *mine, const il_run_shard *how, il_err *e)
{
    struct stat there, own;
    il_store *known = NULL;
    size_t count = 0;
    if (!how->known || stat(how->known, &there) != 0)
        return IL_OK;
    if (stat(g->database, &own) == 0 && own.st_dev == there.st_dev && own.st_ino == there.st_ino)
        return IL_OK;
    char(*hashes)[65] = calloc(g->plan->count + 1, sizeof *hashes);
    int rc = hashes ? il_store_open_readonly(&known, how->known, e) : il_fail_oom(e);
    if (!rc)
        rc = find_news(hashes, &count, g, mine, known, e);
    il_store_close(known);
    if (!rc && count)
        rc = take_runs(g, hashes, count, how->known, e);
    free(hashes);
    return rc;
}

/* ---- whether it gets on ---- */

/* One line: what of the job is done. *open: something is left. */
static int add_progress(il_text *to, bool *open, const il_job *j, const il_grid *g, il_err *e)
{
    il_job_left left = { 0 };
    il_err ignored = { 0 };
    int epoch = 0, rc = il_job_left_read(&left, j, g->store, g->folder.text, e);
    size_t batch = 0, tests = 0;
    if (rc)
        return rc;
    for (size_t i = 0; i < j->run->ntests; i++)
        tests += left.tests[i].state == IL_TEST_DONE;
    if (left.checkpoint)
        il_checkpoint_place(&epoch, &batch, il_job_file(j, g->folder.text, IL_RUN_CHECKPOINT).text, &ignored);
    il_text_add(to, "%.16s %d %d %d %zu %zu\n", j->hash, left.row.status == IL_RUN_DONE, left.row.epochs, epoch, batch,
                tests);
    *open = left.train || left.to_test;
    il_job_left_free(&left);
    return IL_OK;
}

/* A run whose tests are what fails keeps its training. */
static int record_failure(const il_job *j, int64_t experiment, il_store *store, il_err *e)
{
    il_run_record r = il_job_run_record(j);
    il_run_row row;
    r.experiment = experiment;
    int rc = il_store_find_run(&row, store, j->hash, e);
    if (!rc && row.status == IL_RUN_NONE)
        rc = il_store_begin_run(&row.id, store, &r, e);
    const il_run_end end = { .status = IL_RUN_FAILED,
                             .message = "given up: two restarts brought no progress",
                             .seconds = NAN };
    if (!rc && row.status != IL_RUN_DONE)
        rc = il_store_end_run(store, row.id, &end, e);
    return rc ? rc : il_store_count_failure(store, row.id, true, e);
}

static int give_up_first(const il_grid *g, size_t at, il_err *e)
{
    il_job j = { 0 };
    int64_t experiment;
    int rc = il_store_experiment(&experiment, g->store, g->plan->experiment, g->plan->title, g->plan->path,
                                 g->plan->source, e);
    if (!rc)
        rc = il_job_open(&j, &g->plan->runs[at], g->store, e);
    if (!rc)
        rc = record_failure(&j, experiment, g->store, e);
    il_job_close(&j);
    return rc;
}

static int collect(il_text *progress, size_t *first, const il_grid *g, const bool *mine, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; i < g->plan->count && !rc; i++) {
        il_job j = { 0 };
        bool open = false;
        if (!mine[i])
            continue;
        rc = il_job_open(&j, &g->plan->runs[i], g->store, e);
        if (!rc)
            rc = add_progress(progress, &open, &j, g, e);
        if (!rc && open && *first == g->plan->count)
            *first = i;
        il_job_close(&j);
    }
    return rc ? rc : progress->failed ? il_fail_oom(e) : IL_OK;
}

int il_run_shard_watch(bool *give_up, const il_grid *g, const bool *mine, const il_run_shard *how, il_err *e)
{
    il_text progress = { 0 }, file = { 0 };
    size_t first = g->plan->count;
    if (!how->tasks)
        return IL_OK;
    int rc = collect(&progress, &first, g, mine, e);
    il_text_add(&file, "%s.starts", g->database);
    if (!rc && file.failed)
        rc = il_fail_oom(e);
    if (!rc && first < g->plan->count) {
        rc = il_restarts_note(give_up, file.data, progress.data, il_host_restarts() > 0, e);
        if (!rc && *give_up)
            rc = give_up_first(g, first, e);
    }
    il_text_free(&progress);
    il_text_free(&file);
    return rc;
}
