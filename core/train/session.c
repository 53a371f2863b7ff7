/* session.c - opens what one training holds. */
#include <stdio.h>
#include <unistd.h>
#include "train/patterns.h"
#include "train/train.h"
#include "train/train_parts.h"

static int open_loaders(il_session *x, il_err *e)
{
    const il_training_job *job = x->job;
    il_loader_opts whole = il_loader_of_run(job->run, x->model->device, x->observer);
    whole.threads = job->loader_threads;
    whole.disk = job->disk;
    whole.ranks = il_world_size(job->world);
    whole.own = il_world_own(job->world);
    il_loader_opts drawn = il_loader_of_training(job->run, whole);
    whole.turns = 1;
    int rc = il_loader_open(&x->train, job->train, job->labels, drawn, e);
    return rc ? rc : il_loader_open(&x->validation, job->validation, job->labels, whole, e);
}

/* Not a failure: steps give the same results without replay. */
static void tell_refusal(il_session *x, const char *why)
{
    char line[400];
    snprintf(line, sizeof line, "steps are not replayed: %s", why);
    if (x->observer->say)
        x->observer->say(x->observer->context, x->job->run->name, line);
}

static void open_graph(il_session *x)
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

void il_session_review_graph(il_session *x)
{
    const char *why = x->graph ? il_cuda_graph_refusal(x->graph) : NULL;
    if (!why)
        return;
    tell_refusal(x, why);
    il_cuda_graph_free(x->graph);
    x->graph = NULL;
}

/* The published code takes the mean over batches: a last one of fewer pictures weighs as much as the others. With the size
 * of a whole batch as the weight, the sums are to the bit those over pictures where all batches are whole. */
static double batch_weight(const il_training *t)
{
    return t->as_published ? t->batch : 0;
}

/* From its own checkpoint, from that of a run of fewer epochs, or from the initial weights. */
static int begin_course(il_session *x, il_err *e)
{
    const il_run *run = x->job->run;
    bool own = x->job->checkpoint && access(x->job->checkpoint, F_OK) == 0;
    if (own || x->job->from) {
        int rc = il_checkpoint_read(x->course, own ? x->job->checkpoint : x->job->from,
                                    own ? x->job->hash : x->job->from_hash, x->model, x->adam, e);
        if (!rc && x->course->unsealed && x->observer->say)
            x->observer->say(x->observer->context, run->name,
                             "resumes from a checkpoint of an earlier version, which has no checksum to be checked by");
        return rc;
    }
    if (run->training.weights)
        return il_model_load(x->model, run->training.weights, (const char *const *)run->training.skip, e);
    return IL_OK;
}

/* With other ranks: all begin where the first does. rc: how it went so far, which all hear of. */
static int share_course(il_session *x, int rc, il_err *e)
{
    il_world *world = x->job->world;
    if (!world)
        return rc;
    rc = il_world_agree(world, rc, e);
    return rc ? rc : il_checkpoint_share(x->course, x->job->hash, x->model, x->adam, world, e);
}

/* Then: what each step needs of the others. */
static int join_world(il_session *x, int rc, il_err *e)
{
    il_world *world = x->job->world;
    const il_training *t = &x->job->run->training;
    if (!world)
        return rc;
    if (!rc)
        rc = il_turn_open(&x->turn, world, t->batch, t->crop ? t->crop : t->size, e);
    if (!rc)
        rc = il_reducer_new(&x->reducer, x->model->state, world, e);
    return il_world_agree(world, rc, e);
}

int il_session_open(il_session *x, il_err *e)
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
    rc = share_course(x, rc, e);
    if (!rc) /* the weights are there: frozen ones keep these values, and have no gradients to be summed */
        rc = il_patterns_apply(x->model, x->adam, &run->training, e);
    return join_world(x, rc, e);
}

void il_session_close(il_session *x)
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
