/* train.c - one training: epochs, validation, early stopping, checkpoints. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <inpaintlab/optimizer.h>
#include <inpaintlab/random.h>
#include <inpaintlab/weights.h>
#include "base/array.h"
#include "base/clock.h"
#include "plugin/any_size.h"
#include "train/left_out.h"
#include "train/step.h"
#include "train/train.h"

/* State shared by all steps of one training. */
struct session {
    const il_training_job *job;
    const il_observer *observer;
    il_model *model;
    il_loss loss;
    il_adam *adam;
    il_cuda_graph *graph; /* NULL: steps are computed one by one */
    il_loader *train, *validation;
    il_turn turn;        /* with other ranks: the batch at hand */
    il_reducer *reducer; /* likewise */
    il_course *course;
    il_tally tally;     /* of the batches since the sums were last updated */
    double epoch_start; /* clock; excludes finished parts of a resumed epoch */
    double booked;      /* clock up to which the time is recorded in the course */
    double written;     /* clock of the last checkpoint */
    double told;        /* clock of the last progress line */
    size_t seen;        /* images of this epoch in this invocation */
};

static int open_loaders(struct session *x, il_err *e)
{
    const il_training_job *job = x->job;
    const il_training *t = &job->run->training;
    il_loader_opts whole = il_loader_of_run(job->run, x->model->device, x->observer);
    whole.threads = job->loader_threads;
    whole.disk = job->disk;
    il_loader_opts drawn = whole;
    drawn.crop = t->crop;
    drawn.crops = t->crops;
    drawn.flip = t->flip;
    drawn.shuffle = true;
    drawn.seed = job->run->seed;
    whole.ranks = drawn.ranks = il_world_size(job->world);
    whole.own = drawn.own = il_world_own(job->world);
    whole.turns = 1;
    int rc = il_loader_open(&x->train, job->train, job->labels, drawn, e);
    return rc ? rc : il_loader_open(&x->validation, job->validation, job->labels, whole, e);
}

/* Not a failure: steps give the same results without replay. */
static void tell_refusal(struct session *x, const char *why)
{
    char line[400];
    snprintf(line, sizeof line, "steps are not replayed: %s", why);
    if (x->observer->say)
        x->observer->say(x->observer->context, x->job->run->name, line);
}

static void open_graph(struct session *x)
{
    il_err e = { 0 };
    const il_training *t = &x->job->run->training;
    if (t->cuda_graph && x->job->world)
        tell_refusal(x, "several processes train together");
    else if (t->cuda_graph && (t->warmup > 0 || t->schedule != IL_SCHEDULE_CONSTANT))
        tell_refusal(x, "the learning rate changes from step to step"); /* a recording contains it as a constant */
    else if (t->cuda_graph && il_cuda_graph_new(&x->graph, x->model->device, &e) != IL_OK)
        tell_refusal(x, e.message);
}

/* The published code takes the mean over batches: a last one of fewer pictures weighs as much as the others. With the size
 * of a whole batch as the weight, the sums are to the bit those over pictures where all batches are whole. */
static double batch_weight(const il_training *t)
{
    return t->as_published ? t->batch : 0;
}

/* From the checkpoint, or from the initial weights. */
static int begin_course(struct session *x, il_err *e)
{
    const il_run *run = x->job->run;
    const char *checkpoint = x->job->checkpoint;
    if (checkpoint && access(checkpoint, F_OK) == 0) {
        int rc = il_checkpoint_read(x->course, checkpoint, x->job->hash, x->model, x->adam, e);
        if (!rc && x->course->unsealed && x->observer->say)
            x->observer->say(x->observer->context, run->name,
                             "resumes from a checkpoint of an earlier version, which has no checksum to be checked by");
        return rc;
    }
    if (run->training.weights)
        return il_model_load(x->model, run->training.weights, (const char *const *)run->training.skip, e);
    return IL_OK;
}

/* With other ranks: all have the weights of the first. */
static int join_ranks(struct session *x, int rc, il_err *e)
{
    il_world *world = x->job->world;
    const il_training *t = &x->job->run->training;
    if (!world)
        return rc;
    if (!rc)
        rc = il_turn_accepts(x->model->plugin->name, e);
    if (!rc)
        rc = il_turn_open(&x->turn, world, t->batch, t->crop ? t->crop : t->size, e);
    if (!rc)
        rc = il_reducer_new(&x->reducer, x->model->state, world, e);
    rc = il_world_agree(world, rc, e);
    return rc ? rc : il_checkpoint_share(x->course, x->job->hash, x->model, x->adam, world, e);
}

static int open_session(struct session *x, il_err *e)
{
    const il_run *run = x->job->run;
    *x->course = (il_course){ .epoch = 1, .early = il_metrics_early() };
    int rc = il_loss_open(&x->loss, &run->loss, e);
    if (!rc)
        rc = il_step_adam(&x->adam, &run->training, x->model->state, e);
    if (!rc)
        rc = open_loaders(x, e);
    if (!rc) {
        open_graph(x);
        x->tally.batch_weight = batch_weight(&run->training);
        rc = begin_course(x, e);
    }
    return join_ranks(x, rc, e);
}

static void close_session(struct session *x)
{
    il_tally_free(&x->tally);
    il_turn_close(&x->turn);
    il_reducer_free(x->reducer, x->job->told);
    il_loader_free(x->train);
    il_loader_free(x->validation);
    il_cuda_graph_free(x->graph);
    il_adam_free(x->adam);
    il_loss_close(&x->loss);
}

