/* test_plan.c - grids in, plans or errors out, by the files in data/plan: NAME.yaml gives NAME.txt. Leading comments
 * "# set: KEY=VALUE" and "# only: GLOB" are the options. INPAINTLAB_WRITE_EXPECTED=1 rewrites the .txt files. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/text.h"
#include "base/yaml.h"
#include "image/degrade.h"
#include "plan/keys.h"
#include "plan/plan.h"

static il_registry *registry_with(const char *plugins)
{
    setenv("INPAINTLAB_PLUGIN_PATH", plugins, 1);
    il_registry *r = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_registry_open(&r, &e), IL_OK, "%s", e.message);
    return r;
}

/* ---- the plan as text ---- */

static void show_choice(il_text *t, const char *key, const il_choice *c)
{
    if (!c->plugin) /* nothing is trained */
        return;
    il_text_add(t, " %s=%s", key, c->label);
    for (const il_param_spec *s = il_params_specs(c->params); s->name; s++) {
        const char *text = il_params_canonical(c->params, s->name);
        if (!s->fallback || strcmp(s->fallback, text) != 0)
            il_text_add(t, "{%s: %s}", s->name, text);
    }
}

static void show_training(il_text *t, const il_run *run)
{
    const il_training *n = &run->training;
    il_text_add(t, "\n  on=%s epochs=%d patience=%d batch=%d size=%d crop=%d crops=%d flip=%d", n->on, n->epochs,
                n->patience, n->batch, n->size, n->crop, n->crops, n->flip);
    il_text_add(t, " lr=%g weight_decay=%g aux_weight=%g as_published=%d", n->lr, n->weight_decay, n->aux_weight,
                n->as_published);
    il_text_add(t, " weights=%s skip=[", n->weights ? n->weights : "-");
    for (char **s = n->skip; s && *s; s++)
        il_text_add(t, "%s%s", s == n->skip ? "" : " ", *s);
    il_text_add(t, "]\n  missing=%s seed=%llu test_batch=%d\n", run->missing == IL_MISSING_SKIP ? "skip" : "refuse",
                (unsigned long long)run->seed, run->testing.batch);
    if (n->pairs)
        il_text_add(t, "  pairs\n");
    if (n->monitor != IL_MONITOR_LOSS || n->clip > 0 || n->keep)
        il_text_add(t, "  monitor=%d clip=%g keep=%d\n", (int)n->monitor, n->clip, n->keep);
    for (char **s = n->freeze; s && *s; s++)
        il_text_add(t, "  freeze %s\n", *s);
    for (size_t i = 0; i < n->nlr_of; i++)
        il_text_add(t, "  lr_of %s %g\n", n->lr_of[i].pattern, n->lr_of[i].factor);
    if (n->augment.count) {
        il_text_add(t, "  augment ");
        il_augment_describe(t, &n->augment);
        il_text_add(t, "\n");
    }
}

static void show_tests(il_text *t, const il_run *run)
{
    const il_testing *how = &run->testing;
    if (how->size != run->training.size || how->tile != run->training.size || how->overlap != how->tile / 8)
        il_text_add(t, "  windows of %d by %d, size %d\n", how->tile, how->overlap, how->size);
    for (size_t i = 0; i < run->ntests; i++) {
        il_text_add(t, "  test");
        show_choice(t, "dataset", &run->tests[i].dataset);
        il_text_add(t, " images=%s split=%s", run->tests[i].images, run->tests[i].split);
        if (run->tests[i].mask_policy.plugin) {
            show_choice(t, "mask_policy", &run->tests[i].mask_policy);
            il_text_add(t, " as \"%s\"", run->tests[i].tested_on);
        }
        const il_degradation *d = &run->tests[i].degradation;
        if (d->kind != IL_DEGRADE_NONE)
            il_text_add(t, " %s%s of test %zu", il_degrade_shown(d).text, il_degrade_settings(d).text,
                        run->tests[i].plain);
        il_text_add(t, "\n");
    }
    il_text_add(t, "  %s\n", run->config);
}

