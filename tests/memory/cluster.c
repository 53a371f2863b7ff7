/* cluster.c - job files, batch scripts, submissions, and how far a grid is by its shards. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cluster/parts.h"
#include "cluster/restarts.h"
#include "cluster/script.h"
#include "cluster/submission.h"
#include "cluster/work.h"
#include "memory/failing.h"

static int parts(const char *folder, FILE *out, il_err *e)
{
    il_parts t = { 0 }, back = { 0 };
    const char *path = failing_path(folder, "1.tasks");
    int rc = il_parts_add(&t, 2, "seed=1", e);
    if (!rc)
        rc = il_parts_add(&t, 1, "it's \"2\"", e);
    if (!rc)
        rc = il_parts_write(&t, path, e);
    if (!rc)
        rc = il_parts_read(&back, path, e);
    for (size_t i = 0; i < back.count && !rc; i++)
        for (size_t k = 0; k < back.list[i].count; k++)
            fprintf(out, "%zu %s\n", i, back.list[i].runs[k]);
    if (!rc)
        rc = il_parts_print(out, &back, e);
    il_parts_free(&t);
    il_parts_free(&back);
    return rc;
}

static int split(const char *folder, FILE *out, il_err *e)
{
    (void)folder;
    const double costs[] = { 3, 1, 2, 5, 4 };
    int number[5];
    int rc = il_shard_split(number, costs, 5, 2, e);
    for (int i = 0; i < 5 && !rc; i++)
        fprintf(out, "%d\n", number[i]);
    return rc;
}

static int put_arguments(FILE *out, char **arguments, il_err *e)
{
    for (char **a = arguments; a && *a; a++)
        fprintf(out, "%s\n", *a);
    il_script_free_arguments(arguments);
    return arguments ? IL_OK : il_fail_oom(e);
}

static int script(const char *folder, FILE *out, il_err *e)
{
    (void)folder;
    static const char *const run[] = { "--only", "a b", NULL }, *const sbatch[] = { "--time=1", NULL };
    const il_slurm_job job = { "grid", "/bin/program", "/here", "it's.yaml", "db", "1.tasks",
                               "1.sh", "100%",         run,     sbatch,      4,    2 };
    il_text text = { 0 };
    il_script_write(&text, &job);
    int rc = text.failed ? il_fail_oom(e) : IL_OK;
    if (!rc)
        fputs(text.data, out);
    il_text_free(&text);
    if (!rc)
        rc = put_arguments(out, il_script_array(&job, 2, 2), e);
    return rc ? rc : put_arguments(out, il_script_merge(&job, ":1:2"), e);
}

static int submission(const char *folder, FILE *out, il_err *e)
{
    il_submission s = { 0 }, back = { 0 };
    bool found = false;
    long job = 0;
    int index = 0;
    int rc = il_submission_paths(&s, folder, 1, e);
    if (!rc)
        rc = il_submission_add(&s, (il_submitted){ 17, 0, 1000 }, e);
    if (!rc)
        rc = il_submission_add(&s, (il_submitted){ 18, 1000, 500 }, e);
    FILE *tasks = rc ? NULL : fopen(s.tasks, "w");
    if (tasks)
        fclose(tasks);
    if (!rc)
        rc = il_submission_read(&found, &back, folder, 1, e);
    if (!rc && il_submission_find(&job, &index, &back, 1200))
        fprintf(out, "%ld_%d\n", job, index);
    il_submission_free(&s);
    il_submission_free(&back);
    return rc;
}

static int restarts(const char *folder, FILE *out, il_err *e)
{
    bool give_up = false;
    const char *path = failing_path(folder, "starts");
    int rc = il_restarts_note(&give_up, path, "a\n", false, e);
    for (int i = 0; i < 2 && !rc; i++)
        rc = il_restarts_note(&give_up, path, "a\n", true, e);
    if (!rc)
        fprintf(out, "%d\n", give_up);
    return rc;
}

/* ---- how far a grid is ---- */

static int read_plan(il_registry **registry, il_plan **plan, il_err *e)
{
    char path[300];
    snprintf(path, sizeof path, "%s/plan/axes.yaml", TEST_DATA);
    int rc = il_registry_open(registry, e);
    return rc ? rc : il_plan_read(plan, path, *registry, (il_plan_opts){ 0 }, e);
}

/* A shard in which one run has failed. */
static void make_shard(const char *folder)
{
    il_err e = { 0 };
    il_registry *registry = NULL;
    il_plan *plan = NULL;
    il_store *s = NULL;
    il_run_record r = { .hash = "0123",
                        .manifest = "{}",
                        .model = "m",
                        .dataset = "d",
                        .mask_policy = "p",
                        .loss = "l",
                        .trained_on = "realfake" };
    int64_t id;
    int rc = read_plan(&registry, &plan, &e);
    if (!rc)
        rc = il_store_open(&s, failing_path(folder, "0001.sqlite"), &e);
    if (!rc)
        rc = il_store_experiment(&r.experiment, s, plan->experiment, "t", "p", "s", &e);
    if (!rc) {
        r.name = plan->runs[0].name;
        r.config = plan->runs[0].config;
        rc = il_store_begin_run(&id, s, &r, &e);
    }
    const il_run_end end = { .status = IL_RUN_FAILED, .message = "it broke", .seconds = NAN };
    if (!rc)
        rc = il_store_end_run(s, id, &end, &e);
    if (rc)
        fprintf(stderr, "%s\n", e.message);
    il_store_close(s);
    il_plan_free(plan);
    il_registry_free(registry);
}

static char path[4096], none[] = "PATH=/nowhere";

static int work(const char *folder, FILE *out, il_err *e)
{
    il_registry *registry = NULL;
    il_plan *plan = NULL;
    il_works w = { 0 };
    int rc = read_plan(&registry, &plan, e);
    putenv(none); /* no Slurm to be asked */
    if (!rc)
        rc = il_works_read(&w, plan, NULL, folder, e);
    putenv(path);
    for (size_t i = 0; i < w.count && !rc; i++)
        fprintf(out, "%s: %s %s\n", plan->runs[i].name, il_work_state_text(w.of[i].state), w.of[i].why);
    if (!rc && w.unread)
        rc = il_fail(e, IL_EIO, "%s", w.first.message); /* told, too */
    il_works_free(&w);
    il_plan_free(plan);
    il_registry_free(registry);
    return rc;
}

int main(int count, char **words)
{
    static const struct scenario list[] = {
        { .name = "job file", .run = parts, .changes = true },
        { .name = "split", .run = split },
        { .name = "batch script", .run = script },
        { .name = "submission", .run = submission, .changes = true },
        { .name = "restarts", .run = restarts, .changes = true },
        { .name = "state of a grid", .prepare = make_shard, .run = work },
    };
    snprintf(path, sizeof path, "PATH=%s", getenv("PATH"));
    return failing_run(list, sizeof list / sizeof *list, count > 1 ? words[1] : NULL);
}
