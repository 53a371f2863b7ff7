/* slurm.c - scontrol, sbatch, squeue and sacct, which Slurm keeps stable for scripts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

int il_slurm_queue_read(il_slurm_queue *out, il_err *e)
{
    char user[32], *answer = NULL;
    il_slurm_queue q = { 0 };
    int rc = IL_OK;
    snprintf(user, sizeof user, "%lu", (unsigned long)geteuid());
    /* all: between two starts of a task, too, and why it ended a while ago */
    const char *const argv[] = { "squeue", "-h", "-r", "-t", "all", "-u", user, "-o", "%F|%K|%T|%S|%N|%r", NULL };
    if (il_process_there("squeue") && il_process_read(&answer, argv, true, NULL) == IL_OK)
        q.asked = true;
    for (const char *at = answer; q.asked && *at && !rc; at += strcspn(at, "\n"), at += *at == '\n') {
        il_slurm_task t = { 0 };
        char job[32], index[32];
        take(job, sizeof job, &at);
        take(index, sizeof index, &at);
        take_known(t.state, sizeof t.state, &at);
        take_known(t.since, sizeof t.since, &at);
        take_known(t.node, sizeof t.node, &at);
        take_known(t.reason, sizeof t.reason, &at);
        t.job = strtol(job, NULL, 10);
        t.index = (int)strtol(index, NULL, 10);
        t.ended = is_final(t.state);
        rc = add(&q, &t, e);
    }
    free(answer);
    if (rc) {
        il_slurm_queue_free(&q);
        return rc;
    }
    if (q.count)
        qsort(q.list, q.count, sizeof *q.list, by_number);
    *out = q;
    return IL_OK;
}

int il_slurm_queue_add_ended(il_slurm_queue *q, long job, il_err *e)
{
    char number[32], *answer = NULL;
    int rc = IL_OK;
    snprintf(number, sizeof number, "%ld", job);
    const char *const argv[] = { "sacct", "-n", "-P", "-X", "-j", number, "-o", "JobID,State,End,NodeList", NULL };
    if (!il_process_there("sacct") || il_process_read(&answer, argv, true, NULL) != IL_OK)
        return IL_OK;
    for (const char *at = answer; *at && !rc; at += strcspn(at, "\n"), at += *at == '\n') {
        il_slurm_task t = { .ended = true };
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
    free(answer);
    if (q->count)
        qsort(q->list, q->count, sizeof *q->list, by_number);
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

void il_slurm_queue_free(il_slurm_queue *q)
{
    free(q->list);
    *q = (il_slurm_queue){ 0 };
}