static void show_run(il_text *t, const il_run *run)
{
    il_text_add(t, "run %s\n ", run->name);
    show_choice(t, "dataset", &run->dataset);
    show_choice(t, "model", &run->model);
    show_choice(t, "mask_policy", &run->mask_policy);
    show_choice(t, "loss", &run->loss);
    if (run->test_only)
        il_text_add(t, "\n  tests %s as %s\n", run->weights ? run->weights : "-", run->weights_name);
    else
        show_training(t, run);
    show_tests(t, run);
}

static void show_plan(il_text *t, const il_plan *p)
{
    il_text_add(t, "experiment %s | %s | published %s\n", p->experiment, p->title, p->published ? p->published : "-");
    for (size_t i = 0; i < p->count; i++)
        show_run(t, &p->runs[i]);
}

/* ---- the table of files ---- */

enum { MOST = 12 };

struct options {
    char *lines[MOST]; /* texts of `set` */
    char *only;
    const char *set[MOST + 1];
    size_t count;
};

static void read_options(struct options *o, const char *path)
{
    char line[500];
    FILE *f = fopen(path, "r");
    cr_assert_not_null(f, "%s", path);
    while (fgets(line, sizeof line, f) && line[0] == '#') {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "# set: ", 7) == 0 && o->count < MOST) {
            o->lines[o->count] = il_text_copy(line + 7);
            o->set[o->count] = o->lines[o->count];
            o->count++;
        } else if (strncmp(line, "# only: ", 8) == 0) {
            o->only = il_text_copy(line + 8);
        }
    }
    fclose(f);
}

static void plan_as_text(il_text *t, const char *path, il_registry *r)
{
    struct options o = { 0 };
    read_options(&o, path);
    il_plan *p = NULL;
    il_err e = { 0 };
    int rc = il_plan_read(&p, path, r, (il_plan_opts){ .set = o.set, .only = o.only }, &e);
    if (rc) {
        cr_expect_null(p);
        cr_expect_eq(rc, e.code);
        il_text_add(t, "error: %s\n", e.message);
    } else {
        show_plan(t, p);
    }
    il_plan_free(p);
    for (size_t i = 0; i < o.count; i++)
        free(o.lines[i]);
    free(o.only);
}

static void read_text(il_text *t, const char *path)
{
    FILE *f = fopen(path, "r");
    char line[4000];
    while (f && fgets(line, sizeof line, f))
        il_text_add(t, "%s", line);
    if (f)
        fclose(f);
}

static void check_file(const char *name, il_registry *r)
{
    char path[300];
    il_text actual = { 0 }, expected = { 0 };
    plan_as_text(&actual, name, r);
    snprintf(path, sizeof path, "%.*stxt", (int)(strlen(name) - 4), name);
    if (getenv("INPAINTLAB_WRITE_EXPECTED")) {
        FILE *f = fopen(path, "w");
        cr_assert_not_null(f);
        fputs(actual.data, f);
        fclose(f);
    }
    read_text(&expected, path);
    cr_expect(expected.data && strcmp(actual.data, expected.data) == 0, "%s gives\n%s\nexpected\n%s", name, actual.data,
              expected.data ? expected.data : "(no such file)");
    il_text_free(&actual);
    il_text_free(&expected);
}

static int is_yaml(const struct dirent *d)
{
    size_t size = strlen(d->d_name);
    return size > 5 && strcmp(d->d_name + size - 5, ".yaml") == 0;
}

Test(plan, files)
{
    il_registry *r = registry_with(BUILD_DIR "/tests/stubs");
    cr_assert_eq(chdir(TEST_DATA "/plan"), 0);
    struct dirent **list = NULL;
    int count = scandir(".", &list, is_yaml, alphasort);
    cr_assert_gt(count, 80);
    for (int i = 0; i < count; i++) {
        check_file(list[i]->d_name, r);
        free(list[i]);
    }
    free(list);
    il_registry_free(r);
}

