/* run.c - one job from start to end: train or resume, save the weights, test, store every cell. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/host.h"
#include "base/sha256.h"
#include "train/job_fit.h"
#include "train/run.h"
#include "train/run_parent.h"
#include "train/run_parts.h"
#include "train/run_record.h"
#include "train/run_weights.h"
#include "train/train.h"

bool il_sitting_ends_grid(int rc)
{
    return rc == IL_EDB || rc == IL_EBUSY || rc == IL_ENOMEM || rc == IL_ECANCEL;
}

/* ---- recording in the store ---- */

/* parent: the run that it goes on from, or NULL; resumed: what was noted of that stays. */
static int begin(il_sitting *x, int64_t parameters, const char *parent, bool resumed, il_err *e)
{
    const il_job *j = x->job;
    const il_run *run = j->run;
    char device[64], title[200];
    const il_host_words host = il_host_name(), processor = il_host_processor();
    il_text place = { 0 };
    il_device_text(x->opts->device, device, sizeof device);
    il_device_title(x->opts->device, title, sizeof title);
    il_text_add(&place, "%s (%s)", device, title);
    char *versions = il_run_record_versions(run), *params = il_run_record_params(&run->model);
    il_run_record r = il_job_run_record(j);
    r.model_params = params;
    r.parameters = parameters;
    r.versions = versions;
    r.host = host.text;
    r.processor = processor.text;
    r.ranks = il_world_size(x->opts->world);
    r.device = place.data;
    r.git_revision = x->opts->git_revision;
    r.threads = x->opts->threads;
    r.experiment = x->opts->experiment_id;
    r.parent = parent;
    r.resumed = resumed;
    int rc = versions && params && place.data ? il_store_begin_run(&x->row, x->store, &r, e) : il_fail_oom(e);
    free(versions);
    free(params);
    il_text_free(&place);
    return rc;
}

static int end_failed(il_sitting *x, il_status status, const il_err *why, il_err *e)
{
    il_run_end end = { .status = status, .message = why->message, .seconds = NAN };
    return il_store_end_run(x->store, x->row, &end, e);
}

il_cell_record il_sitting_cell(const il_sitting *x, const il_set *set)
{
    il_cell_record c = il_job_cell_record(x->job, set);
    c.experiment = x->opts->experiment_id;
    c.run = x->row;
    c.published_table = x->opts->published;
    return c;
}

/* Records every cell of a run without weights as missing, with the reason. */
static int store_holes(il_sitting *x, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; i < x->job->run->ntests && !rc; i++) {
        il_cell_record c = il_sitting_cell(x, x->job->tests[i].set);
        c.missing = x->job->error.code != IL_OK;
        rc = il_store_cell(x->store, &c, e);
    }
    return rc;
}

/* ---- training ---- */

void il_sitting_warn(const il_sitting *x, const char *what)
{
    il_text line = { 0 };
    il_text_add(&line, "warning: model %s: %s", x->job->run->model.label, what);
    if (x->observer->say && !line.failed)
        x->observer->say(x->observer->context, x->job->run->name, line.data);
    il_text_free(&line);
}

il_model_opts il_sitting_model_opts(const il_sitting *x)
{
    const il_run *run = x->job->run;
    return (il_model_opts){ .device = x->opts->device, .precision = run->training.precision, .seed = run->seed };
}

int il_sitting_open_model(il_sitting *x, il_err *e)
{
    int rc = il_model_open(&x->model, &x->job->run->model, il_sitting_model_opts(x), e);
    if (!rc && il_state_warning(x->model.state))
        il_sitting_warn(x, il_state_warning(x->model.state));
    return rc;
}

static int store_epochs(void *context, const il_course *c, il_err *e)
{
    il_sitting *x = context;
    return il_store_epochs(x->store, x->row, c->epochs, c->done, e);
}

static void tell(const il_sitting *x, const char *what, const char *path)
{
    il_text line = { 0 };
    il_text_add(&line, "%s %s", what, path);
    if (x->observer->say && !line.failed)
        x->observer->say(x->observer->context, x->job->run->name, line.data);
    il_text_free(&line);
}

