/* bench_steps.c - steps of evaluation and training, and a product of matrices to measure them by. */
#include <string.h>
#include "bench_steps.h"

void il_bench_steps_close(il_bench_steps *x)
{
    il_tally_free(&x->tally);
    il_loader_free(x->loader);
    il_adam_free(x->adam);
    il_loss_close(&x->loss);
    il_model_close(&x->model);
    memset(x, 0, sizeof *x);
}

static int first_batch(il_bench_steps *x, const il_bench_opts *o, il_source *source, const float labels[256], il_err *e)
{
    const il_training *t = &o->run->training;
    il_loader_opts l = { .batch = t->batch, .size = t->size, .crops = 1, .threads = o->loader_threads,
                         .missing = o->run->missing, .device = o->device };
    int more = 0;
    int rc = il_loader_open(&x->loader, source, labels, l, e);
    if (rc == IL_OK)
        rc = il_loader_start(x->loader, 1, 0, e);
    if (rc == IL_OK)
        rc = il_loader_next(x->loader, &x->batch, &more, e);
    if (rc == IL_OK && (!more || x->batch.n < t->batch))
        rc = il_fail(e, IL_EDATA, "the data hold %d pictures for training, expected at least a batch of %d",
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
    if (rc == IL_OK)
        rc = il_loss_open(&x.loss, &o->run->loss, e);
    if (rc == IL_OK)
        rc = il_adam_new(&x.adam, x.model.state, (il_adam_opts){ .lr = t->lr, .weight_decay = t->weight_decay,
                                                         .scaling = t->precision == IL_PRECISION_FP16 }, e);
    if (rc == IL_OK)
        rc = first_batch(&x, o, source, labels, e);
    if (rc != IL_OK) {
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
    return il_tally_read(&sums, NULL, &x->tally, e);
}

int il_bench_steps_evaluate(il_bench_steps *x, il_flops *flops, il_err *e)
{
    il_score_list scores = { 0 };
    il_evaluation what = { .model = &x->model, .loss = &x->loss, .scores = true, .flops = flops };
    int rc = il_evaluate_batch(&x->tally, &scores, &what, &x->batch, e);
    if (rc == IL_OK)
        rc = il_scores_read(&scores, e);
    if (rc == IL_OK)
        rc = settle(x, e);
    il_scores_free(&scores);
    return rc;
}

int il_bench_steps_train(il_bench_steps *x, il_flops *flops, il_err *e)
{
    const il_step step = { .model = &x->model, .loss = &x->loss, .adam = x->adam, .how = x->how, .flops = flops };
    int rc = il_step_train(&x->tally, &step, &x->batch, e);
    return rc == IL_OK ? settle(x, e) : rc;
}

/* ---- the measure ---- */

enum { CPU_SIDE = 2048, CUDA_SIDE = 8192, TRIES = 6 };

static int multiply(double *seconds, il_tensor *a, il_scope_opts opts, il_err *e)
{
    float first = 0;
    il_scope *s = NULL;
    int rc = il_scope_open(&s, opts, e);
    if (rc != IL_OK)
        return rc;
    double start = il_evaluate_now();
    il_tensor *y = il_linear(s, a, a, NULL);
    il_tensor *corner = il_slice(s, il_slice(s, y, 0, 0, 1), 1, 0, 1);
    rc = il_scope_status(s, e);
    if (rc == IL_OK)
        rc = il_read_f32(corner, &first, 1, e);
    *seconds = il_evaluate_now() - start;
    il_scope_close(s);
    return rc;
}

int il_bench_steps_peak(double *flops, int64_t *side, il_model_opts how, il_err *e)
{
    static const il_dtype types[] = { IL_F32, IL_F32, IL_BF16, IL_F16 }; /* by il_precision */
    const il_scope_opts opts = { .device = how.device, .precision = how.precision };
    const int64_t n = how.device.kind == IL_CUDA ? CUDA_SIDE : CPU_SIDE;
    double best = 0;
    il_scope *s = NULL;
    int rc = il_scope_open(&s, opts, e);
    if (rc != IL_OK)
        return rc;
    il_tensor *a = il_to(s, il_randn(s, 1, 0, 2, (int64_t[]){ n, n }), types[how.precision]);
    rc = il_scope_status(s, e);
    for (int i = 0; i < TRIES && rc == IL_OK; i++) {
        double seconds = 0;
        rc = multiply(&seconds, a, opts, e);
        if (seconds > 0 && 2.0 * (double)(n * n * n) / seconds > best)
            best = 2.0 * (double)(n * n * n) / seconds;
    }
    il_scope_close(s);
    if (rc == IL_OK) {
        *flops = best;
        *side = n;
    }
    return rc;
}
