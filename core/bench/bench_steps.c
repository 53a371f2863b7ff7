/* bench_steps.c - steps of evaluation and training, and the device's peak speed to compare them with. */
#include <string.h>
#include "base/clock.h"
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

/* ---- peak speed ---- */

enum { TRIES = 6 };

/* Dense work: one product of square matrices, or one 3x3 convolution. A library may be much faster at one than at
 * the other (MKL's products do not use an AMD processor fully, oneDNN's convolutions do), so the peak is the better
 * of both. */
struct dense {
    il_tensor *x, *weight;
    bool convolution;
    double flops;
};

static int product_of(struct dense *out, il_scope *s, il_dtype type, il_err *e)
{
    const int64_t n = il_scope_device(s).kind == IL_DEVICE_CUDA ? 8192 : 2048;
    il_tensor *a = il_to(s, il_randn(s, 1, 0, 2, (int64_t[]){ n, n }), type);
    *out = (struct dense){ .x = a, .weight = a, .flops = 2.0 * (double)(n * n * n) };
    return il_scope_status(s, e);
}

static int convolution_of(struct dense *out, il_scope *s, il_dtype type, il_err *e)
{
    const int64_t channels = 256, side = 64, n = il_scope_device(s).kind == IL_DEVICE_CUDA ? 64 : 4;
    il_tensor *x = il_to(s, il_randn(s, 1, 0, 4, (int64_t[]){ n, channels, side, side }), type);
    il_tensor *w = il_to(s, il_randn(s, 2, 0, 4, (int64_t[]){ channels, channels, 3, 3 }), type);
    *out = (struct dense){ .x = il_to_order(s, x, IL_ORDER_NHWC),
                           .weight = il_to_order(s, w, IL_ORDER_NHWC),
                           .convolution = true,
                           .flops = 2.0 * 9 * (double)(channels * channels * n * side * side) };
    return il_scope_status(s, e);
}

/* Reading one number waits for the device. */
static int time_dense(double *seconds, const struct dense *d, il_scope *outer, il_err *e)
{
    float first = 0;
    il_scope *s = il_scope_nest(outer);
    double start = il_clock_seconds();
    il_tensor *y = d->convolution ? il_conv2d(s, d->x, d->weight, NULL, (il_conv_geometry){ .padding = 1 })
                                  : il_linear(s, d->x, d->weight, NULL);
    for (int i = 0; y && i < (d->convolution ? 4 : 2); i++)
        y = il_slice(s, y, i, 0, 1);
    int rc = il_scope_status(s, e);
    if (!rc)
        rc = il_read_f32(y, &first, 1, e);
    *seconds = il_clock_seconds() - start;
    il_scope_close(s);
    return rc;
}

int il_bench_steps_peak(double *flops, il_model_opts how, il_err *e)
{
    static const il_dtype types[] = { IL_DTYPE_F32, IL_DTYPE_F32, IL_DTYPE_BF16, IL_DTYPE_F16 }; /* by il_precision */
    double best = 0;
    struct dense work[2];
    il_scope *s = NULL;
    int rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .device = how.device, .precision = how.precision), e);
    if (rc)
        return rc;
    rc = product_of(&work[0], s, types[how.precision], e);
    if (!rc)
        rc = convolution_of(&work[1], s, types[how.precision], e);
    for (int i = 0; i < 2 * TRIES && !rc; i++) {
        double seconds = 0;
        rc = time_dense(&seconds, &work[i % 2], s, e);
        if (seconds > 0 && work[i % 2].flops / seconds > best)
            best = work[i % 2].flops / seconds;
    }
    il_scope_close(s);
    if (!rc)
        *flops = best;
    return rc;
}