static void tell_collapse(const il_sitting *x, il_collapse c)
{
    static const char *const lines[] = {
        [IL_COLLAPSE_NOTHING] = "collapsed: the tested weights mark no pixel at all on the validation split",
        [IL_COLLAPSE_EVERYTHING] = "collapsed: the tested weights mark every pixel of the validation split",
    };
    if (c != IL_COLLAPSE_NONE && x->observer->say)
        x->observer->say(x->observer->context, x->job->run->name, lines[c]);
}

static int keep_weights(il_sitting *x, const il_course *c, size_t left_out, il_err *e)
{
    const il_training *t = &x->job->run->training;
    bool last = t->as_published || c->early.best_epoch == 0;
    il_job_path path = il_job_file(x->job, x->opts->folder, IL_RUN_WEIGHTS);
    il_digest digest;
    il_run_end end = { .status = IL_RUN_DONE,
                       .best_epoch = c->early.best_epoch,
                       .tested_epoch = last ? (int)c->done : c->early.best_epoch,
                       .stopped_early = (int)c->done < t->epochs, /* 0 without a training */
                       .collapse = last ? c->collapse : c->best_collapse,
                       .weights_path = path.text,
                       .weights_sha256 = digest.hex,
                       .seconds = x->job->run->test_only ? NAN : c->seconds,
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

void il_sitting_say(const il_sitting *x, const char *words)
{
    if (*words && x->observer->say)
        x->observer->say(x->observer->context, x->job->run->name, words);
}

static void say_training(const il_sitting *x)
{
    const il_job *j = x->job;
    const struct {
        const char *name;
        const il_fit_facts *fit;
        const il_source *source;
    } splits[] = { { "train", &j->train_fit, j->train }, { "validation", &j->validation_fit, j->validation } };
    for (int i = 0; i < 2; i++) {
        char line[700];
        il_fit_words words = il_job_fit_words(splits[i].fit, splits[i].source, j->run->mask_policy.label);
        size_t gone = il_source_left_out_count(splits[i].source);
        il_mixture_words mixture = il_source_mixture(splits[i].source);
        snprintf(line, sizeof line, "%s: %s", splits[i].name, mixture.text);
        il_sitting_say(x, *mixture.text ? line : "");
        snprintf(line, sizeof line, "%s: %s", splits[i].name, words.text);
        il_sitting_say(x, *words.text ? line : "");
        snprintf(line, sizeof line, "%s: %zu of %zu images left out", splits[i].name, gone,
                 gone + il_source_count(splits[i].source));
        il_sitting_say(x, gone ? line : "");
    }
}

static void say_unreadable(const il_sitting *x, size_t images)
{
    char line[160];
    snprintf(line, sizeof line, "%zu of the images of training and validation could not be read and were left out%s",
             images, x->job->run->training.pairs ? ", with the others of their ids" : "");
    il_sitting_say(x, images ? line : "");
}

static void say_leak(const il_sitting *x)
{
    char line[400];
    il_leak_words words = il_leak_in_words(&x->job->validation_leak, x->job->validation, IL_LEAK_VALIDATION);
    snprintf(line, sizeof line, "validation: %s", words.text);
    il_sitting_say(x, *words.text ? line : "");
}

int il_sitting_order(const il_sitting *x, il_order_kind kind, size_t test, il_err *e)
{
    if (!x->opts->world)
        return IL_OK;
    il_work_order o = { .kind = kind, .run = (size_t)(x->job->run - x->opts->runs), .test = test };
    snprintf(o.hash, sizeof o.hash, "%s", x->job->hash);
    return il_orders_give(x->opts->world, &o, e);
}

/* The run of fewer epochs to go on from, unless it has begun already. */
static int find_parent(il_run_parent *p, const il_sitting *x, const char *checkpoint, il_err *e)
{
    char line[200];
    *p = (il_run_parent){ 0 };
    if (access(checkpoint, F_OK) == 0)
        return IL_OK;
    int rc = il_run_parent_find(p, x->job, x->store, x->opts->folder, e);
    const char *plural = p->epochs == 1 ? "" : "s";
    if (*p->file.text)
        snprintf(line, sizeof line, "goes on from the finished run of %d epoch%s, %.12s", p->epochs, plural, p->hash);
    else
        snprintf(line, sizeof line, "starts again and does not go on from the finished run of %d epoch%s, %.12s: %s",
                 p->epochs, plural, p->hash, p->why);
    il_sitting_say(x, !rc && *p->hash ? line : "");
    return rc;
}

/* The last checkpoint of a run that is done: kept for runs of more epochs, or removed. */
static void retire_checkpoint(const il_sitting *x, const char *checkpoint)
{
    il_job_path kept = il_job_file(x->job, x->opts->folder, IL_RUN_FINISHED);
    if (!x->job->run->training.keep || rename(checkpoint, kept.text) != 0)
        unlink(checkpoint);
}

static int train(il_sitting *x, il_err *e)
{
    il_job *j = x->job;
    il_job_path checkpoint = il_job_file(j, x->opts->folder, IL_RUN_CHECKPOINT);
    il_training_job what = { .run = j->run,
                             .hash = j->hash,
                             .checkpoint = checkpoint.text,
                             .world = x->opts->world,
                             .checkpoint_seconds = x->opts->checkpoint_seconds,
                             .train = j->train,
                             .validation = j->validation,
                             .labels = j->labels,
                             .loader_threads = x->opts->loader_threads,
                             .disk = x->opts->disk,
                             .epoch = store_epochs,
                             .context = x };
    il_course course = { 0 };
    il_run_parent parent;
    int found = find_parent(&parent, x, checkpoint.text, e);
    if (found != IL_OK)
        return found;
    what.from = *parent.file.text ? parent.file.text : NULL;
    what.from_hash = parent.hash;
    bool resumed = access(checkpoint.text, F_OK) == 0;
    say_training(x);
    say_leak(x);
    size_t left_out = il_source_left_out_count(j->train) + il_source_left_out_count(j->validation), unreadable = 0;
    il_err unheard = { 0 };
    int rc = il_sitting_open_model(x, e);
    int begun = begin(x, !rc ? il_state_params(x->model.state) : 0, what.from ? parent.hash : NULL, resumed, &unheard);
    if (begun != IL_OK) {
        *e = unheard;
        return begun;
    }
    if (!rc)
        rc = il_sitting_order(x, IL_ORDER_TRAIN, 0, e);
    if (!rc)
        rc = il_train_model(&course, &unreadable, &x->model, &what, x->observer, e);
    if (!rc)
        say_unreadable(x, unreadable);
    if (!rc)
        rc = keep_weights(x, &course, left_out + unreadable, e);
    if (!rc) {
        x->out->trained = true;
        retire_checkpoint(x, checkpoint.text);
    }
    il_course_free(&course);
    return rc;
}

/* ---- weights from elsewhere ---- */

/* Nothing random is tested. */
static int load_given(il_sitting *x, il_err *e)
{
    const il_run *run = x->job->run;
    if (run->weights)
        return il_model_load(&x->model, run->weights, NULL, e);
    const char *made = il_state_initial(x->model.state);
    return made ? il_fail(
                      e, IL_EPARAM,
                      "model %s: tensor %s has a random initial value; 'train: none' needs 'weights', the file to test",
                      run->model.label, made)
                : IL_OK;
}

/* They are kept as those of a training are, so that what was tested can be tested again. */
static int adopt(il_sitting *x, il_err *e)
{
    il_err unheard = { 0 };
    int rc = il_sitting_open_model(x, e);
    int begun = begin(x, !rc ? il_state_params(x->model.state) : 0, NULL, false, &unheard);
    if (begun != IL_OK) {
        *e = unheard;
        return begun;
    }
    if (!rc)
        rc = load_given(x, e);
    il_course none = { 0 };
    return rc ? rc : keep_weights(x, &none, 0, e);
}

/* ---- the whole ---- */

static int record_failure(il_sitting *x, const il_err *why, il_err *e)
{
    x->out->failure = *why;
    int rc = x->row ? IL_OK : begin(x, 0, NULL, true, e);
    if (!rc)
        rc = end_failed(x, IL_RUN_FAILED, why, e);
    return rc ? rc : store_holes(x, e);
}

static int train_or_record(il_sitting *x, bool *trained, il_err *e)
{
    il_err why = { 0 };
    int rc = x->job->run->test_only ? adopt(x, &why) : train(x, &why);
    *trained = !rc;
    if (rc == IL_ECANCEL && x->row) {
        il_err ignored = { 0 };
        end_failed(x, IL_RUN_STOPPED, &why, &ignored);
    }
    if (il_sitting_ends_grid(rc)) {
        *e = why;
        return rc;
    }
    return rc ? record_failure(x, &why, e) : rc;
}

/* Loads the weights of a trained run for its tests. Existing results are kept if it is another file. */
static int take_weights(il_sitting *x, bool *usable, il_err *e)
{
    il_err why = { 0 };
    int rc = il_sitting_load_weights(x, &why);
    *usable = !rc;
    if (il_sitting_ends_grid(rc)) {
        *e = why;
        return rc;
    }
    x->out->failure = why;
    return IL_OK;
}

/* A run that was killed right after it was recorded as done has its checkpoint still. One that is newer than the
 * weights stays: the same run in another database of this folder goes on from it. */
static void remove_leftover(const il_sitting *x)
{
    struct stat checkpoint, weights;
    il_job_path path = il_job_file(x->job, x->opts->folder, IL_RUN_CHECKPOINT);
    if (stat(path.text, &checkpoint) != 0 ||
        stat(il_job_file(x->job, x->opts->folder, IL_RUN_WEIGHTS).text, &weights) != 0)
        return;
    struct timespec c = checkpoint.st_mtim, w = weights.st_mtim;
    if (c.tv_sec > w.tv_sec || (c.tv_sec == w.tv_sec && c.tv_nsec > w.tv_nsec))
        return;
    if (access(il_job_file(x->job, x->opts->folder, IL_RUN_FINISHED).text, F_OK) == 0)
        unlink(path.text); /* of a sitting that another one overtook, whose last checkpoint `merge` brought */
    else
        retire_checkpoint(x, path.text);
}

static int train_and_test(il_sitting *x, il_err *e)
{
    il_job_left left;
    bool go_on = true;
    int rc = il_job_left_read(&left, x->job, x->store, x->opts->folder, e);
    if (rc)
        return rc;
    if (left.row.status == IL_RUN_DONE) {
        x->row = left.row.id;
        snprintf(x->sha256, sizeof x->sha256, "%s", left.row.weights_sha256);
        if (!left.train)
            remove_leftover(x);
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
        rc = il_sitting_test(x, &left, e);
    il_job_left_free(&left);
    return rc;
}

int il_run_job(il_run_outcome *out, il_job *j, il_store *store, const il_run_opts *opts, const il_observer *observer,
               il_err *e)
{
    *out = (il_run_outcome){ 0 };
    il_sitting x = { .job = j, .store = store, .opts = opts, .observer = observer, .out = out };
    il_hold hold;
    int rc = il_job_lock(&hold, j, opts->folder, e);
    if (rc == IL_EBUSY) {
        out->busy = true;
        return IL_OK;
    }
    if (!rc)
        rc = il_job_record_splits(j, store, e);
    if (!rc)
        rc = j->error.code != IL_OK ? record_failure(&x, &j->error, e) : train_and_test(&x, e);
    if (!rc && x.row && j->error.code == IL_OK) /* data that are missing are no failure of the run */
        rc = il_store_count_failure(store, x.row, out->failure.code != IL_OK, e);
    if (!rc && x.row)
        rc = il_store_settle(store, opts->experiment_id, j->run->name, x.row, e);
    il_model_close(&x.model);
    il_hold_release(&hold);
    return rc;
}
