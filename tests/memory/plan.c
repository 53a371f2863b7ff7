/* plan.c - grids that are read and resolved, with --set and --only, and grids that are refused. */
#include <stdlib.h>
#include <string.h>
#include "memory/failing.h"
#include "plan/plan.h"

static void show(FILE *out, const il_plan *p)
{
    fprintf(out, "%s|%s|%s\n", p->experiment, p->title, p->published ? p->published : "-");
    for (size_t i = 0; i < p->count; i++) {
        const il_run *r = &p->runs[i];
        fprintf(out, "%s|%s|%s|%s|%s|%s\n", r->name, r->config, r->model.label,
                r->dataset.label ? r->dataset.label : "-", r->loss.label ? r->loss.label : "-", r->mask_policy.label);
        for (size_t k = 0; k < r->ntests; k++)
            fprintf(out, "  %s|%s|%s|%s|%zu\n", r->tests[k].dataset.label, r->tests[k].images, r->tests[k].split,
                    r->tests[k].tested_on ? r->tests[k].tested_on : "-", r->tests[k].plain);
        for (char **s = r->training.skip; s && *s; s++)
            fprintf(out, "  skip %s\n", *s);
        for (char **s = r->training.freeze; s && *s; s++)
            fprintf(out, "  freeze %s\n", *s);
        for (size_t k = 0; k < r->training.nlr_of; k++)
            fprintf(out, "  %s %g\n", r->training.lr_of[k].pattern, r->training.lr_of[k].factor);
        fprintf(out, "  %s %s, windows %d %d\n", r->weights ? r->weights : "-", r->weights_name ? r->weights_name : "-",
                r->testing.tile, r->testing.overlap);
    }
}

/* A refused grid is a result too, unless memory was short. */
static int read_grid(FILE *out, il_registry *registry, const char *name, il_plan_opts o, il_err *e)
{
    char path[300];
    il_plan *p = NULL;
    snprintf(path, sizeof path, "%s/plan/%s.yaml", TEST_DATA, name);
    int rc = il_plan_read(&p, path, registry, o, e);
    if (!rc)
        show(out, p);
    else if (rc != IL_ENOMEM)
        fprintf(out, "%s: %d %s\n", name, rc, e->message);
    il_plan_free(p);
    return rc == IL_ENOMEM ? rc : IL_OK;
}

static int plan(FILE *out, const char *const *names, il_plan_opts o, il_err *e)
{
    il_registry *registry = NULL;
    int rc = il_registry_open(&registry, e);
    for (; !rc && *names; names++)
        rc = read_grid(out, registry, *names, o, e);
    il_registry_free(registry);
    return rc;
}

static int axes(const char *folder, FILE *out, il_err *e)
{
    (void)folder;
    static const char *const names[] = { "axes",   "test-policy", "anchors",        "order",
                                         "quoted", "set-skip",    "training-parts", "list-text-axis",
                                         "window", "given",       "given-axis",     "given-include",
                                         "kinds",  "pairs",       "augment-axis",   "augment-long",
                                         NULL };
    return plan(out, names, (il_plan_opts){ 0 }, e);
}

static int set(const char *folder, FILE *out, il_err *e)
{
    (void)folder;
    static const char *const names[] = { "set", "axes", "degrade", NULL };
    static const char *const values[] = { "train.epochs=3",
                                          "model.size=60",
                                          "loss={name: focal, alpha: 0.5}",
                                          "seed=9",
                                          "train.skip=[a.*, b.*]",
                                          "train.freeze=[a.*]",
                                          "train.lr_of={a.*: 0.1}",
                                          "train.augment=[jpeg, {jitter: {contrast: 0.1}}]",
                                          "test_window={side: 64, stride: 32}",
                                          "test=[fakefake, {images: realfake}]",
                                          NULL };
    return plan(out, names, (il_plan_opts){ .set = values, .only = "*" }, e);
}

static int set_kinds(const char *folder, FILE *out, il_err *e)
{
    (void)folder;
    static const char *const names[] = { "minimal", "pairs", NULL };
    static const char *const values[] = { "train.on=[realfake, {images: original, share: 0.5}]", NULL };
    return plan(out, names, (il_plan_opts){ .set = values }, e);
}

static int refused(const char *folder, FILE *out, il_err *e)
{
    (void)folder;
    static const char *const names[] = {
        "bad-key",
        "bad-list-text",
        "bad-lr-of-text",
        "bad-given-name",
        "bad-given-key",
        "bad-window-stride",
        "bad-plugin",
        "bad-plugin-setting-choice",
        "bad-axis-unknown",
        "bad-axis-twice",
        "bad-test-twice",
        "bad-exclude-never",
        "bad-include-twice",
        "bad-degrade-twice",
        "bad-degrade-name",
        "bad-syntax",
        "bad-only",
        "bad-set-key",
        "bad-plugin-opens-not",
        "bad-test-policy-twice",
        "bad-no-model",
        "bad-choice",
        "nothing-there",
        "bad-kinds-twice",
        "bad-kinds-share",
        "bad-pairs-share",
        "bad-augment-name",
        "bad-augment-p",
        "bad-augment-flip",
        "bad-augment-large",
        NULL,
    };
    return plan(out, names, (il_plan_opts){ 0 }, e);
}

int main(int count, char **words)
{
    static const struct scenario list[] = {
        { .name = "plan", .run = axes },
        { .name = "plan with --set", .run = set },
        { .name = "plan with kinds by --set", .run = set_kinds },
        { .name = "plan refused", .run = refused },
    };
    return failing_run(list, sizeof list / sizeof *list, count > 1 ? words[1] : NULL);
}
