/* work.c - puts together what databases, job files and the queue say of a grid's runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/file.h"
#include "base/text.h"
#include "cluster/parts.h"
#include "cluster/submission.h"
#include "cluster/work.h"

const char *il_work_state_text(il_work_state state)
{
    static const char *const words[] = { "open", "queued", "running", "interrupted", "failed", "done" };
    return words[state];
}

/* ---- runs by name ---- */

struct named {
    const char *name;
    size_t at;
};

struct names {
    struct named *list;
    size_t count;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static int sort_names(struct names *out, const il_plan *plan, il_err *e)
{
    out->list = calloc(plan->count + 1, sizeof *out->list);
    if (!out->list)
        return il_fail_oom(e);
    for (size_t i = 0; i < plan->count; i++)
        out->list[i] = (struct named){ plan->runs[i].name, i };
    out->count = plan->count;
    qsort(out->list, out->count, sizeof *out->list, by_name);
    return IL_OK;
}

/* Its place in the plan; the plan's length where there is none. */
static size_t place_of(const struct names *n, const char *name)
{
    const struct named *found = bsearch(&(struct named){ name, 0 }, n->list, n->count, sizeof *n->list, by_name);
    return found ? found->at : n->count;
}

/* ---- what databases say ---- */

static il_work_state state_of(const char *status, size_t measured, size_t tests)
{
    if (strcmp(status, "done") == 0)
        return measured >= tests ? IL_WORK_DONE : IL_WORK_INTERRUPTED;
    return strcmp(status, "running") == 0  ? IL_WORK_RUNNING
           : strcmp(status, "failed") == 0 ? IL_WORK_FAILED
                                           : IL_WORK_INTERRUPTED;
}

static const char query[] =
    "SELECT n.name, r.hash, r.config, r.status, r.message, r.host, r.started_at,"
    " (SELECT COUNT(*) FROM experiment_cells c JOIN tests t ON t.id = c.test"
    "   WHERE c.experiment = x.id AND c.run_name = n.name AND c.run = r.id AND t.status = 'done') AS measured,"
    " (SELECT t.message FROM tests t WHERE t.run = r.id AND t.status = 'failed' LIMIT 1) AS untested"
    " FROM experiments x JOIN experiment_runs n ON n.experiment = x.id JOIN runs r ON r.id = n.run WHERE x.name = ?1";
static const char expected[] = "runs: name text, hash text, config text, status text, message text?, host text?,"
                               " started_at text, measured small, untested text?";

/* Of several records, one that is done counts, or else the latest. */
static void take_row(il_work *w, const il_run *run, const char *shard, const il_rows *rows, size_t i)
{
    const char *since = il_rows_word(rows, i, "started_at"), *untested = il_rows_word(rows, i, "untested");
    size_t measured = (size_t)il_rows_int(rows, i, "measured");
    il_work_state state = state_of(il_rows_word(rows, i, "status"), measured, run->ntests);
    if (strcmp(il_rows_word(rows, i, "config"), run->config) != 0)
        return;
    if (w->hash[0] && (w->state == IL_WORK_DONE || (state != IL_WORK_DONE && strcmp(since, w->since) < 0)))
        return;
    if (state == IL_WORK_INTERRUPTED && *untested)
        state = IL_WORK_FAILED;
    w->state = state;
    w->measured = measured;
    snprintf(w->shard, sizeof w->shard, "%s", shard);
    snprintf(w->hash, sizeof w->hash, "%s", il_rows_word(rows, i, "hash"));
    snprintf(w->host, sizeof w->host, "%s", il_rows_word(rows, i, "host"));
    snprintf(w->since, sizeof w->since, "%s", since);
    snprintf(w->why, sizeof w->why, "%s", *untested ? untested : il_rows_word(rows, i, "message"));
}

static int read_store(il_works *w, il_store *store, const char *shard, const il_plan *plan, const struct names *names,
                      il_err *e)
{
    il_rows rows = { 0 };
    int rc = il_store_read(&rows, store, expected, query, (const char *const[]){ plan->experiment, NULL }, e);
    for (size_t i = 0; !rc && i < rows.count; i++) {
        size_t at = place_of(names, il_rows_word(&rows, i, "name"));
        if (at < plan->count && !plan->runs[at].unexamined)
            take_row(&w->of[at], &plan->runs[at], shard, &rows, i);
    }
    il_store_rows_free(&rows);
    return rc;
}

static bool ends_with(const char *text, const char *ending)
{
    size_t size = strlen(text), tail = strlen(ending);
    return size > tail && strcmp(text + size - tail, ending) == 0;
}

/* One that a task is just making is still empty. */
static int read_shard(il_works *w, const char *path, const il_plan *plan, const struct names *names, il_err *e)
{
    const char *slash = strrchr(path, '/');
    il_store *store = NULL;
    il_err why = { 0 };
    int rc = il_store_open_readonly(&store, path, &why);
    if (!rc)
        rc = read_store(w, store, slash ? slash + 1 : path, plan, names, &why);
    il_store_close(store);
    w->shards++;
    if (rc == IL_ENOMEM)
        return il_fail(e, rc, "%s", why.message);
    if (rc && w->unread++ == 0)
        w->first = why;
    return IL_OK;
}

static int read_shards(il_works *w, const char *folder, const il_plan *plan, const struct names *names, il_err *e)
{
    il_file_names files = { 0 };
    int rc = il_file_list(&files, folder, e);
    for (size_t i = 0; !rc && i < files.count; i++) {
        if (!ends_with(files.list[i], ".sqlite"))
            continue;
        char *path = il_text_path(folder, files.list[i]);
        rc = path ? read_shard(w, path, plan, names, e) : il_fail_oom(e);
        free(path);
    }
    il_file_names_free(&files);
    return rc;
}

/* ---- what the queue says ---- */

static void copy_known(char *out, size_t size, const char *text)
{
    if (*text)
        snprintf(out, size, "%s", text);
}

static bool waits(const char *state)
{
    return strcmp(state, "PENDING") == 0 || strcmp(state, "CONFIGURING") == 0 || strcmp(state, "REQUEUED") == 0;
}

static void explain_end(il_work *w, const char *state)
{
    char before[300];
    if (*state && strstr(w->why, state)) /* of an earlier submission */
        return;
    snprintf(before, sizeof before, "%.299s", w->why);
    snprintf(w->why, sizeof w->why, "%s%s%s", before, *before ? "; " : "", *state ? state : "its task has ended");
}

/* t NULL: the task is not in the queue, and nothing more is known of it. *at_work: a run before it in the task is. own: the record is
 * this task's. */
static void place_run(il_work *w, bool *at_work, const il_slurm_task *t, bool own)
{
    bool begun = w->hash[0] != '\0';
    if (w->state == IL_WORK_DONE)
        return;
    if (!t || t->ended) {
        if (w->state == IL_WORK_RUNNING || (!begun && t && strcmp(t->state, "COMPLETED") != 0))
            w->state = IL_WORK_INTERRUPTED;
        if (w->state == IL_WORK_INTERRUPTED)
            explain_end(w, t ? t->state : "");
    } else if (waits(t->state)) {
        w->state = IL_WORK_QUEUED;
        snprintf(w->why, sizeof w->why, "%s", t->reason);
    } else if (w->state != IL_WORK_FAILED || !own) { /* one after the other */
        if (w->state != IL_WORK_RUNNING)
            copy_known(w->since, sizeof w->since, t->since);
        copy_known(w->host, sizeof w->host, t->node);
        w->state = *at_work ? IL_WORK_QUEUED : IL_WORK_RUNNING;
        snprintf(w->why, sizeof w->why, "%s", *at_work ? "its task has other runs before it" : "");
        *at_work = true;
    }
}

static int place_submission(il_works *w, il_slurm_queue *queue, const il_submission *s, const struct names *names,
                            il_err *e)
{
    il_parts tasks = { 0 };
    int rc = il_parts_read(&tasks, s->tasks, e);
    for (size_t i = 0; i < s->narrays && !rc; i++)
        rc = il_slurm_queue_add_ended(queue, s->arrays[i].job, e);
    for (size_t i = 0; i < tasks.count && !rc; i++) {
        long job;
        int index;
        if (!il_submission_find(&job, &index, s, i + 1))
            continue;
        const il_slurm_task *t = il_slurm_queue_find(queue, job, index);
        bool at_work = false;
        char shard[64];
        snprintf(shard, sizeof shard, "%d-%04zu.sqlite", s->number, i + 1);
        for (size_t k = 0; k < tasks.list[i].count; k++) {
            size_t at = place_of(names, tasks.list[i].runs[k]);
            if (at == w->count)
                continue;
            snprintf(w->of[at].task, sizeof w->of[at].task, "%ld_%d", job, index);
            place_run(&w->of[at], &at_work, t, strcmp(w->of[at].shard, shard) == 0);
        }
    }
    il_parts_free(&tasks);
    return rc;
}

/* Later submissions come later, and their word counts. */
static int place_all(il_works *w, const char *folder, const struct names *names, il_err *e)
{
    il_slurm_queue queue = { 0 };
    bool more = true;
    int rc = il_slurm_queue_read(&queue, e);
    w->asked = queue.asked;
    for (int number = 1; !rc && more && queue.asked; number++) {
        il_submission s = { 0 };
        rc = il_submission_read(&more, &s, folder, number, e);
        if (!rc && more)
            rc = place_submission(w, &queue, &s, names, e);
        il_submission_free(&s);
    }
    il_slurm_queue_free(&queue);
    return rc;
}

int il_works_read(il_works *out, const il_plan *plan, il_store *main_store, const char *folder, il_err *e)
{
    il_works w = { .of = calloc(plan->count + 1, sizeof *w.of), .count = plan->count };
    struct names names = { 0 };
    int rc = w.of ? sort_names(&names, plan, e) : il_fail_oom(e);
    if (!rc && main_store)
        rc = read_store(&w, main_store, "", plan, &names, e);
    if (!rc && access(folder, F_OK) == 0) {
        rc = read_shards(&w, folder, plan, &names, e);
        if (!rc)
            rc = place_all(&w, folder, &names, e);
    }
    free(names.list);
    if (rc) {
        il_works_free(&w);
        return rc;
    }
    *out = w;
    return IL_OK;
}

void il_works_free(il_works *w)
{
    free(w->of);
    *w = (il_works){ 0 };
}