Test(plan, plugins_are_opened_once_and_closed)
{
    il_registry *r = registry_with(BUILD_DIR "/tests/stubs");
    setenv("PICKY_EVER", "0", 1);
    setenv("PICKY_OPEN", "0", 1);
    il_plan *p = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_plan_read(&p, TEST_DATA "/plan/open-once.yaml", r, (il_plan_opts){ 0 }, &e), IL_OK, "%s",
                 e.message);
    cr_assert_eq(p->count, 4);
    cr_assert_str_eq(getenv("PICKY_EVER"), "2");
    cr_assert_str_eq(getenv("PICKY_OPEN"), "0");
    il_plan_free(p);
    il_registry_free(r);
}

/* Who only looks at a grid sees a run whose plugin it names by path, and no more of it. */
Test(plan, runs_not_examined)
{
    static const char *const names[] = { "model=tiny,seed=1",      "model=tiny,seed=2", "model=./tiny.so,seed=1",
                                         "model=./tiny.so,seed=2", "model=mine,seed=1", "model=mine,seed=2" };
    il_registry *r = registry_with(BUILD_DIR "/tests/stubs");
    il_plan *p = NULL;
    il_err e = { 0 };
    cr_assert_eq(chdir(TEST_DATA "/plan"), 0);
    cr_assert_eq(il_plan_read(&p, "look.yaml", r, (il_plan_opts){ 0 }, &e), IL_ETRUST);
    cr_assert_eq(il_plan_read(&p, "look.yaml", r, (il_plan_opts){ .look = true }, &e), IL_OK, "%s", e.message);
    cr_assert_eq(p->count, sizeof names / sizeof *names);
    for (size_t i = 0; i < p->count; i++) {
        cr_expect_str_eq(p->runs[i].name, names[i]);
        cr_expect_eq(p->runs[i].unexamined == NULL, i < 2, "%s", names[i]);
    }
    cr_assert_str_eq(p->runs[4].unexamined,
                     "look.yaml:7:35: model './other.so' is named by path; its code runs only with --trust");
    il_plan_free(p);
    il_registry_free(r);
}

/* ---- the annotated file and the experiments ---- */

static void read_keys(il_text *t, const il_node *map, const char *prefix)
{
    for (size_t i = 0; i < map->count; i++)
        il_text_add(t, "%s%s ", prefix, map->keys[i]->text);
}

static void known_keys(il_text *t, const char *const *names, const char *prefix)
{
    for (; *names; names++)
        il_text_add(t, "%s%s ", prefix, *names);
}

Test(plan, annotated_file_has_every_key)
{
    il_yaml *y = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_yaml_read(&y, SOURCE_DIR "/schema/experiment.yaml", &e), IL_OK, "%s", e.message);
    const il_node *root = il_yaml_root(y), *base = il_yaml_get(root, "base"), *test = il_yaml_get(base, "test");

    il_text written = { 0 }, known = { 0 };
    read_keys(&written, root, "");
    read_keys(&written, base, "base.");
    read_keys(&written, il_yaml_get(base, "train"), "train.");
    read_keys(&written, test->items[test->count - 1], "test.");
    const il_node *given = il_yaml_get(root, "include")->items[1]; /* what contradicts the base */
    cr_expect_not_null(il_yaml_get(given, "weights"));
    cr_expect_not_null(il_yaml_get(given, "test_window"));
    known_keys(&known, il_keys_top, "");
    for (const char *const *name = il_keys_heads; *name; name++)
        if (strcmp(*name, "weights") != 0 && strcmp(*name, "test_window") != 0)
            il_text_add(&known, "base.%s ", *name);
    for (const il_param_spec *s = il_keys_train; s->name; s++)
        il_text_add(&known, "train.%s ", s->name);
    for (const il_keys_shape *s = il_keys_train_shapes; s->name; s++)
        il_text_add(&known, "train.%s ", s->name);
    known_keys(&known, il_keys_set, "test.");
    cr_assert_str_eq(written.data, known.data);
    il_text_free(&written);
    il_text_free(&known);
    il_yaml_free(y);
}

