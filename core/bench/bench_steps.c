/* bench_steps.c - steps of evaluation and training. */
#include <string.h>
#include "bench/bench_steps.h"
#include "train/patterns.h"

void il_bench_steps_close(il_bench_steps *x)
{
    il_tally_free(&x->tally);
    il_loader_free(x->loader);
    il_cuda_graph_free(x->graph);
    il_adam_free(x->adam);
    il_loss_close(&x->loss);
    il_model_close(&x->model);
    memset(x, 0, sizeof *x);
}

static int first_batch(il_bench_steps *x, const il_bench_opts *o, il_source *source, const float labels[256], il_err *e)
{
    const il_training *t = &o->run->training;
    il_loader_opts l = { .batch = t->batch,
                         .size = t->size,
                         .crops = 1,
                         .threads = o->loader_threads,
                         .missing = o->run->missing,
                         .device = o->device };
    int more = 0;
    int rc = il_loader_open(&x->loader, source, labels, l, e);
    if (!rc)
        rc = il_loader_start(x->loader, 1, 0, e);
    if (!rc)
        rc = il_loader_next(x->loader, &x->batch, &more, e);
    if (!rc && (!more || x->batch.n < t->batch))
        rc = il_fail(e, IL_EDATA, "the data set has %d images for training; expected at least one batch of %d",
                     more ? x->batch.n : 0, t->batch);
    return rc;
}

il_model_opts il_bench_steps_model(const il_bench_opts *o)
{
    return (il_model_opts){ .device = o->device, .precision = o->run->training.precision, .seed = o->run->seed };
}

int il_bench_steps_open(il_bench_steps *out, const il_bench_opts *o, il_source *source, const float labels[256],
                        il_err *e)
{
    const il_training *t = &o->run->training;
    il_bench_steps x = { .how = t };
    int rc = il_model_open(&x.model, &o->run->model, il_bench_steps_model(o), e);
    if (!rc)
        rc = il_loss_open(&x.loss, &o->run->loss, e);
    if (!rc)
        rc = il_step_adam(&x.adam, t, x.model.state, e);
    if (!rc)
        rc = il_patterns_apply(&x.model, x.adam, t, e);
    if (!rc && t->cuda_graph)
        rc = il_cuda_graph_new(&x.graph, o->device, e);
    if (!rc)
        rc = first_batch(&x, o, source, labels, e);
    if (rc) {
        il_bench_steps_close(&x);
        return rc;
    }
    *out = x;
    return IL_OK;
}

/* Reading the sums waits for the device. */
static int settle(il_bench_steps *x, il_err *e)
{
    il_sums sums = { 0 };
    return il_tally_sum(&sums, &x->tally, e);
}

int il_bench_steps_evaluate(il_bench_steps *x, il_flops *flops, il_err *e)
{
    il_score_list scores = { 0 };
    il_evaluation what = { .model = &x->model, .loss = &x->loss, .scores = true, .flops = flops };
    int rc = il_evaluate_batch(&x->tally, &scores, &what, &x->batch, e);
    if (!rc)
        rc = il_score_list_read(&scores, e);
    if (!rc)
        rc = settle(x, e);
    il_score_list_free(&scores);
    return rc;
}

int il_bench_steps_train(il_bench_steps *x, il_flops *flops, il_err *e)
{
    const il_step step = { .model = &x->model,
                           .loss = &x->loss,
                           .adam = x->adam,
                           .how = x->how,
                           .flops = flops,
                           .graph = flops ? NULL : x->graph };
    int rc = il_step_train(&x->tally, &step, &x->batch, e);
    if (!rc && step.graph && il_cuda_graph_refusal(step.graph))
        return il_fail(e, IL_ETORCH, "train.cuda_graph: %s", il_cuda_graph_refusal(step.graph));
    return rc ? rc : settle(x, e);
}
