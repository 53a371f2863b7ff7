/* run_tests.c - the tests of one job: measures, stores and tells of what the masks came to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/params.h"
#include "image/degrade.h"
#include "loader/source_photos.h"
#include "plan/keys.h"
#include "plugin/any_size.h"
#include "train/evaluate.h"
#include "train/examples.h"
#include "train/left_out.h"
#include "train/relay.h"
#include "train/run.h"
#include "train/run_parts.h"
#include "train/run_record.h"
#include "train/run_weights.h"

int il_sitting_load_weights(il_sitting *x, il_err *e)
{
    if (x->model.plugin)
        return IL_OK;
    il_job_path path;
    int rc = il_run_weights_find(&path, x->job, x->opts->folder, x->sha256, e);
    if (!rc)
        rc = il_sitting_open_model(x, e);
    if (!rc)
        rc = il_model_load(&x->model, path.text, NULL, e);
    if (rc)
        il_model_close(&x->model); /* one that is open counts as loaded */
    return rc;
}

/* The trained weights, and which sizes the model accepts. */
static int ready_model(il_sitting *x, il_err *e)
{
    int rc = il_sitting_load_weights(x, e);
    return rc ? rc : il_any_size_probe(&x->model, e);
}

static il_loader_opts test_loader(const il_sitting *x)
{
    const il_testing *how = &x->job->run->testing;
    il_loader_opts o = il_loader_of_run(x->job->run, x->model.device, x->observer);
    o.fit = how->fit;
    o.size = how->size;
    o.batch = how->batch;
    o.count_padding = how->count_padding;
    o.threads = x->opts->loader_threads;
    o.disk = x->opts->disk;
    return o;
}

/* "test dataset1 realfake, jpeg 90" */
struct phase {
    char text[200];
};

static struct phase phase_of(const il_job_test *t)
{
    struct phase p;
    il_degrade_words degraded = il_degrade_shown(&t->set->degradation);
    snprintf(p.text, sizeof p.text, "test %s %s%s%s", t->set->dataset.label, t->set->tested_on,
             *degraded.text ? ", " : "", degraded.text);
    return p;
}

int il_sitting_measure(il_image_row **rows, size_t *count, size_t *unreadable, il_sitting *x, const il_job_test *t,
                       il_err *e)
{
    il_loader *loader = NULL;
    il_world *world = x->opts->world;
    const il_testing *how = &x->job->run->testing;
    struct phase phase = phase_of(t);
    il_loader_opts o = test_loader(x);
    o.ranks = il_world_size(world);
    o.own = il_world_own(world);
    o.turns = how->fit == IL_SIZING_NATIVE ? how->batch : 1;
    int rc = il_loader_open(&loader, t->source, t->labels, o, e);
    if (!rc && world)
        rc = il_any_size_probe(&x->model, e);
    rc = il_world_agree(world, rc, e);
    il_evaluation what = { .model = &x->model,
                           .loader = loader,
                           .world = world,
                           .scores = true,
                           .testing = how,
                           .shown = { .run = x->job->run->name, .phase = phase.text } };
    if (!rc)
        rc = il_evaluate_pictures(rows, count, t->source, &what, x->observer, e);
    if (loader && (!rc || !world)) {
        int counted = il_left_out_add(unreadable, loader, t->source, world, e);
        rc = rc ? rc : counted;
    }
    il_loader_free(loader);
    return rc;
}

/* What a test came to; names of photos are lent by its source. */
struct measured {
    il_image_row *rows;
    size_t count, unreadable;
    il_example examples[IL_RANKS];
    size_t nexamples;
    char *settings;
    double seconds;
};

static void measured_free(struct measured *m)
{
    il_evaluate_free(m->rows, m->count);
    il_store_examples_free(m->examples, m->nexamples);
    free(m->settings);
}

/* A model from elsewhere (foreign.h): its settings can say that the output is a probability. */
static bool is_foreign(const il_plugin *p)
{
    return il_params_find(p->params, "probability");
}

/* The other ranks get the weights, and measure their share. */
static int measure(struct measured *m, il_sitting *x, const il_job_test *t, il_err *e)
{
    int rc = il_sitting_order(x, IL_ORDER_TEST, (size_t)(t - x->job->tests), e);
    if (!rc)
        rc = il_relay_state(x->model.state, x->opts->world, e);
    if (!rc)
        rc = il_sitting_measure(&m->rows, &m->count, &m->unreadable, x, t, e);
    if (!rc && m->count == 0)
        rc = il_fail(e, IL_EDATA, "no image of the test can be used; %zu are left out", m->unreadable);
    /* an own network may well lie there before it has learnt anything */
    if (!rc && is_foreign(x->model.plugin) && !x->warned && il_evaluate_within_one(m->rows, m->count)) {
        x->warned = true;
        il_sitting_warn(
            x,
            "every output lies between 0 and 1, as probabilities do, but logits are expected: is there a sigmoid inside?");
    }
    return rc;
}

