/* slurm_submit.c - hands tasks to Slurm. What is wanted is written down before sbatch is asked, and the number of the job behind it;
 * when this process is killed in between, the next call finds the job in the queue by its script. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/atomic_file.h"
#include "base/file.h"
#include "cli/slurm.h"
#include "cluster/process.h"

struct submitting {
    il_slurm_job job;
    il_submission files;
    bool unsure; /* sbatch has failed for one, and the queue cannot be asked whether it has it */
    char name[100], program[IL_SHARD_PATH], here[IL_SHARD_PATH];
    const char *run[2 * IL_TEXTS_MOST + 8];
};

static int fill(struct submitting *x, const il_slurm_request *r, il_err *e)
{
    size_t n = 0;
    ssize_t size = readlink("/proc/self/exe", x->program, sizeof x->program - 1);
    if (size < 0 || !getcwd(x->here, sizeof x->here))
        return il_fail(e, IL_EIO, "slurm: cannot tell the paths of this program and folder: %s", strerror(errno));
    x->program[size] = '\0';
    snprintf(x->name, sizeof x->name, "%s", r->grid->plan->experiment);
    if (r->device) {
        x->run[n++] = "--device";
        x->run[n++] = r->device;
    }
    if (r->options->only) {
        x->run[n++] = "--only";
        x->run[n++] = r->options->only;
    }
    for (int i = 0; i < r->options->set.count; i++) {
        x->run[n++] = "--set";
        x->run[n++] = r->options->set.list[i];
    }
    x->job = (il_slurm_job){ .name = x->name,
                             .program = x->program,
                             .here = x->here,
                             .grid = r->words[0],
                             .database = r->grid->database,
                             .tasks = x->files.tasks,
                             .script = x->files.script,
                             .logs = x->files.logs,
                             .run = x->run,
                             .sbatch = r->words + 1,
                             .at_most = r->at_most };
    return IL_OK;
}

static int write_files(const struct submitting *x, const il_parts *tasks, il_err *e)
{
    il_text script = { 0 };
    il_script_write(&script, &x->job);
    int rc = script.failed ? il_fail_oom(e) : il_atomic_file_write(x->job.script, script.data, script.size, e);
    il_text_free(&script);
    if (!rc)
        rc = il_file_make_folders(x->job.logs, e);
    return rc ? rc : il_parts_write(tasks, x->job.tasks, e);
}

/* ---- one job ---- */

/* sbatch may fail although Slurm has the job, as when the answer is lost. */
static int look_for(struct submitting *x, il_submitted *j, il_err *e)
{
    il_slurm_queue queue = { 0 };
    bool more = false;
    if (!il_process_there("sbatch"))
        return IL_OK;
    int rc = il_slurm_queue_read(&queue, e);
    if (!rc)
        rc = il_submission_recognise(&more, &x->files, &queue, e);
    x->unsure = x->unsure || (!j->job && (rc || !queue.asked));
    il_slurm_queue_free(&queue);
    return rc;
}

/* ":17:18", the arrays that the queue (NULL: whatever it has) knows. */
static void add_arrays(il_text *to, const il_submission *s, const il_slurm_queue *queue)
{
    for (size_t i = 0; i < s->njobs; i++)
        if (s->jobs[i].job && s->jobs[i].count && (!queue || il_slurm_queue_find(queue, s->jobs[i].job, 1)))
            il_text_add(to, ":%ld", s->jobs[i].job);
}

static int ask(long *job, const struct submitting *x, const il_submitted *j, const il_slurm_queue *queue, il_err *e)
{
    il_text after = { 0 };
    il_text_add(&after, "%s", "");
    add_arrays(&after, &x->files, queue);
    char **arguments = after.failed ? NULL
                       : j->count   ? il_script_array(&x->job, j->before, j->count)
                                    : il_script_merge(&x->job, after.data);
    int rc = arguments ? il_slurm_submit(job, arguments, e) : il_fail_oom(e);
    il_script_free_arguments(arguments);
    il_text_free(&after);
    return rc;
}

static int submit_job(struct submitting *x, il_submitted *j, const il_slurm_queue *queue, il_err *e)
{
    il_err unheard = { 0 };
    long job = 0;
    int rc = ask(&job, x, j, queue, e);
    if (!rc)
        j->job = job;
    else if (look_for(x, j, &unheard) == IL_OK && j->job)
        rc = IL_OK;
    if (!rc && j->count)
        printf("job %ld: tasks %zu to %zu\n", j->job, j->before + 1, j->before + j->count);
    else if (!rc)
        printf("job %ld merges what they leave into %s\n", j->job, x->job.database);
    return rc ? rc : il_submission_write(&x->files, e);
}

/* ---- all of them ---- */

static int want(struct submitting *x, size_t most, il_err *e)
{
    int rc = IL_OK;
    for (size_t before = 0; before < x->job.count && !rc; before += most) {
        size_t count = x->job.count - before < most ? x->job.count - before : most;
        rc = il_submission_add(&x->files, (il_submitted){ 0, before, count }, e);
    }
    if (!rc)
        rc = il_submission_add(&x->files, (il_submitted){ 0, 0, 0 }, e);
    return rc ? rc : il_submission_write(&x->files, e);
}

