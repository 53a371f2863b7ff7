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
    struct missing *notes; /* likewise: what makes numbers mean less than they seem to */
    size_t nnotes;
    struct missing *untrusted; /* likewise: why runs were not examined */
    size_t nuntrusted, unexamined;
    il_text rebuilt; /* installed plugins, as words */
};

static int add_text(struct missing **list, size_t *count, const char *text, bool run, il_err *e)
{
    size_t i = 0;
    while (i < *count && strcmp((*list)[i].text, text) != 0)
        i++;
    if (i == *count) {
        struct missing *more = il_array_grow(*list, *count, sizeof *more);
        if (more)
            *list = more;
        char *copy = more ? il_text_copy(text) : NULL;
        if (!copy)
            return il_fail_oom(e);
        more[(*count)++] = (struct missing){ .text = copy };
    }
    (*list)[i].runs += run;
    (*list)[i].tests += !run;
    return IL_OK;
}

static void free_texts(struct missing *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i].text);
    free(list);
}

static int add_missing(struct totals *sum, const char *text, bool run, il_err *e)
{
    return add_text(&sum->missing, &sum->nmissing, text, run, e);
}

/* ---- notes ---- */

/* Of which images is spoken. */
struct split {
    const char *name;
    const il_source *source;
    const il_fit_facts *fit;
    const il_leak *leak;
    const char *leaked, *policy;
    bool run;
};

static int add_note(struct totals *sum, const struct split *x, const char *words, il_err *e)
{
    il_text line = { 0 };
    if (!*words)
        return IL_OK;
    il_text_add(&line, "%s: %s", x->name, words);
    int rc = line.failed ? il_fail_oom(e) : add_text(&sum->notes, &sum->nnotes, line.data, x->run, e);
    il_text_free(&line);
    return rc;
}

static int add_notes(struct totals *sum, const struct split *x, il_err *e)
{
    char words[600] = "";
    size_t gone = il_source_left_out_count(x->source);
    il_source_left_out first = gone ? il_source_left_out_at(x->source, 0) : (il_source_left_out){ 0 };
    if (gone)
        snprintf(words, sizeof words, "%zu of %zu images are left out, such as %.150s: %.300s", gone,
                 gone + il_source_count(x->source), first.id, first.why);
    int rc = add_note(sum, x, words, e);
    if (!rc)
        rc = add_note(sum, x, il_source_mixture(x->source).text, e);
    if (!rc)
        rc = add_note(sum, x, il_job_fit_words(x->fit, x->source, x->policy).text, e);
    if (!rc && x->leak)
        rc = add_note(sum, x, il_leak_in_words(x->leak, x->source, x->leaked).text, e);
    return rc;
}

static int add_run_notes(struct totals *sum, const il_job *j, il_err *e)
{
    const char *policy = j->run->mask_policy.label;
    if (j->run->test_only)
        return IL_OK;
    const struct split train = { "train", j->train, &j->train_fit, NULL, NULL, policy, true }, validation = {
        "validation", j->validation, &j->validation_fit, &j->validation_leak, IL_LEAK_VALIDATION, policy, true
    };
    int rc = add_notes(sum, &train, e);
    return rc ? rc : add_notes(sum, &validation, e);
}

static int add_test_notes(struct totals *sum, const il_job *j, const il_job_test *t, il_err *e)
{
    char name[300];
    if (t->set->degradation.kind != IL_DEGRADE_NONE) /* the same images */
        return IL_OK;
    snprintf(name, sizeof name, "test %s %s (%s)", t->set->dataset.label, t->set->tested_on, t->set->split);
    const struct split test = {
        name,     t->source,    &t->fit,
        &t->leak, IL_LEAK_TEST, t->set->mask_policy.plugin ? t->set->mask_policy.label : j->run->mask_policy.label,
        false
    };
    return add_notes(sum, &test, e);
}

static void print_notes(const struct totals *sum)
{
    for (size_t i = 0; i < sum->nnotes; i++)
        printf("note: %s\n", sum->notes[i].text);
    if (sum->nnotes)
        printf("\n");
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
        const char *state = v->left.tests[i].why ? "stale" : words[v->left.tests[i].state];
        il_degrade_words degraded = il_degrade_shown(&t->set->degradation);
        const char *why = v->left.tests[i].why;
        printf("    %-9s  tested on %s %s (%s)%s%s%s%s\n", state, t->set->dataset.label, t->set->tested_on,
               t->set->split, *degraded.text ? ", " : "", degraded.text, why ? "  " : "", why ? why : "");
        rc = t->source ? add_test_notes(sum, j, t, e) : add_missing(sum, t->error.message, false, e);
        sum->cells++;
        sum->tested += v->left.tests[i].state == IL_TEST_DONE;
        sum->holes += !t->source;
    }
    return rc;
}

/* "model unet, loss bce": each plugin once. */
static void add_rebuilt(il_text *to, const char *plugins)
{
    const char *end = NULL;
    for (; *plugins; plugins = end ? end + 2 : "") {
        char one[200];
        end = strstr(plugins, ", ");
        size_t size = end ? (size_t)(end - plugins) : strlen(plugins);
        snprintf(one, sizeof one, "%.*s", (int)size, plugins);
        if (!to->data || !strstr(to->data, one))
            il_text_add(to, "%s%s", to->data ? ", " : "", one);
    }
}