static void expect_defaults(const il_param_spec *table, const il_node *map)
{
    for (const il_param_spec *s = table; s->name; s++) {
        il_params *p = NULL;
        const il_node *written = il_yaml_get(map, s->name);
        cr_assert_not_null(written, "%s", s->name);
        if (!s->fallback || s->type == IL_PARAM_PATH)
            continue;
        cr_assert_eq(il_params_new(&p, table, NULL), IL_OK);
        char *fallback = il_text_copy(il_params_canonical(p, s->name));
        cr_assert_eq(il_params_set(p, s->name, written->text, NULL), IL_OK);
        cr_expect_str_eq(il_params_canonical(p, s->name), fallback, "%s", s->name);
        free(fallback);
        il_params_free(p);
    }
}

Test(plan, annotated_file_shows_defaults)
{
    il_yaml *y = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_yaml_read(&y, SOURCE_DIR "/schema/experiment.yaml", &e), IL_OK, "%s", e.message);
    const il_node *base = il_yaml_get(il_yaml_root(y), "base");
    expect_defaults(il_keys_base, base);
    expect_defaults(il_keys_train, il_yaml_get(base, "train"));
    il_yaml_free(y);
}

Test(plan, annotated_file_is_a_grid)
{
    il_registry *r = registry_with("");
    il_plan *p = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_plan_read(&p, SOURCE_DIR "/schema/experiment.yaml", r, (il_plan_opts){ 0 }, &e), IL_OK, "%s",
                 e.message);
    cr_assert_eq(p->count, 5);
    il_plan_free(p);
    il_registry_free(r);
}

/* The grid of negatives as it is, and one run of it in full. */
Test(plan, negatives_with_and_without_pairs)
{
    il_registry *r = registry_with("");
    il_plan *p = NULL;
    il_err e = { 0 };
    size_t pairs = 0, plain = 0;
    cr_assert_eq(il_plan_read(&p, SOURCE_DIR "/experiments/beyond/negatives.yaml", r, (il_plan_opts){ 0 }, &e), IL_OK,
                 "%s", e.message);
    cr_assert_eq(p->count, 15);
    for (size_t i = 0; i < p->count; i++) {
        const il_run *run = &p->runs[i];
        pairs += run->training.pairs;
        plain += strcmp(run->training.on, "inpainted") == 0;
        cr_expect_eq(run->ntests, 6);
        cr_expect(run->training.pairs == false || strstr(run->training.on, "+reconstructed:nothing") != NULL);
    }
    cr_expect(pairs == 6 && plain == 3);
    cr_expect_str_eq(p->runs[6].name, "seed=1,train.on=inpainted+reconstructed:nothing,train.pairs=true", "%s",
                     p->runs[6].name);
    il_plan_free(p);
    il_registry_free(r);
}

/* Appends the cells of a plan as published.csv writes them, without the figure: each once, though soft is trained in two ways, and
 * without those that are measured by another truth than their own. */