/* The arrays up to the first that fails, and what merges them. *any: Slurm has one. */
static int submit_wanted(struct submitting *x, bool *any, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; i < x->files.njobs; i++) {
        il_submitted *j = &x->files.jobs[i];
        il_err why = { 0 };
        if (j->count ? rc != IL_OK : !*any)
            continue;
        int failed = submit_job(x, j, NULL, &why);
        *any = *any || j->job;
        if (!failed || rc)
            continue;
        if (j->count && j->before)
            il_fail_in(&why, "tasks %zu to %zu are not submitted", j->before + 1, x->job.count);
        *e = why;
        rc = failed;
    }
    return rc;
}

static int submit(struct submitting *x, const il_parts *tasks, il_err *e)
{
    bool any = false;
    int rc = write_files(x, tasks, e);
    if (!rc)
        rc = want(x, (size_t)il_slurm_array_most(), e);
    if (!rc)
        rc = submit_wanted(x, &any, e);
    if (rc && !any && !x->unsure) /* nothing happened */
        il_submission_remove(&x->files);
    return rc;
}

static void tell_tasks(size_t runs, size_t tasks, double hours)
{
    fprintf(stderr, "%zu run%s in %zu task%s", runs, runs == 1 ? "" : "s", tasks, tasks == 1 ? "" : "s");
    if (!isnan(hours))
        fprintf(stderr, ", about %.1f hours in all by the seconds of like runs", hours);
    fputc('\n', stderr);
}

int il_slurm_hand_over(const il_slurm_request *r, const char *folder, const il_parts *tasks, double hours, bool print,
                       il_err *e)
{
    struct submitting x = { 0 };
    size_t runs = 0;
    int rc = il_submission_next(&x.files, folder, !print, e);
    if (!rc)
        rc = fill(&x, r, e);
    if (!rc) {
        x.job.count = tasks->count;
        for (size_t i = 0; i < tasks->count; i++)
            runs += tasks->list[i].count;
        tell_tasks(runs, tasks->count, hours);
        rc = print ? il_slurm_print_job(&x.job, tasks, (size_t)il_slurm_array_most(), e) : submit(&x, tasks, e);
    }
    il_submission_free(&x.files);
    return rc;
}

/* ---- what an earlier call left ---- */

/* Whether a task has begun: there is a database of one. */
static int has_shards(bool *yes, const char *folder, int number, il_err *e)
{
    il_file_names names = { 0 };
    char start[32];
    int size = snprintf(start, sizeof start, "%d-", number);
    int rc = il_file_list(&names, folder, e);
    *yes = false;
    for (size_t i = 0; i < names.count; i++)
        *yes = *yes || (strncmp(names.list[i], start, (size_t)size) == 0 && il_text_ends(names.list[i], ".sqlite"));
    il_file_names_free(&names);
    return rc;
}

static bool is_whole(const il_submission *s)
{
    bool whole = s->njobs > 0;
    for (size_t i = 0; i < s->njobs; i++)
        whole = whole && s->jobs[i].job;
    return whole;
}

/* Its merge is asked for where that is not in the queue; one of which nothing came into the queue is taken back. */
static int complete_one(struct submitting *x, const il_slurm_request *r, const char *folder,
                        const il_slurm_queue *queue, il_err *e)
{
    il_submission *s = &x->files;
    bool more = false, any = false;
    int rc = has_shards(&any, folder, s->number, e);
    if (!rc)
        rc = il_submission_recognise(&more, s, queue, e);
    if (!rc && more)
        rc = il_submission_write(s, e);
    if (rc)
        return rc;
    for (size_t i = 0; i < s->njobs; i++)
        any = any || s->jobs[i].job;
    il_submitted *merge = s->njobs && !s->jobs[s->njobs - 1].count ? &s->jobs[s->njobs - 1] : NULL;
    if (any && merge && !merge->job) {
        rc = fill(x, r, e);
        return rc ? rc : submit_job(x, merge, queue, e);
    }
    long job = 0;
    if (!any)
        rc = il_slurm_queue_job(&job, queue, s->script, NULL, e);
    if (!any && !rc && !job)
        il_submission_remove(s);
    return rc;
}

int il_slurm_complete(const il_slurm_request *r, const char *folder, il_err *e)
{
    il_slurm_queue queue = { 0 };
    bool found = true, read = false;
    int rc = IL_OK;
    for (int number = 1; !rc && found; number++) {
        struct submitting x = { 0 };
        rc = il_submission_read(&found, &x.files, folder, number, e);
        bool left = !rc && found && !is_whole(&x.files);
        if (left && !read)
            rc = il_slurm_queue_read(&queue, e);
        read = read || left;
        if (!rc && left && !queue.asked)
            rc = il_slurm_fail_unasked(e);
        if (!rc && left)
            rc = complete_one(&x, r, folder, &queue, e);
        il_submission_free(&x.files);
    }
    il_slurm_queue_free(&queue);
    return rc;
}

int il_slurm_fail_unasked(il_err *e)
{
    return il_fail(e, IL_EIO, "squeue does not answer; what is queued would be submitted again");
}
