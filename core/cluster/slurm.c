/* slurm.c - scontrol, sbatch, squeue and sacct, which Slurm keeps stable for scripts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/array.h"
#include "cluster/process.h"
#include "cluster/slurm.h"

enum { ARRAY_DEFAULT = 1000 };

int il_slurm_array_most(void)
{
    char *answer = NULL;
    long most = 0;
    if (il_process_read(&answer, (const char *const[]){ "scontrol", "show", "config", NULL }, true, NULL) == IL_OK) {
        const char *line = strstr(answer, "\nMaxArraySize"), *value = line ? strchr(line, '=') : NULL;
        most = value ? strtol(value + 1, NULL, 10) - 1 : 0; /* the number of a task is less than it */
    }
    free(answer);
    return most > 0 && most < 100000000 ? (int)most : ARRAY_DEFAULT;
}

int il_slurm_submit(long *job, char *const *arguments, il_err *e)
{
    char *answer = NULL, *end;
    int rc = il_process_read(&answer, (const char *const *)arguments, false, e);
    if (rc)
        return rc;
    long number = strtol(answer, &end, 10);
    if (end == answer || number < 1 || (*end != '\n' && *end != ';' && *end != '\0'))
        rc = il_fail(e, IL_EIO, "sbatch: expected the number of a job, found '%.100s'", answer);
    else
        *job = number;
    free(answer);
    return rc;
}

/* ---- the queue ---- */

static int add(il_slurm_queue *q, const il_slurm_task *task, il_err *e)
{
    il_slurm_task *more = il_array_grow(q->list, q->count, sizeof *more);
    if (!more)
        return il_fail_oom(e);
    q->list = more;
    more[q->count++] = *task;
    return IL_OK;
}

static int by_number(const void *a, const void *b)
{
    const il_slurm_task *x = a, *y = b;
    if (x->job != y->job)
        return (x->job > y->job) - (x->job < y->job);
    if (x->index != y->index)
        return (x->index > y->index) - (x->index < y->index);
    return x->ended - y->ended; /* the queue knows better */
}

/* The field that ends at '|' or at the line's end; *at moves behind it. */
static void take(char *out, size_t size, const char **at)
{
    size_t length = strcspn(*at, "|\n");
    snprintf(out, size, "%.*s", (int)length, *at);
    *at += length + ((*at)[length] == '|');
}

static void take_known(char *out, size_t size, const char **at)
{
    take(out, size, at);
    if (strcmp(out, "N/A") == 0 || strcmp(out, "None") == 0 || strcmp(out, "Unknown") == 0)
        out[0] = '\0';
}

static bool is_final(const char *state)
{
    static const char *const words[] = { "COMPLETED",     "CANCELLED", "FAILED",    "TIMEOUT", "NODE_FAIL",
                                         "OUT_OF_MEMORY", "BOOT_FAIL", "PREEMPTED", "DEADLINE" };
    bool final = false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        final = final || strcmp(state, words[i]) == 0;
    return final;
}

/* *asked: there was an answer. Only want of memory is a failure. */
static int ask(bool *asked, char **answer, const char *const *argv, il_err *e)
{
    il_err ignored = { 0 };
    int rc = il_process_there(argv[0]) ? il_process_read(answer, argv, true, &ignored) : IL_EIO;
    *asked = !rc;
    return rc == IL_ENOMEM ? il_fail_oom(e) : IL_OK;
}

static il_slurm_task read_task(const char *line)
{
    il_slurm_task t = { 0 };
    char job[32], index[32];
    take(job, sizeof job, &line);
    take(index, sizeof index, &line);
    take_known(t.state, sizeof t.state, &line);
    take_known(t.since, sizeof t.since, &line);
    take_known(t.node, sizeof t.node, &line);
    take_known(t.reason, sizeof t.reason, &line);
    t.job = strtol(job, NULL, 10);
    t.index = (int)strtol(index, NULL, 10);
    t.ended = is_final(t.state);
    t.command = line;
    return t;
}