static void add_cells(il_text *t, const il_plan *p)
{
    for (size_t i = 0; i < p->count; i++) {
        const il_run *run = &p->runs[i];
        for (size_t k = 0; k < run->ntests; k++) {
            char line[300];
            snprintf(line, sizeof line, "%s,%s,%s,%s,%s,%s,\n", p->published, run->tests[k].dataset.label,
                     run->model.label, run->mask_policy.label, run->training.on, run->tests[k].images);
            if (!run->tests[k].mask_policy.plugin && !(t->data && strstr(t->data, line)))
                il_text_add(t, "%s", line);
        }
    }
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

Test(plan, experiments_declare_the_published_cells)
{
    static const char *const files[] = { "table2", "table3", "table4", "table5", "table6", "table7", "mask-policies" };
    il_registry *r = registry_with("");
    il_text cells = { 0 };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[500];
        snprintf(path, sizeof path, "%s/experiments/%s.yaml", SOURCE_DIR, files[i]);
        il_plan *p = NULL;
        il_err e = { 0 };
        cr_assert_eq(il_plan_read(&p, path, r, (il_plan_opts){ 0 }, &e), IL_OK, "%s", e.message);
        cr_expect_str_eq(p->experiment, files[i]);
        add_cells(&cells, p);
        il_plan_free(p);
    }

    FILE *f = fopen(SOURCE_DIR "/results/published.csv", "r");
    cr_assert_not_null(f);
    char line[300];
    size_t published = 0;
    cr_assert_not_null(fgets(line, sizeof line, f));
    while (fgets(line, sizeof line, f)) {
        memcpy(strrchr(line, ',') + 1, "\n", 2);
        cr_expect_not_null(strstr(cells.data, line), "no experiment declares %s", line);
        published++;
    }
    fclose(f);
    cr_expect_eq(count_lines(cells.data), published, "cells that were not published:\n%s", cells.data);
    il_text_free(&cells);
    il_registry_free(r);
}

/* The run without augmentation is the quickstart's own. */
Test(plan, degraded_trains_the_quickstarts_detector_under_degradation)
{
    il_registry *r = registry_with("");
    il_plan *quick = NULL, *p = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_plan_read(&quick, SOURCE_DIR "/experiments/quickstart.yaml", r,
                              (il_plan_opts){ .only = "train.on=realfake" }, &e),
                 IL_OK, "%s", e.message);
    cr_assert_eq(il_plan_read(&p, SOURCE_DIR "/experiments/beyond/degraded.yaml", r, (il_plan_opts){ 0 }, &e), IL_OK,
                 "%s", e.message);
    cr_assert_eq(p->count, 9);
    static const size_t changes[] = { 0, 1, 6 };
    for (size_t i = 0; i < p->count; i++) {
        cr_expect_eq(p->runs[i].training.augment.count, changes[i / 3], "%s", p->runs[i].name);
        cr_expect_eq(p->runs[i].ntests, 12, "%s", p->runs[i].name);
        cr_expect_eq(strcmp(p->runs[i].config, quick->runs[0].config) == 0, i == 0, "%s", p->runs[i].name);
    }
    cr_expect_str_eq(p->runs[3].name, "seed=1,train.augment=jpeg 70..100 p 0.5");
    il_plan_free(p);
    il_plan_free(quick);
    il_registry_free(r);
}

static il_plan *plan_of(il_registry *r, const char *experiment)
{
    char path[500];
    il_plan *p = NULL;
    il_err e = { 0 };
    snprintf(path, sizeof path, "%s/experiments/%s.yaml", SOURCE_DIR, experiment);
    cr_assert_eq(il_plan_read(&p, path, r, (il_plan_opts){ 0 }, &e), IL_OK, "%s", e.message);
    return p;
}

