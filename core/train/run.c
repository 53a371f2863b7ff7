/* run.c - one job from start to end: train or resume, save the weights, test, store every cell. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/sha256.h"
#include "image/degrade.h"
#include "train/examples.h"
#include "train/job_state.h"
#include "train/run.h"
#include "train/run_record.h"
#include "train/run_weights.h"
#include "train/train.h"

struct sitting {
    il_job *job;
    il_store *store;
    const il_run_opts *opts;
    const il_observer *observer;
    il_run_outcome *out;
    il_model model;  /* plugin NULL: not opened yet */
    int64_t row;     /* the run's */
    char sha256[65]; /* of the weights recorded in the store; "" before training */
};

static bool ends_grid(int rc)
{
    return rc == IL_EDB || rc == IL_EBUSY || rc == IL_ENOMEM || rc == IL_ECANCEL;
}

/* ---- recording in the store ---- */

static int begin(struct sitting *x, int64_t parameters, il_err *e)
{
    const il_job *j = x->job;
    const il_run *run = j->run;
    char host[256] = "?", device[64], title[200];
    il_text place = { 0 };
    gethostname(host, sizeof host - 1);
    il_device_text(x->opts->device, device, sizeof device);
    il_device_title(x->opts->device, title, sizeof title);
    il_text_add(&place, "%s (%s)", device, title);
    char *versions = il_run_record_versions(run), *params = il_run_record_params(&run->model);
    il_run_record r = il_job_run_record(j);
    r.model_params = params;
    r.parameters = parameters;
    r.versions = versions;
    r.host = host;
    r.device = place.data;
    r.git_revision = x->opts->git_revision;
    r.threads = x->opts->threads;
    r.experiment = x->opts->experiment_id;
    int rc = versions && params && place.data ? il_store_begin_run(&x->row, x->store, &r, e) : il_fail_oom(e);
    free(versions);
    free(params);
    il_text_free(&place);
    return rc;
}

static int end_failed(struct sitting *x, il_status status, const il_err *why, il_err *e)
{
    il_run_end end = { .status = status, .message = why->message, .seconds = NAN };
    return il_store_end_run(x->store, x->row, &end, e);
}

static int store_cell(struct sitting *x, const il_set *set, int64_t test, bool missing, il_err *e)
{
    il_cell_record c = il_job_cell_record(x->job, set);
    c.experiment = x->opts->experiment_id;
    c.run = x->row;
    c.test = test;
    c.missing = missing;
    c.published_table = x->opts->published;
    return il_store_cell(x->store, &c, e);
}

/* Records every cell of a run without weights as missing, with the reason. */
static int store_holes(struct sitting *x, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; i < x->job->run->ntests && !rc; i++)
        rc = store_cell(x, x->job->tests[i].set, 0, x->job->error.code != IL_OK, e);
    return rc;
}

/* ---- training ---- */

static il_model_opts model_opts(const struct sitting *x)
{
    const il_run *run = x->job->run;
    return (il_model_opts){ .device = x->opts->device, .precision = run->training.precision, .seed = run->seed };
}

static int store_epochs(void *context, const il_course *c, il_err *e)
{
    struct sitting *x = context;
    return il_store_epochs(x->store, x->row, c->epochs, c->done, e);
}

static void tell(const struct sitting *x, const char *what, const char *path)
{
    il_text line = { 0 };
    il_text_add(&line, "%s %s", what, path);
    if (x->observer->say && !line.failed)
        x->observer->say(x->observer->context, x->job->run->name, line.data);
    il_text_free(&line);
}

static void tell_collapse(const struct sitting *x, il_collapse c)
{
    static const char *const lines[] = {
        [IL_COLLAPSE_NOTHING] = "collapsed: the tested weights mark no pixel at all on the validation split",
        [IL_COLLAPSE_EVERYTHING] = "collapsed: the tested weights mark every pixel of the validation split",
    };
    if (c != IL_COLLAPSE_NONE && x->observer->say)
        x->observer->say(x->observer->context, x->job->run->name, lines[c]);
}

static int keep_weights(struct sitting *x, const il_course *c, size_t left_out, il_err *e)
{
    const il_training *t = &x->job->run->training;
    bool last = t->as_published || c->early.best_epoch == 0;
    il_job_path path = il_job_file(x->job, x->opts->folder, "weights.safetensors");
    il_digest digest;
    il_run_end end = { .status = IL_RUN_DONE,
                       .best_epoch = c->early.best_epoch,
                       .tested_epoch = last ? (int)c->done : c->early.best_epoch,
                       .stopped_early = (int)c->done < t->epochs,
                       .collapse = last ? c->collapse : c->best_collapse,
                       .weights_path = path.text,
                       .weights_sha256 = digest.hex,
                       .seconds = c->seconds,
                       .left_out = (int64_t)left_out };
    il_job_path aside;
    int rc = il_run_weights_write(&digest, &aside, x->job, x->opts->folder, &x->model, end.tested_epoch, e);
    if (!rc && *aside.text)
        tell(x, "found weights that are not in this database; kept them as", aside.text);
    if (!rc)
        rc = il_store_end_run(x->store, x->row, &end, e);
    if (!rc)
        tell_collapse(x, end.collapse);
    return rc;
}

