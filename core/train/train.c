/* train.c - one training: epochs, validation, early stopping, checkpoints. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <inpaintlab/optimizer.h>
#include <inpaintlab/random.h>
#include <inpaintlab/weights.h>
#include "base/array.h"
#include "base/clock.h"
#include "plugin/any_size.h"
#include "train/left_out.h"
#include "train/train.h"
#include "train/train_parts.h"

/* Dropout's random numbers are a function of the run's seed and the step's place, so a resumed run repeats them. */
static uint64_t step_seed(const il_session *x)
{
    uint64_t step = ((uint64_t)x->course->epoch << 32) + x->course->batch;
    return il_random_mix(il_random_mix(x->job->run->seed) + step);
}

/* Also a function of the step's place. */
static double step_rate(const il_session *x)
{
    const il_training *t = &x->job->run->training;
    uint64_t batches = il_loader_batches(x->train),
             step = (uint64_t)(x->course->epoch - 1) * batches + x->course->batch;
    uint64_t warmup = (uint64_t)llround(t->warmup * (double)batches);
    return t->lr * il_schedule_factor(t->schedule, step, warmup, (uint64_t)t->epochs * batches);
}

static int train_step(il_session *x, const il_batch *b, il_err *e)
{
    const il_step step = { .model = x->model,
                           .loss = &x->loss,
                           .adam = x->adam,
                           .how = &x->job->run->training,
                           .seed = step_seed(x),
                           .turn = x->job->world ? &x->turn : NULL,
                           .reducer = x->reducer,
                           .graph = x->graph };
    il_adam_rate(x->adam, step_rate(x));
    int rc = il_step_train(&x->tally, &step, b, e);
    if (rc)
        rc = il_world_agree(x->job->world, rc, e); /* the others may wait in the middle of it */
    il_session_review_graph(x);
    return rc;
}

static int check_loss(const il_session *x, il_err *e)
{
    if (isfinite(il_sums_loss(&x->course->sums)))
        return IL_OK;
    return il_fail(e, IL_ETORCH, "the loss is not finite in epoch %d; try a smaller train.lr", x->course->epoch);
}

/* A sum that is not finite stays so, so there is no need to wait for the end of the epoch. */
static int read_sums(il_session *x, il_err *e)
{
    int rc = il_tally_sum(&x->course->sums, &x->tally, e);
    return !rc && x->course->sums.pictures > 0 ? check_loss(x, e) : rc;
}

static void book_time(il_session *x)
{
    double now = il_clock_seconds(), passed = now - x->booked;
    x->course->seconds += passed;
    x->course->epoch_seconds += passed;
    x->booked = now;
}

static int write_checkpoint(il_session *x, il_err *e)
{
    double now = il_clock_seconds();
    int rc = read_sums(x, e);
    book_time(x);
    if (!rc && x->job->checkpoint)
        rc = il_checkpoint_write(x->job->checkpoint, x->job->hash, x->course, x->model, x->adam, e);
    x->written = now;
    return rc;
}

/* Time until the end of the last epoch at this epoch's speed. */
static double seconds_left(const il_session *x, double speed)
{
    const il_course *c = x->course;
    double per_epoch = c->done ? c->epochs[c->done - 1].seconds : NAN;
    double batches = (double)il_loader_batches(x->train);
    if (isnan(per_epoch) && speed > 0)
        per_epoch = batches * x->job->run->training.batch / speed;
    return per_epoch * (x->job->run->training.epochs - c->epoch + 1 - (double)c->batch / batches);
}

static int tell_progress(il_session *x, il_err *e)
{
    double now = il_clock_seconds();
    if (!x->observer->progress || now - x->told < 0.25)
        return IL_OK;
    x->told = now;
    int rc = read_sums(x, e);
    if (rc)
        return rc;
    double speed = (double)x->seen / (now - x->epoch_start);
    il_progress p = { .run = x->job->run->name,
                      .phase = "train",
                      .epoch = x->course->epoch,
                      .epochs = x->job->run->training.epochs,
                      .batch = x->course->batch,
                      .batches = il_loader_batches(x->train),
                      .loss = il_sums_loss(&x->course->sums),
                      .iou = il_metrics_batch_mean(x->course->sums.iou),
                      .images_per_second = speed,
                      .seconds_left = seconds_left(x, speed) };
    x->observer->progress(x->observer->context, &p);
    return IL_OK;
}