static void print_unexamined(const struct totals *sum)
{
    for (size_t i = 0; i < sum->nuntrusted; i++) {
        const struct missing *m = &sum->untrusted[i];
        printf("remark: %zu run%s not examined: %s\n", m->runs, m->runs == 1 ? " is" : "s are", m->text);
    }
    if (sum->nuntrusted)
        printf("\n");
}

static int print_augment(const il_run *run, il_err *e)
{
    il_text t = { 0 };
    if (!run->training.augment.count)
        return IL_OK;
    il_augment_describe(&t, &run->training.augment);
    int rc = t.failed ? il_fail_oom(e) : IL_OK;
    if (!rc)
        printf("    augmented  %s\n", t.data);
    il_text_free(&t);
    return rc;
}

static int print_run(const il_grid *g, const il_run *run, struct totals *sum, il_preflight *beside, il_err *e)
{
    il_job j = { 0 };
    il_job_view v = { 0 };
    if (run->unexamined) {
        printf("%-10s %s\n", "not examined", run->name);
        sum->unexamined++;
        return add_text(&sum->untrusted, &sum->nuntrusted, run->unexamined, true, e);
    }
    int rc = il_job_open(&j, run, g->store, e);
    if (!rc)
        rc = il_job_look(&v, &j, g->plan->experiment, g->store, g->folder.text, e);
    if (!rc) {
        const char *why = j.error.code != IL_OK ? "" : v.why; /* what is missing is listed below */
        printf("%-10s %s  [%.12s]%s%s\n", il_job_state_text(v.state), run->name, j.hash, *why ? "  " : "", why);
        rc = print_augment(run, e);
    }
    if (!rc) {
        sum->states[v.state]++;
        rc = j.error.code != IL_OK ? add_missing(sum, j.error.message, true, e) : add_run_notes(sum, &j, e);
    }
    if (!rc && v.state == IL_JOB_DONE && j.rebuilt)
        add_rebuilt(&sum->rebuilt, j.rebuilt);
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
        print_notes(sum);
        print_unexamined(sum);
        rc = il_preflight_print(stdout, beside, e);
    }
    il_preflight_free(beside);
    if (!rc && sum->rebuilt.failed)
        rc = il_fail_oom(e);
    if (!rc && sum->rebuilt.data)
        printf("remark: built anew since, with the same revision, so that runs stay done: %s\n\n", sum->rebuilt.data);
    il_text_free(&sum->rebuilt);
    free_texts(sum->missing, sum->nmissing);
    free_texts(sum->notes, sum->nnotes);
    free_texts(sum->untrusted, sum->nuntrusted);
    if (rc)
        return rc;
    if (p->published)
        printf("\n");
    for (int state = 0; state <= IL_JOB_BLOCKED; state++)
        if (sum->states[state])
            printf("%zu %s, ", sum->states[state], il_job_state_text((il_job_state)state));
    if (sum->unexamined)
        printf("%zu not examined, ", sum->unexamined);
    printf("%zu of %zu cells measured\n", sum->tested, sum->cells);
    return IL_OK;
}

/* *holes: something is missing. */
static int plan_grid(bool *holes, const char *path, const il_grid_options *o, il_err *e)
{
    il_grid g = { 0 };
    struct totals sum = { 0 };
    int rc = il_grid_open(&g, path, o, IL_GRID_LOOK, e);
    if (!rc)
        rc = print_plan(&g, o->database, &sum, e);
    *holes = *holes || sum.states[IL_JOB_BLOCKED] || sum.holes;
    il_grid_close(&g);
    return rc;
}

static int plan(void *options, const char *const *words, il_err *e)
{
    il_study study = { 0 };
    bool holes = false;
    int rc = il_grid_list(&study, words[0], options, IL_GRID_LOOK, e);
    for (size_t i = 0; i < study.count && !rc; i++) {
        if (i)
            printf("\n");
        rc = plan_grid(&holes, study.grids[i], options, e);
    }
    il_study_free(&study);
    return rc ? rc : holes;
}

static const il_option table[] = {
    IL_CLI_DB(il_grid_options, database),
    IL_GRID_ONLY(il_grid_options, only),
    IL_GRID_SET(il_grid_options, set),
    { "--trust",
      "run the code of plugins that the grid, or a recipe in it, names by path; else such runs are not examined",
      IL_INTO(il_grid_options, trust) },
    { 0 },
};

const il_command il_cmd_plan = {
    .name = "plan",
    .summary = "list the runs and cells of a grid, and what is left to do",
    .usage = "[options] GRID.yaml",
    .about = "Lists each run and cell of a grid and says whether it is done, to run, to resume or stale, and why;\n"
             "for a grid that names a published table also which cells are comparable, and how they differ from\n"
             "the paper. Of a file with the key 'grids', each grid of that list in turn.\n"
             "Changes nothing, and runs no code but that of the installed plugins and INPAINTLAB_PLUGIN_PATH.\n",
    .options = table,
    .notes = "Exit status: 0 the grid can run, 1 a run's data are missing or the grid is wrong, 2 wrong usage.\n",
    .size = sizeof(il_grid_options),
    .defaults = &(const il_grid_options){ .database = IL_CLI_DATABASE },
    .least = 1,
    .most = 1,
    .expected = "one grid file, as in 'inpaintlab plan experiments/quickstart.yaml'",
    .run = plan,
};
