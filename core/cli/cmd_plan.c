/* cmd_plan.c - inpaintlab plan: shows what a grid would do, and why, without doing it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/text.h"
#include "cli/grid.h"
#include "image/degrade.h"
#include "train/job_state.h"
#include "train/preflight.h"

/* A missing prerequisite, printed once however many runs and tests need it. */
struct missing {
    char *text;
    size_t runs, tests;
};

struct totals {
    size_t states[IL_JOB_BLOCKED + 1];
    size_t cells, tested, holes;
    struct missing *missing;
    size_t nmissing;
    il_text rebuilt; /* installed plugins, as words */
};

static int add_missing(struct totals *sum, const char *text, bool run, il_err *e)
{
    size_t i = 0;
    while (i < sum->nmissing && strcmp(sum->missing[i].text, text) != 0)
        i++;
    if (i == sum->nmissing) {
        struct missing *more = il_array_grow(sum->missing, sum->nmissing, sizeof *more);
        if (more)
            sum->missing = more;
        char *copy = more ? il_text_copy(text) : NULL;
        if (!copy)
            return il_fail_oom(e);
        sum->missing[sum->nmissing++] = (struct missing){ .text = copy };
    }
    sum->missing[i].runs += run;
    sum->missing[i].tests += !run;
    return IL_OK;
}

static void print_missing(struct totals *sum)
{
    bool data = false;
    for (size_t i = 0; i < sum->nmissing; i++) {
        const struct missing *m = &sum->missing[i];
        printf("missing, for %zu run%s and %zu test%s: %s\n", m->runs, m->runs == 1 ? "" : "s", m->tests,
               m->tests == 1 ? "" : "s", m->text);
        data = data || strncmp(m->text, "data set ", 9) == 0;
    }
    if (data)
        printf("  experiments/README.md says where a grid expects its data and how to make a data set; --set "
               "dataset.root=FOLDER uses another folder\n");
    if (sum->nmissing)
        printf("\n");
}

static int print_tests(const il_job *j, const il_job_view *v, struct totals *sum, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; i < j->run->ntests && !rc; i++) {
        const il_job_test *t = &j->tests[i];
        static const char *const words[] = {
            [IL_TEST_LEFT] = "to test", [IL_TEST_DONE] = "done", [IL_TEST_NO_DATA] = "no data"
        };
        const char *state = words[v->left.tests[i].state];
        il_degrade_words degraded = il_degrade_shown(&t->set->degradation);
        printf("    %-9s  tested on %s %s (%s)%s%s\n", state, t->set->dataset.label, t->set->tested_on, t->set->split,
               *degraded.text ? ", " : "", degraded.text);
        if (!t->source)
            rc = add_missing(sum, t->error.message, false, e);
        sum->cells++;
        sum->tested += v->left.tests[i].state == IL_TEST_DONE;
        sum->holes += !t->source;
    }
    return rc;
}

static int print_run(const il_grid *g, const il_run *run, struct totals *sum, il_preflight *beside, il_err *e)
{
    il_job j = { 0 };
    il_job_view v = { 0 };
    int rc = il_job_open(&j, run, g->store, e);
    if (!rc)
        rc = il_job_look(&v, &j, g->plan->experiment, g->store, g->folder, e);
    if (!rc) {
        const char *why = j.error.code != IL_OK ? "" : v.why; /* what is missing is listed below */
        printf("%-10s %s  [%.12s]%s%s\n", il_job_state_text(v.state), run->name, j.hash, *why ? "  " : "", why);
        sum->states[v.state]++;
        if (j.error.code != IL_OK)
            rc = add_missing(sum, j.error.message, true, e);
    }
    if (!rc && v.state == IL_JOB_DONE && j.rebuilt && !(sum->rebuilt.data && strstr(sum->rebuilt.data, j.rebuilt)))
        il_text_add(&sum->rebuilt, "%s%s", sum->rebuilt.data ? "; " : "", j.rebuilt);
    if (!rc)
        rc = print_tests(&j, &v, sum, e);
    if (!rc)
        rc = il_preflight_add(beside, &j, e);
    il_job_left_free(&v.left);
    il_job_close(&j);
    return rc;
}

static int print_plan(const il_grid *g, const char *database, struct totals *sum, il_err *e)
{
    const il_plan *p = g->plan;
    il_preflight *beside = NULL;
    int rc = il_preflight_new(&beside, p, e);
    printf("%s: %s\n", p->experiment, p->title);
    printf("%s, %zu run%s, database %s%s\n\n", p->path, p->count, p->count == 1 ? "" : "s", database,
           g->absent ? " (does not exist yet)" : "");
    for (size_t i = 0; i < p->count && !rc; i++)
        rc = print_run(g, &p->runs[i], sum, beside, e);
    if (!rc) {
        printf("\n");
        print_missing(sum);
        rc = il_preflight_print(stdout, beside, e);
    }
    il_preflight_free(beside);
    if (!rc && sum->rebuilt.failed)
        rc = il_fail_oom(e);
    if (!rc && sum->rebuilt.data)
        printf("remark: built anew since, with the same revision, so that runs stay done: %s\n\n", sum->rebuilt.data);
    il_text_free(&sum->rebuilt);
    for (size_t i = 0; i < sum->nmissing; i++)
        free(sum->missing[i].text);
    free(sum->missing);
    if (rc)
        return rc;
    if (p->published)
        printf("\n");
    for (int state = 0; state <= IL_JOB_BLOCKED; state++)
        if (sum->states[state])
            printf("%zu %s, ", sum->states[state], il_job_state_text((il_job_state)state));
    printf("%zu of %zu cells measured\n", sum->tested, sum->cells);
    return IL_OK;
}

static int plan(void *options, const char *const *words, il_err *e)
{
    const il_grid_options *o = options;
    il_grid g = { 0 };
    struct totals sum = { 0 };
    int rc = il_grid_open(&g, words[0], o, false, e);
    if (!rc)
        rc = print_plan(&g, o->database, &sum, e);
    il_grid_close(&g);
    return rc ? rc : sum.states[IL_JOB_BLOCKED] || sum.holes ? 1 : 0;
}

static const il_option table[] = {
    IL_CLI_DB(il_grid_options, database),
    IL_GRID_ONLY(il_grid_options, only),
    IL_GRID_SET(il_grid_options, set),
    { 0 },
};

const il_command il_cmd_plan = {
    .name = "plan",
    .summary = "list the runs and cells of a grid, and what is left to do",
    .usage = "[options] GRID.yaml",
    .about = "Lists each run and cell of a grid and says whether it is done, to run, to resume or stale, and why;\n"
             "for a grid that names a published table also which cells are comparable, and how they differ from\n"
             "the paper.\n"
             "Changes nothing.\n",
    .options = table,
    .notes = "Exit status: 0 the grid can run, 1 a run's data are missing or the grid is wrong, 2 wrong usage.\n",
    .size = sizeof(il_grid_options),
    .defaults = &(const il_grid_options){ .database = IL_CLI_DATABASE },
    .least = 1,
    .most = 1,
    .expected = "one grid file, as in 'inpaintlab plan experiments/quickstart.yaml'",
    .run = plan,
};