static il_examples_job examples_job(const il_sitting *x, const il_job_test *t)
{
    return (il_examples_job){ &x->model, t->source, t->labels, test_loader(x), &x->job->run->testing };
}

/* Images for the report; failing to make them does not invalidate a test. */
static void say_no_examples(const il_sitting *x, const il_job_test *t, il_err *why)
{
    il_fail_in(why, "cannot store example images of %s %s", t->set->dataset.label, t->set->tested_on);
    il_sitting_say(x, why->message);
}

/* For a test that was stored without them. */
static void keep_examples(il_sitting *x, const il_job_test *t, int64_t test)
{
    il_err why = { 0 };
    bool there = false;
    int rc = il_examples_there(&there, x->store, test, &why);
    if (!rc && !there)
        rc = ready_model(x, &why);
    il_examples_job job = examples_job(x, t);
    if (!rc && !there)
        rc = il_examples_keep(&x->out->examples, x->store, test, &job, &why);
    if (rc)
        say_no_examples(x, t, &why);
}

static const char *policy_of(const il_sitting *x, const il_job_test *t)
{
    return t->set->mask_policy.plugin ? t->set->mask_policy.label : x->job->run->mask_policy.label;
}

/* What the masks came to in the test itself, after resizing. */
static il_fit_facts measured_truth(const il_job_test *t, const il_image_row *rows, size_t count)
{
    il_fit_facts f = { .no_truth_level = -1 };
    for (size_t i = 0; i < count; i++) {
        bool none = rows[i].masked && rows[i].counts.tp + rows[i].counts.fn == 0;
        f.tampered += rows[i].masked;
        if (none && !f.no_truth++) {
            while (f.no_truth_example + 1 < il_source_count(t->source) &&
                   strcmp(il_source_at(t->source, f.no_truth_example).id, rows[i].id) != 0)
                f.no_truth_example++;
            il_sample_facts s = il_source_facts(t->source, f.no_truth_example);
            f.no_truth_level = s.masked ? il_mask_levels_most(&s.levels) : -1;
        }
    }
    return f;
}

/* What is known of a test before it runs; left to the caller: its status and what was measured. */
static il_test_record record_of(const il_sitting *x, const il_job_test *t, const il_fit_facts *truth)
{
    const il_testing *how = &x->job->run->testing;
    bool tiles = t->source && how->fit == IL_SIZING_NATIVE && (t->fit.larger || t->fit.unknown);
    return (il_test_record){
        .dataset = t->set->dataset.label,
        .images = t->set->images,
        .split = t->set->split,
        .digest = t->source ? t->digest.hex : "",
        .batch = how->batch,
        .degradation = il_degrade_name(&t->set->degradation),
        .level = t->set->degradation.level,
        .fit = t->source ? il_keys_fit_text(how->fit) : NULL,
        .tile = tiles ? how->tile : 0,
        .overlap = how->overlap,
        .padding = t->source ? il_job_fit_padding(&t->fit, how) : NULL,
        .no_truth = (int64_t)truth->no_truth,
        .leaked = x->job->run->test_only ? -1 : (int64_t)t->leak.count,
        .leaked_example = t->leak.count ? il_source_at(t->source, t->leak.example).id : NULL,
        .no_truth_example = truth->no_truth ? il_source_at(t->source, truth->no_truth_example).id : NULL,
    };
}

static void say_test(const il_sitting *x, const il_job_test *t, const il_fit_facts *truth, const il_test_record *r,
                     size_t count)
{
    char line[800];
    struct phase phase = phase_of(t);
    il_leak_words leaked = il_leak_in_words(&t->leak, t->source, IL_LEAK_TEST);
    snprintf(line, sizeof line, "%s: %s", phase.text, leaked.text);
    il_sitting_say(x, *leaked.text ? line : "");
    il_fit_words words = il_job_fit_words(truth, t->source, policy_of(x, t));
    snprintf(line, sizeof line, "%s: %s", phase.text, words.text);
    il_sitting_say(x, *words.text ? line : "");
    snprintf(line, sizeof line, "%s: %lld of %lld images left out", phase.text, (long long)r->left_out,
             (long long)r->left_out + (long long)count);
    il_sitting_say(x, r->left_out ? line : "");
}