/* Every set of one, two and three of four generators, each a letter of the data set's label, with three seeds; tested on each alone. */
Test(plan, carry_over_leaves_each_generator_out)
{
    il_registry *r = registry_with("");
    il_plan *p = plan_of(r, "beyond/carry-over");
    int sets[4] = { 0 }, without[4][4] = { { 0 } };
    cr_assert_eq(p->count, 3 * (4 + 6 + 4));
    for (size_t i = 0; i < p->count; i++) {
        const il_run *run = &p->runs[i];
        const char *trained = run->dataset.label;
        const size_t count = strlen(trained);
        cr_assert(count >= 1 && count <= 3 && strspn(trained, "abcd") == count && run->seed >= 1 && run->seed <= 3);
        cr_assert_eq(run->ntests, 4);
        sets[count]++;
        for (size_t k = 0; k < 4; k++) {
            const char *tested = run->tests[k].dataset.label;
            cr_assert(strlen(tested) == 1 && tested[0] == 'a' + (char)k);
            without[k][count] += strchr(trained, tested[0]) == NULL;
        }
    }
    cr_expect(sets[1] == 12 && sets[2] == 18 && sets[3] == 12);
    for (size_t k = 0; k < 4; k++)
        cr_expect(without[k][1] == 9 && without[k][2] == 9 && without[k][3] == 3, "%zu", k);
    il_plan_free(p);
    il_registry_free(r);
}

/* Two published follow-ups: two models, an axis of two, three seeds. */
Test(plan, published_follow_ups_are_planned)
{
    static const struct {
        const char *name;
        size_t changes;
    } grids[] = { { "beyond/bfree", 5 }, { "beyond/aligned", 7 } };
    il_registry *r = registry_with("");
    for (size_t i = 0; i < 2; i++) {
        il_plan *p = plan_of(r, grids[i].name);
        cr_assert_eq(p->count, 12, "%s", grids[i].name);
        for (size_t k = 0; k < p->count; k++)
            cr_expect_eq(p->runs[k].training.augment.count, grids[i].changes, "%s", p->runs[k].name);
        il_plan_free(p);
    }
    il_registry_free(r);
}

/* Ten seeds of each head, trained on each of two kinds, of equal configurations but for these. */
Test(plan, nix_head_differs_in_the_head_alone)
{
    il_registry *r = registry_with("");
    il_plan *p = plan_of(r, "beyond/nix-head");
    int linear = 0, inpainted = 0;
    cr_assert_eq(p->count, 2 * 2 * 10);
    for (size_t i = 0; i < p->count; i++) {
        const il_run *run = &p->runs[i];
        const char *head = il_params_text(run->model.params, "head");
        linear += strcmp(head, "linear") == 0;
        inpainted += strcmp(run->training.on, "inpainted") == 0;
        cr_expect_eq(strstr(run->config, "\"head\"") != NULL, strcmp(head, "linear") == 0, "%s", run->config);
    }
    cr_expect(linear == 20 && inpainted == 20);
    il_plan_free(p);
    il_registry_free(r);
}

/* Table 7 tests the models of table 4, and table 2 holds one of table 6: equal configurations, so trained once. */
Test(plan, equal_models_have_equal_configurations)
{
    static const struct {
        const char *a, *run_a, *b, *run_b;
    } pairs[] = {
        { "table4", "train.on=realfake", "table7", "train.on=realfake" },
        { "table4", "train.on=fakefake", "table7", "train.on=fakefake" },
        { "table2", "model=nix60", "table6", "train.on=realfake" },
        { "mask-policies", "mask_policy=full", "table3", "train.on=realfake" },
    };
    il_registry *r = registry_with("");
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char path[500];
        il_plan *a = NULL, *b = NULL;
        il_err e = { 0 };
        snprintf(path, sizeof path, "%s/experiments/%s.yaml", SOURCE_DIR, pairs[i].a);
        cr_assert_eq(il_plan_read(&a, path, r, (il_plan_opts){ .only = pairs[i].run_a }, &e), IL_OK, "%s", e.message);
        snprintf(path, sizeof path, "%s/experiments/%s.yaml", SOURCE_DIR, pairs[i].b);
        cr_assert_eq(il_plan_read(&b, path, r, (il_plan_opts){ .only = pairs[i].run_b }, &e), IL_OK, "%s", e.message);
        cr_expect_str_eq(a->runs[0].config, b->runs[0].config);
        il_plan_free(a);
        il_plan_free(b);
    }
    il_registry_free(r);
}