static int train(struct sitting *x, il_err *e)
{
    il_job *j = x->job;
    il_job_path checkpoint = il_job_file(j, x->opts->folder, "checkpoint.safetensors");
    il_training_job what = { .run = j->run,
                             .hash = j->hash,
                             .checkpoint = checkpoint.text,
                             .checkpoint_seconds = x->opts->checkpoint_seconds,
                             .train = j->train,
                             .validation = j->validation,
                             .labels = j->labels,
                             .loader_threads = x->opts->loader_threads,
                             .disk = x->opts->disk,
                             .epoch = store_epochs,
                             .context = x };
    il_course course = { 0 };
    size_t left_out = il_source_left_out_count(j->train) + il_source_left_out_count(j->validation), unreadable = 0;
    int rc = il_model_open(&x->model, &j->run->model, model_opts(x), e);
    il_err unheard = { 0 };
    int begun = begin(x, !rc ? il_state_params(x->model.state) : 0, &unheard);
    if (begun != IL_OK) {
        *e = unheard;
        return begun;
    }
    if (!rc)
        rc = il_train_model(&course, &unreadable, &x->model, &what, x->observer, e);
    if (!rc)
        rc = keep_weights(x, &course, left_out + unreadable, e);
    if (!rc) {
        x->out->trained = true;
        unlink(checkpoint.text);
    }
    il_course_free(&course);
    return rc;
}

/* ---- tests ---- */

static int weights_in_memory(struct sitting *x, il_err *e)
{
    if (x->model.plugin)
        return IL_OK;
    il_job_path path;
    int rc = il_run_weights_find(&path, x->job, x->opts->folder, x->sha256, e);
    if (!rc)
        rc = il_model_open(&x->model, &x->job->run->model, model_opts(x), e);
    return rc ? rc : il_model_load(&x->model, path.text, NULL, e);
}

static il_loader_opts test_loader(const struct sitting *x)
{
    il_loader_opts o = il_loader_of_run(x->job->run, x->model.device, x->observer);
    o.batch = x->job->run->test_batch;
    o.threads = x->opts->loader_threads;
    o.disk = x->opts->disk;
    return o;
}

static int measure(il_image_row **rows, size_t *count, size_t *unreadable, struct sitting *x, const il_job_test *t,
                   il_err *e)
{
    il_loader *loader = NULL;
    char phase[200];
    il_degrade_words degraded = il_degrade_shown(&t->set->degradation);
    snprintf(phase, sizeof phase, "test %s %s%s%s", t->set->dataset.label, t->set->tested_on,
             *degraded.text ? ", " : "", degraded.text);
    int rc = il_loader_open(&loader, t->source, t->labels, test_loader(x), e);
    if (rc)
        return rc;
    il_evaluation what = {
        .model = &x->model, .loader = loader, .scores = true, .shown = { .run = x->job->run->name, .phase = phase }
    };
    rc = il_evaluate_pictures(rows, count, t->source, &what, x->observer, e);
    *unreadable = il_loader_left_out(loader);
    il_loader_free(loader);
    return rc;
}

/* Images for the report; failing to store them does not invalidate a test. */
static void keep_examples(struct sitting *x, const il_job_test *t, int64_t test)
{
    il_err why = { 0 };
    bool there = false;
    int rc = il_examples_there(&there, x->store, test, &why);
    if (!rc && !there)
        rc = weights_in_memory(x, &why);
    il_examples_job job = { &x->model, t->source, t->labels, test_loader(x) };
    if (!rc && !there)
        rc = il_examples_keep(&x->out->examples, x->store, test, &job, &why);
    if (rc && x->observer->say) {
        il_fail_in(&why, "cannot store example images of %s %s", t->set->dataset.label, t->set->tested_on);
        x->observer->say(x->observer->context, x->job->run->name, why.message);
    }
}