/* Where most masks cover more than half of their images, they may be the wrong way round. */
static void say_wide_masks(const il_sitting *x, const char *phase, const il_image_row *rows, size_t count)
{
    char line[500];
    size_t masked = 0, wide = 0, first = 0;
    for (size_t i = 0; i < count; i++) {
        il_counts c = rows[i].counts;
        masked += rows[i].masked;
        if (rows[i].masked && c.tp + c.fn > c.fp + c.tn && !wide++)
            first = i;
    }
    if (!wide || 2 * wide <= masked)
        return;
    snprintf(line, sizeof line,
             "%s: the masks of %zu of %zu images cover more than half of them, such as %.150s; are they inverted?",
             phase, wide, masked, rows[first].id);
    il_sitting_say(x, line);
}

static int measure_all(struct measured *m, il_sitting *x, const il_job_test *t, il_err *e)
{
    double start = il_clock_seconds();
    *e = t->error;
    int rc = e->code == IL_OK ? ready_model(x, e) : e->code;
    if (!rc)
        rc = measure(m, x, t, e);
    for (size_t i = 0; !rc && i < m->count; i++)
        m->rows[i].photo = il_source_photo_of(t->source, m->rows[i].id);
    m->seconds = il_clock_seconds() - start;
    return rc;
}

/* Fails only where the grid ends: the test is then run again. */
static int make_examples(struct measured *m, il_sitting *x, const il_job_test *t, il_err *e)
{
    il_err why = { 0 };
    il_examples_job job = examples_job(x, t);
    int rc = il_examples_make(m->examples, &m->nexamples, m->rows, m->count, &job, &why);
    if (il_sitting_ends_grid(rc)) {
        *e = why;
        return rc;
    }
    if (rc)
        say_no_examples(x, t, &why);
    return IL_OK;
}

/* rc, why: how the measuring ended. */
static int store_measured(il_sitting *x, const il_job_test *t, const struct measured *m, bool missing, int rc,
                          const il_err *why, il_err *e)
{
    size_t listed = t->source ? il_source_left_out_count(t->source) : 0;
    il_cell_record cell = il_sitting_cell(x, t->set);
    il_fit_facts truth = measured_truth(t, m->rows, m->count);
    il_test_record r = record_of(x, t, &truth);
    r.status = !rc ? IL_RUN_DONE : IL_RUN_FAILED;
    r.message = !rc ? NULL : why->message;
    r.seconds = m->seconds;
    r.left_out = (int64_t)(listed + m->unreadable);
    r.settings = m->settings;
    r.examples = m->examples;
    r.nexamples = m->nexamples;
    cell.missing = missing;
    r.cell = &cell;
    if (!rc) {
        say_test(x, t, &truth, &r, m->count);
        say_wide_masks(x, phase_of(t).text, m->rows, m->count);
    }
    int64_t id = 0;
    return il_store_test(&id, x->store, x->row, &r, m->rows, m->count, e);
}

static int run_test(il_sitting *x, const il_job_test *t, bool missing, il_err *e)
{
    struct measured m = { 0 };
    il_err why = { 0 };
    int rc = measure_all(&m, x, t, &why), stored = rc;
    if (il_sitting_ends_grid(rc))
        *e = why;
    else
        stored = il_run_record_settings(&m.settings, t->set, e);
    if (!rc && !stored)
        stored = make_examples(&m, x, t, e);
    if (!stored)
        stored = store_measured(x, t, &m, missing, rc, &why, e);
    if (!stored && !rc) {
        x->out->tested++;
        x->out->examples += m.nexamples;
    } else if (!stored) {
        x->out->failed_tests++;
        if (x->out->failure.code == IL_OK)
            x->out->failure = why;
    }
    measured_free(&m);
    return stored;
}

/* A test that is there already: of this run, or an identical one. */
static int take_test(il_sitting *x, const il_job_test *t, int64_t id, bool missing, il_err *e)
{
    il_cell_record cell = il_sitting_cell(x, t->set);
    il_test_record known = record_of(x, t, &t->fit);
    int rc = il_store_note_fit(x->store, id, &known, e);
    cell.test = id;
    cell.missing = missing;
    if (!rc && x->opts->examples)
        keep_examples(x, t, id);
    return rc ? rc : il_store_cell(x->store, &cell, e);
}

int il_sitting_test(il_sitting *x, const il_job_left *left, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; i < x->job->run->ntests && !rc; i++) {
        const il_job_test *t = &x->job->tests[i];
        bool missing = left->tests[i].state == IL_TEST_NO_DATA;
        int64_t id = left->tests[i].id;
        if (left->tests[i].state == IL_TEST_LEFT) /* an identical test may already have been run */
            rc = il_store_find_test(&id, x->store, x->row, t->digest.hex, t->set->split, x->job->run->testing.batch, e);
        if (!rc)
            rc = id ? take_test(x, t, id, missing, e) : run_test(x, t, missing, e);
    }
    return rc;
}