int il_slurm_queue_parse(il_slurm_queue *out, char *answer, il_err *e)
{
    il_slurm_queue q = { .answer = answer };
    int rc = IL_OK;
    for (char *line = q.answer, *next; line && *line && !rc; line = next) {
        size_t size = strcspn(line, "\n");
        next = line + size + (line[size] == '\n');
        line[size] = '\0';
        il_slurm_task t = read_task(line);
        rc = add(&q, &t, e);
    }
    if (rc) {
        il_slurm_queue_free(&q);
        return rc;
    }
    if (q.count)
        qsort(q.list, q.count, sizeof *q.list, by_number);
    *out = q;
    return IL_OK;
}

int il_slurm_queue_read(il_slurm_queue *out, il_err *e)
{
    char user[32], *answer = NULL;
    bool asked = false;
    snprintf(user, sizeof user, "%lu", (unsigned long)geteuid());
    /* all: between two starts of a task, too, and why it ended a while ago */
    const char *const argv[] = { "squeue", "-h", "-r", "-t", "all", "-u", user, "-o", "%F|%K|%T|%S|%N|%r|%o", NULL };
    int rc = ask(&asked, &answer, argv, e);
    if (!rc)
        rc = il_slurm_queue_parse(out, answer, e);
    if (!rc)
        out->asked = asked;
    return rc;
}

int il_slurm_queue_parse_ended(il_slurm_queue *q, const char *answer, il_err *e)
{
    int rc = IL_OK;
    for (const char *at = answer; at && *at && !rc; at += strcspn(at, "\n"), at += *at == '\n') {
        il_slurm_task t = { .ended = true, .command = "" };
        char id[64], *mark;
        take(id, sizeof id, &at);
        take_known(t.state, sizeof t.state, &at);
        take_known(t.since, sizeof t.since, &at);
        take_known(t.node, sizeof t.node, &at);
        t.job = strtol(id, &mark, 10);
        t.index = *mark == '_' ? (int)strtol(mark + 1, NULL, 10) : 0;
        if (t.index > 0)
            rc = add(q, &t, e);
    }
    if (q->count)
        qsort(q->list, q->count, sizeof *q->list, by_number);
    return rc;
}

int il_slurm_queue_add_ended(il_slurm_queue *q, long job, il_err *e)
{
    char number[32], *answer = NULL;
    bool asked = false;
    snprintf(number, sizeof number, "%ld", job);
    const char *const argv[] = { "sacct", "-n", "-P", "-X", "-j", number, "-o", "JobID,State,End,NodeList", NULL };
    int rc = ask(&asked, &answer, argv, e);
    if (!rc)
        rc = il_slurm_queue_parse_ended(q, answer, e);
    free(answer);
    return rc;
}

const il_slurm_task *il_slurm_queue_find(const il_slurm_queue *q, long job, int index)
{
    size_t low = 0, high = q->count;
    const il_slurm_task sought = { .job = job, .index = index };
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_number(&q->list[middle], &sought) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < q->count && q->list[low].job == job && q->list[low].index == index;
    return found ? &q->list[low] : NULL;
}

static int is_file(bool *same, const char *path, size_t size, const struct stat *which, il_err *e)
{
    struct stat st;
    char *name = strndup(path, size);
    if (!name)
        return il_fail_oom(e);
    *same = stat(name, &st) == 0 && st.st_ino == which->st_ino && st.st_dev == which->st_dev;
    free(name);
    return IL_OK;
}

int il_slurm_queue_job(long *job, const il_slurm_queue *q, const char *script, const char *argument, il_err *e)
{
    struct stat ours;
    long before = 0;
    int rc = IL_OK;
    *job = 0;
    if (stat(script, &ours) != 0)
        return IL_OK;
    for (size_t i = 0; i < q->count && !rc; i++) {
        const il_slurm_task *t = &q->list[i];
        const char *space = strrchr(t->command, ' ');
        bool same = false;
        if (t->job == before || !space || strcmp(t->reason, "BadConstraints") == 0 /* sbatch refused it */ ||
            (argument && strcmp(space + 1, argument) != 0))
            continue;
        before = t->job;
        rc = is_file(&same, t->command, (size_t)(space - t->command), &ours, e);
        *job = same ? t->job : *job;
    }
    return rc;
}

void il_slurm_queue_free(il_slurm_queue *q)
{
    free(q->list);
    free(q->answer);
    *q = (il_slurm_queue){ 0 };
}