static int store_test(int64_t *id, struct sitting *x, const il_job_test *t, il_err *e)
{
    double start = il_clock_seconds();
    il_image_row *rows = NULL;
    size_t count = 0, unreadable = 0;
    il_err why = t->error;
    int rc = why.code == IL_OK ? weights_in_memory(x, &why) : why.code;
    if (!rc)
        rc = measure(&rows, &count, &unreadable, x, t, &why);
    if (ends_grid(rc)) {
        *e = why;
        return rc;
    }
    size_t listed = t->source ? il_source_left_out_count(t->source) : 0;
    char *settings = NULL;
    if (il_run_record_settings(&settings, t->set, e) != IL_OK) {
        il_evaluate_free(rows, count);
        return IL_ENOMEM;
    }
    il_test_record r = { .dataset = t->set->dataset.label,
                         .images = t->set->images,
                         .split = t->set->split,
                         .digest = t->source ? t->digest.hex : "",
                         .batch = x->job->run->test_batch,
                         .status = !rc ? IL_RUN_DONE : IL_RUN_FAILED,
                         .message = !rc ? NULL : why.message,
                         .seconds = il_clock_seconds() - start,
                         .left_out = (int64_t)(listed + unreadable),
                         .degradation = il_degrade_name(&t->set->degradation),
                         .level = t->set->degradation.level,
                         .settings = settings };
    if (!rc) {
        x->out->tested++;
    } else {
        x->out->failed_tests++;
        if (x->out->failure.code == IL_OK)
            x->out->failure = why;
    }
    int stored = il_store_test(id, x->store, x->row, &r, rows, count, e);
    il_evaluate_free(rows, count);
    free(settings);
    if (stored == IL_OK && !rc)
        keep_examples(x, t, *id);
    return stored;
}

static int all_tests(struct sitting *x, const il_job_left *left, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; i < x->job->run->ntests && !rc; i++) {
        const il_job_test *t = &x->job->tests[i];
        int64_t id = left->tests[i].id;
        if (left->tests[i].state == IL_TEST_LEFT) /* an identical test may already have been run */
            rc = il_store_find_test(&id, x->store, x->row, t->digest.hex, t->set->split, x->job->run->test_batch, e);
        if (!rc && !id)
            rc = store_test(&id, x, t, e);
        else if (!rc && x->opts->examples)
            keep_examples(x, t, id);
        if (!rc)
            rc = store_cell(x, t->set, id, left->tests[i].state == IL_TEST_NO_DATA, e);
    }
    return rc;
}

/* ---- the whole ---- */

static int record_failure(struct sitting *x, const il_err *why, il_err *e)
{
    x->out->failure = *why;
    int rc = x->row ? IL_OK : begin(x, 0, e);
    if (!rc)
        rc = end_failed(x, IL_RUN_FAILED, why, e);
    return rc ? rc : store_holes(x, e);
}

static int train_or_record(struct sitting *x, bool *trained, il_err *e)
{
    il_err why = { 0 };
    int rc = train(x, &why);
    *trained = !rc;
    if (rc == IL_ECANCEL && x->row) {
        il_err ignored = { 0 };
        end_failed(x, IL_RUN_STOPPED, &why, &ignored);
    }
    if (ends_grid(rc)) {
        *e = why;
        return rc;
    }
    return rc ? record_failure(x, &why, e) : rc;
}

/* Loads the weights of a trained run for its tests. Existing results are kept if it is another file. */
static int take_weights(struct sitting *x, bool *usable, il_err *e)
{
    il_err why = { 0 };
    int rc = weights_in_memory(x, &why);
    *usable = !rc;
    if (ends_grid(rc)) {
        *e = why;
        return rc;
    }
    x->out->failure = why;
    return IL_OK;
}

static int train_and_test(struct sitting *x, il_err *e)
{
    il_job_left left;
    bool go_on = true;
    int rc = il_job_left_read(&left, x->job, x->store, x->opts->folder, e);
    if (rc)
        return rc;
    if (left.row.status == IL_RUN_DONE) {
        x->row = left.row.id;
        snprintf(x->sha256, sizeof x->sha256, "%s", left.row.weights_sha256);
    }
    if (left.train) {
        rc = train_or_record(x, &go_on, e);
        il_job_left_free(&left);
        if (!rc && go_on)
            rc = il_job_left_read(&left, x->job, x->store, x->opts->folder, e);
    } else if (left.to_test) {
        rc = take_weights(x, &go_on, e);
    }
    if (!rc && go_on)
        rc = all_tests(x, &left, e);
    il_job_left_free(&left);
    return rc;
}

int il_run_job(il_run_outcome *out, il_job *j, il_store *store, const il_run_opts *opts, const il_observer *observer,
               il_err *e)
{
    *out = (il_run_outcome){ 0 };
    struct sitting x = { .job = j, .store = store, .opts = opts, .observer = observer, .out = out };
    int lock = -1;
    int rc = il_job_lock(&lock, j, opts->folder, e);
    if (rc == IL_EBUSY) {
        out->busy = true;
        return IL_OK;
    }
    if (!rc)
        rc = il_job_record_splits(j, store, e);
    if (!rc)
        rc = j->error.code != IL_OK ? record_failure(&x, &j->error, e) : train_and_test(&x, e);
    if (!rc && x.row)
        rc = il_store_settle(store, opts->experiment_id, j->run->name, x.row, e);
    il_model_close(&x.model);
    il_job_unlock(lock);
    return rc;
}