/* After a step: shows progress, and writes a checkpoint when it is time or the user wants to stop. */
static int after_step(il_session *x, il_err *e)
{
    if (x->job->world ? x->turn.stop : il_observer_stopped(x->observer)) {
        int rc = write_checkpoint(x, e);
        return rc ? rc
                  : il_fail(e, IL_ECANCEL, "stopped in epoch %d after %zu of %zu batches", x->course->epoch,
                            x->course->batch, il_loader_batches(x->train));
    }
    double every = x->job->checkpoint_seconds;
    if (every > 0 && il_clock_seconds() - x->written >= every && x->course->batch < il_loader_batches(x->train))
        return write_checkpoint(x, e);
    return tell_progress(x, e);
}

/* rc: how it went so far, which other ranks hear of. */
static int next_batch(il_session *x, il_batch *batch, int *more, int rc, il_err *e)
{
    if (!x->job->world)
        return rc ? rc : il_loader_next(x->train, batch, more, e);
    rc = il_turn_next(more, &x->turn, x->train, il_observer_stopped(x->observer), rc, e);
    *batch = x->turn.whole;
    return rc;
}

static int train_epoch(il_session *x, il_err *e)
{
    x->seen = 0;
    int rc = il_loader_start(x->train, x->course->epoch, x->course->batch, e);
    for (;;) {
        il_batch batch;
        int more = 0;
        rc = next_batch(x, &batch, &more, rc, e);
        if (rc || !more)
            break;
        rc = train_step(x, &batch, e);
        if (rc)
            break;
        x->course->batch = batch.number + 1; /* batches whose images are all left out are skipped */
        x->seen += (size_t)batch.n;
        rc = after_step(x, e);
    }
    if (!rc)
        rc = il_tally_sum(&x->course->sums, &x->tally, e);
    return rc ? rc : check_loss(x, e);
}

static int keep_best(il_session *x, il_err *e)
{
    il_bundle *b = NULL;
    int rc = il_bundle_new(&b, e);
    if (!rc)
        rc = il_state_save(x->model->state, b, "", e);
    if (rc) {
        il_bundle_free(b);
        return rc;
    }
    il_bundle_free(x->course->best);
    x->course->best = b;
    x->course->best_collapse = x->course->collapse;
    return IL_OK;
}

/* What is to become small, over all pixels of the validation. */
static double monitored_of(il_monitor m, const il_sums *v)
{
    return m == IL_MONITOR_IOU  ? -il_metrics_iou(v->total)
           : m == IL_MONITOR_F1 ? -il_metrics_f1(v->total)
                                : il_sums_loss(v);
}

static void say_epoch(const il_session *x, const il_epoch_row *r, double monitored, bool best)
{
    static const char *const remarks[] = { "", "; no pixel was marked", "; every pixel was marked" };
    static const char *const names[] = { "", "pooled IoU", "pooled F1" };
    il_monitor m = x->job->run->training.monitor;
    char line[256], watched[40] = "";
    if (!x->observer->say)
        return;
    if (m != IL_MONITOR_LOSS)
        snprintf(watched, sizeof watched, " %s %.3f", names[m], -monitored);
    snprintf(line, sizeof line,
             "epoch %d/%d: train loss %.4f IoU %.3f, validation loss %.4f IoU %.3f%s, %.1f images/s%s%s", r->epoch,
             x->job->run->training.epochs, r->train_loss, r->train_iou, r->validation_loss, r->validation_iou, watched,
             r->images_per_second, best ? ", best" : "", remarks[x->course->collapse]);
    x->observer->say(x->observer->context, x->job->run->name, line);
}

