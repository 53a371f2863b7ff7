/* slurm_print.c - the status of a grid on a cluster, and what would be submitted, as text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/text.h"
#include "cli/slurm.h"

/* ---- status ---- */

static void show(const char *text)
{
    il_text shown = { 0 };
    il_text_show(&shown, text);
    fputs(shown.data && !shown.failed ? shown.data : "", stdout);
    il_text_free(&shown);
}

static void print_run(const il_run *run, const il_work *w)
{
    printf("%-12s ", il_work_state_text(w->state));
    show(run->name);
    if (*w->host && w->state != IL_WORK_FAILED)
        printf(", on %s", w->host);
    if (*w->since && w->state == IL_WORK_RUNNING)
        printf(" since %s", w->since);
    if (*w->task)
        printf(", task %s", w->task);
    if (*w->why)
        fputs(": ", stdout);
    show(w->why);
    fputc('\n', stdout);
}

/* Why runs wait, and how many for each reason, in the order in which reasons are met. */
static void print_waiting(const il_works *w)
{
    for (size_t i = 0; i < w->count; i++) {
        size_t before = 0, count = 0;
        if (w->of[i].state != IL_WORK_QUEUED)
            continue;
        while (before < i && (w->of[before].state != IL_WORK_QUEUED || strcmp(w->of[before].why, w->of[i].why) != 0))
            before++;
        if (before < i)
            continue;
        for (size_t k = i; k < w->count; k++)
            count += w->of[k].state == IL_WORK_QUEUED && strcmp(w->of[k].why, w->of[i].why) == 0;
        printf("%-12s %zu run%s: %s\n", "queued", count, count == 1 ? "" : "s",
               *w->of[i].why ? w->of[i].why : "the reason is not known");
    }
}

void il_slurm_print_status(const il_grid *g, const il_works *w)
{
    static const il_work_state told[] = { IL_WORK_RUNNING, IL_WORK_INTERRUPTED, IL_WORK_FAILED };
    size_t runs[IL_WORK_STATES] = { 0 }, cells = 0, measured = 0;
    for (size_t i = 0; i < w->count; i++) {
        runs[w->of[i].state]++;
        cells += g->plan->runs[i].ntests;
        measured += w->of[i].measured;
    }
    for (size_t k = 0; k < sizeof told / sizeof *told; k++)
        for (size_t i = 0; i < w->count; i++)
            if (w->of[i].state == told[k])
                print_run(&g->plan->runs[i], &w->of[i]);
    print_waiting(w);
    if (w->unread)
        printf("note: %zu of %zu shards cannot be read yet, such as %s\n", w->unread, w->shards, w->first.message);
    if (!w->asked && w->shards)
        printf("note: squeue cannot be asked here; what is left of killed tasks counts as running\n");
    printf("%s:", g->plan->experiment);
    for (int state = IL_WORK_DONE; state >= 0; state--)
        if (runs[state])
            printf(" %zu %s,", runs[state], il_work_state_text((il_work_state)state));
    printf(" %zu of %zu cells measured\n", measured, cells);
}

/* ---- what would be submitted ---- */

static int print_command(char *const *arguments, il_err *e)
{
    il_text line = { 0 };
    for (size_t i = 0; arguments && arguments[i]; i++) {
        il_text_add(&line, i ? " " : "");
        il_script_quote(&line, arguments[i]);
    }
    if (!arguments || line.failed) {
        il_text_free(&line);
        return il_fail_oom(e);
    }
    printf("%s\n", line.data);
    il_text_free(&line);
    return IL_OK;
}

static int print_commands(const il_slurm_job *job, size_t array_most, il_err *e)
{
    il_text after = { 0 };
    int rc = IL_OK, number = 0;
    for (size_t before = 0; before < job->count && !rc; before += array_most) {
        size_t count = job->count - before < array_most ? job->count - before : array_most;
        char **arguments = il_script_array(job, before, count);
        rc = print_command(arguments, e);
        il_script_free_arguments(arguments);
        il_text_add(&after, ":JOB%d", ++number);
    }
    char **arguments = rc || after.failed ? NULL : il_script_merge(job, after.data);
    if (!rc)
        rc = print_command(arguments, e);
    il_script_free_arguments(arguments);
    il_text_free(&after);
    return rc;
}

int il_slurm_print_job(const il_slurm_job *job, const il_parts *tasks, size_t array_most, il_err *e)
{
    il_text script = { 0 };
    il_script_write(&script, job);
    int rc = script.failed ? il_fail_oom(e) : IL_OK;
    if (!rc)
        printf("%s\n", script.data);
    il_text_free(&script);
    if (!rc)
        rc = il_parts_print(stdout, tasks, e);
    if (!rc) {
        printf("\n# to be submitted\n");
        rc = print_commands(job, array_most, e);
    }
    return rc;
}