/* Dropout's random numbers are a function of the run's seed and the step's place, so a resumed run repeats them. */
static uint64_t step_seed(const struct session *x)
{
    uint64_t step = ((uint64_t)x->course->epoch << 32) + x->course->batch;
    return il_random_mix(il_random_mix(x->job->run->seed) + step);
}

/* Also a function of the step's place. */
static double step_rate(const struct session *x)
{
    const il_training *t = &x->job->run->training;
    uint64_t batches = il_loader_batches(x->train),
             step = (uint64_t)(x->course->epoch - 1) * batches + x->course->batch;
    uint64_t warmup = (uint64_t)llround(t->warmup * (double)batches);
    return t->lr * il_schedule_factor(t->schedule, step, warmup, (uint64_t)t->epochs * batches);
}

static int train_step(struct session *x, const il_batch *b, il_err *e)
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
    if (x->graph && il_cuda_graph_refusal(x->graph)) {
        tell_refusal(x, il_cuda_graph_refusal(x->graph));
        il_cuda_graph_free(x->graph);
        x->graph = NULL;
    }
    return rc;
}

static int check_loss(const struct session *x, il_err *e)
{
    if (isfinite(il_sums_loss(&x->course->sums)))
        return IL_OK;
    return il_fail(e, IL_ETORCH, "the loss is not finite in epoch %d; try a smaller train.lr", x->course->epoch);
}

/* A sum that is not finite stays so, so there is no need to wait for the end of the epoch. */
static int read_sums(struct session *x, il_err *e)
{
    int rc = il_tally_sum(&x->course->sums, &x->tally, e);
    return !rc && x->course->sums.pictures > 0 ? check_loss(x, e) : rc;
}

static void book_time(struct session *x)
{
    double now = il_clock_seconds(), passed = now - x->booked;
    x->course->seconds += passed;
    x->course->epoch_seconds += passed;
    x->booked = now;
}

static int write_checkpoint(struct session *x, il_err *e)
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
static double seconds_left(const struct session *x, double speed)
{
    const il_course *c = x->course;
    double per_epoch = c->done ? c->epochs[c->done - 1].seconds : NAN;
    double batches = (double)il_loader_batches(x->train);
    if (isnan(per_epoch) && speed > 0)
        per_epoch = batches * x->job->run->training.batch / speed;
    return per_epoch * (x->job->run->training.epochs - c->epoch + 1 - (double)c->batch / batches);
}

static int tell_progress(struct session *x, il_err *e)
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
static int after_step(struct session *x, il_err *e)
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
static int next_batch(struct session *x, il_batch *batch, int *more, int rc, il_err *e)
{
    if (!x->job->world)
        return rc ? rc : il_loader_next(x->train, batch, more, e);
    rc = il_turn_next(more, &x->turn, x->train, il_observer_stopped(x->observer), rc, e);
    *batch = x->turn.whole;
    return rc;
}

static int train_epoch(struct session *x, il_err *e)
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

static int keep_best(struct session *x, il_err *e)
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

static void say_epoch(const struct session *x, const il_epoch_row *r, bool best)
{
    static const char *const remarks[] = { "", "; no pixel was marked", "; every pixel was marked" };
    char line[256];
    if (!x->observer->say)
        return;
    snprintf(line, sizeof line,
             "epoch %d/%d: train loss %.4f IoU %.3f, validation loss %.4f IoU %.3f, %.1f images/s%s%s", r->epoch,
             x->job->run->training.epochs, r->train_loss, r->train_iou, r->validation_loss, r->validation_iou,
             r->images_per_second, best ? ", best" : "", remarks[x->course->collapse]);
    x->observer->say(x->observer->context, x->job->run->name, line);
}

/* Validates, records the epoch and moves on to the next. */
static int end_epoch(struct session *x, il_err *e)
{
    il_course *c = x->course;
    double trained = il_clock_seconds() - x->epoch_start;
    il_evaluation what = { .model = x->model,
                           .loss = &x->loss,
                           .loader = x->validation,
                           .world = x->job->world,
                           .batch_weight = batch_weight(&x->job->run->training),
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
    int best = il_metrics_early_add(&c->early, c->epoch, row.validation_loss);
    if (best)
        rc = keep_best(x, e);
    say_epoch(x, &row, best);
    c->epoch++;
    c->batch = 0;
    c->epoch_seconds = 0;
    c->sums = (il_sums){ 0 };
    if (!rc)
        rc = write_checkpoint(x, e);
    return rc ? rc : x->job->epoch(x->job->context, c, e);
}

/* A stop during validation resumes at the end of the epoch's training part, with all batches done. */
static int stopped_in_validation(struct session *x, int rc, il_err *e)
{
    if (rc != IL_ECANCEL)
        return rc;
    il_err failed = { 0 };
    int wrote = write_checkpoint(x, &failed);
    if (wrote != IL_OK)
        *e = failed;
    return wrote == IL_OK ? rc : wrote;
}

static int all_epochs(struct session *x, il_err *e)
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
    struct session x = { .job = job, .observer = observer, .model = model, .course = &c };
    int rc = open_session(&x, e);
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
    close_session(&x);
    il_course_free(&c);
    return rc;
}