/* Validates, records the epoch and moves on to the next. */
static int end_epoch(il_session *x, il_err *e)
{
    il_course *c = x->course;
    double trained = il_clock_seconds() - x->epoch_start;
    il_evaluation what = { .model = x->model,
                           .loss = &x->loss,
                           .loader = x->validation,
                           .world = x->job->world,
                           .batch_weight = x->tally.batch_weight,
                           .shown = { .run = x->job->run->name,
                                      .phase = "validate",
                                      .epoch = c->epoch,
                                      .epochs = x->job->run->training.epochs } };
    il_sums v;
    int rc = il_any_size_probe(x->model, e); /* whole pictures have other sizes than crops */
    rc = il_world_agree(x->job->world, rc, e);
    if (!rc)
        rc = il_evaluate_loader(&v, &what, x->observer, e);
    if (rc)
        return rc;
    book_time(x);
    il_epoch_row row = { c->epoch,
                         il_sums_loss(&c->sums),
                         il_metrics_batch_mean(c->sums.iou),
                         il_sums_loss(&v),
                         il_metrics_batch_mean(v.iou),
                         c->epoch_seconds,
                         x->seen ? (double)x->seen / trained : NAN, /* 0: resumed after its last batch */
                         il_metrics_marked(v.total) };
    il_epoch_row *grown = il_array_grow(c->epochs, c->done, sizeof *grown);
    if (!grown)
        return il_fail_oom(e);
    c->epochs = grown;
    c->epochs[c->done++] = row;
    c->collapse = il_metrics_collapse(v.total);
    double monitored = monitored_of(x->job->run->training.monitor, &v);
    int best = il_metrics_early_add(&c->early, c->epoch, monitored);
    if (best)
        rc = keep_best(x, e);
    say_epoch(x, &row, monitored, best);
    c->epoch++;
    c->batch = 0;
    c->epoch_seconds = 0;
    c->sums = (il_sums){ 0 };
    if (!rc)
        rc = write_checkpoint(x, e);
    return rc ? rc : x->job->epoch(x->job->context, c, e);
}

/* A stop during validation resumes at the end of the epoch's training part, with all batches done. */
static int stopped_in_validation(il_session *x, int rc, il_err *e)
{
    if (rc != IL_ECANCEL)
        return rc;
    il_err failed = { 0 };
    int wrote = write_checkpoint(x, &failed);
    if (wrote != IL_OK)
        *e = failed;
    return wrote == IL_OK ? rc : wrote;
}

static int all_epochs(il_session *x, il_err *e)
{
    const il_training *t = &x->job->run->training;
    x->written = il_clock_seconds();
    il_world *world = x->job->world;
    int rc = il_world_agree(world, x->course->done ? x->job->epoch(x->job->context, x->course, e) : IL_OK, e);
    while (!rc && x->course->epoch <= t->epochs && !il_metrics_early_stop(&x->course->early, t->patience)) {
        x->epoch_start = x->booked = il_clock_seconds();
        rc = train_epoch(x, e);
        if (!rc)
            rc = il_world_agree(world, stopped_in_validation(x, end_epoch(x, e), e), e);
    }
    return rc;
}

int il_train_model(il_course *course, size_t *left_out, il_model *model, const il_training_job *job,
                   const il_observer *observer, il_err *e)
{
    il_course c = { 0 };
    size_t unread = 0;
    il_session x = { .job = job, .observer = observer, .model = model, .course = &c };
    int rc = il_session_open(&x, e);
    if (!rc)
        rc = all_epochs(&x, e);
    if (!rc && c.best && !job->run->training.as_published)
        rc = il_state_load(model->state, c.best, NULL, e);
    if (!rc)
        rc = il_left_out_add(&unread, x.train, job->train, job->world, e);
    if (!rc)
        rc = il_left_out_add(&unread, x.validation, job->validation, job->world, e);
    if (!rc) {
        *left_out = unread;
        *course = c;
        c = (il_course){ 0 };
    }
    il_session_close(&x);
    il_course_free(&c);
    return rc;
}
