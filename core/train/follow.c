/* follow.c - how the other ranks follow the first. */
#include <stdio.h>
#include <string.h>
#include "train/follow.h"
#include "train/orders.h"
#include "train/relay.h"
#include "train/run_parts.h"
#include "train/train.h"

/* The run that is at hand. */
struct follower {
    const il_plan *plan;
    il_store *store;
    const il_run_opts *opts;
    const il_observer *observer;
    il_job job;
    il_model model;
};

static void leave_job(struct follower *x)
{
    il_model_close(&x->model);
    il_job_close(&x->job);
}

static int take_job(struct follower *x, const il_work_order *o, il_err *e)
{
    const il_run *run = o->run < x->plan->count ? &x->plan->runs[o->run] : NULL;
    if (!run)
        return il_fail(e, IL_EDATA, "the grid has fewer runs than that of the first process");
    if (x->job.run == run)
        return IL_OK;
    leave_job(x);
    int rc = il_job_open(&x->job, run, x->store, e);
    if (!rc && x->job.error.code)
        rc = il_fail(e, x->job.error.code, "%s", x->job.error.message);
    if (!rc && strcmp(x->job.hash, o->hash) != 0)
        rc = il_fail(e, IL_EDATA, "%s: the files or settings are not those that the first process sees", run->name);
    return rc;
}

static int take_model(struct follower *x, bool fresh, il_err *e)
{
    const il_run *run = x->job.run;
    if (fresh)
        il_model_close(&x->model);
    if (x->model.plugin)
        return IL_OK;
    return il_model_open(
        &x->model, &run->model,
        (il_model_opts){ .device = x->opts->device, .precision = run->training.precision, .seed = run->seed }, e);
}

static int no_epoch(void *context, const il_course *c, il_err *e)
{
    (void)context;
    (void)c;
    (void)e;
    return IL_OK;
}

static int train(struct follower *x, il_err *e)
{
    il_course course = { 0 };
    size_t left_out = 0;
    const il_training_job what = { .run = x->job.run,
                                   .hash = x->job.hash,
                                   .world = x->opts->world,
                                   .train = x->job.train,
                                   .validation = x->job.validation,
                                   .labels = x->job.labels,
                                   .loader_threads = x->opts->loader_threads,
                                   .disk = x->opts->disk,
                                   .epoch = no_epoch };
    int rc = il_train_model(&course, &left_out, &x->model, &what, x->observer, e);
    il_course_free(&course);
    return rc;
}

/* The rows are rank 0's to store. */
static int test(struct follower *x, size_t number, il_err *e)
{
    il_image_row *rows = NULL;
    size_t count = 0, unreadable = 0;
    il_sitting sitting = { .job = &x->job, .opts = x->opts, .observer = x->observer, .model = x->model };
    int rc = il_relay_state(x->model.state, x->opts->world, e);
    if (!rc)
        rc = il_sitting_measure(&rows, &count, &unreadable, &sitting, &x->job.tests[number], e);
    il_evaluate_free(rows, count);
    return rc;
}

static int obey(struct follower *x, const il_work_order *o, il_err *e)
{
    int rc = take_job(x, o, e);
    if (!rc && o->kind == IL_ORDER_TEST && (o->test >= x->job.run->ntests || !x->job.tests[o->test].source))
        rc = il_fail(e, IL_EDATA, "%s: a test lacks its pictures here", x->job.run->name);
    if (!rc)
        rc = take_model(x, o->kind == IL_ORDER_TRAIN, e);
    rc = il_world_agree(x->opts->world, rc, e);
    if (rc)
        return rc;
    return o->kind == IL_ORDER_TRAIN ? train(x, e) : test(x, o->test, e);
}

int il_follow_all(const il_plan *plan, il_store *store, const il_run_opts *opts, const il_observer *observer, il_err *e)
{
    struct follower x = { .plan = plan, .store = store, .opts = opts, .observer = observer };
    il_work_order o = { 0 };
    int rc = IL_OK;
    while (!rc && o.kind != IL_ORDER_END) {
        il_err told = { 0 };
        rc = il_orders_take(&o, opts->world, e);
        if (!rc && o.kind == IL_ORDER_END)
            rc = il_world_agree(opts->world, IL_OK, e);
        else if (!rc)
            obey(&x, &o, &told);
    }
    leave_job(&x);
    return rc;
}
