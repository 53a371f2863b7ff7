/* bench.c - times loading, evaluation, training and whole epochs, each repeated after warm-ups. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <inpaintlab/profile.h>
#include "base/clock.h"
#include "bench/bench.h"
#include "bench/bench_peak.h"
#include "bench/bench_steps.h"
#include "bench/process_memory.h"
#include "plugin/instance.h"
#include "torch/bytes.h"
#include "train/job.h"
#include "train/train.h"

enum { MOST_BATCHES = 64 }; /* batches loaded in one repeat: a large data set need not be read completely */

struct bench_work {
    const il_bench_opts *o;
    il_bench *out;
    il_source *train, *validation;
    float labels[256];
};

void il_bench_free(il_bench *b)
{
    for (size_t i = 0; i < b->count; i++)
        free(b->stages[i].seconds);
    *b = (il_bench){ 0 };
}

/* After each repeat. */
static int go_on(const struct bench_work *w, il_err *e)
{
    return il_observer_stopped(&w->o->observer) ? il_fail(e, IL_ECANCEL, "stopped") : IL_OK;
}

/* Begins a stage; it counts once it has finished. */
static int begin(il_bench_stage **out, struct bench_work *w, const char *name, il_err *e)
{
    il_bench_stage *s = &w->out->stages[w->out->count];
    *s = (il_bench_stage){ .name = name,
                           .tensors = -1,
                           .process = -1,
                           .growth = -1,
                           .seconds = calloc((size_t)w->o->repeats, sizeof *s->seconds) };
    if (!s->seconds)
        return il_fail_oom(e);
    w->out->count++;
    *out = s;
    return IL_OK;
}

/* ---- loading ---- */

static int load_once(int64_t *images, il_loader *l, il_err *e)
{
    il_batch b;
    int more = 1;
    int64_t count = 0;
    int rc = il_loader_start(l, 1, 0, e);
    for (int i = 0; !rc && more && i < MOST_BATCHES; i++) {
        rc = il_loader_next(l, &b, &more, e);
        if (!rc && more)
            count += b.n;
    }
    *images = count;
    return rc;
}

/* cache_bytes 1: no image is kept. */
static int time_loading(struct bench_work *w, const char *name, size_t cache_bytes, il_err *e)
{
    const il_training *t = &w->o->run->training;
    il_loader_opts opts = { .batch = t->batch,
                            .size = t->size,
                            .crop = t->crop,
                            .crops = t->crops,
                            .augment = &t->augment,
                            .threads = w->o->loader_threads,
                            .cache_bytes = cache_bytes,
                            .missing = w->o->run->missing,
                            .device = w->o->device };
    il_loader *l = NULL;
    il_bench_stage *s;
    int rc = begin(&s, w, name, e);
    if (!rc)
        rc = il_loader_open(&l, w->train, w->labels, opts, e);
    if (!rc)
        rc = load_once(&s->images, l, e);
    for (int i = 0; i < w->o->repeats && !rc; i++) {
        double start = il_clock_seconds();
        rc = load_once(&s->images, l, e);
        s->seconds[s->repeats++] = il_clock_seconds() - start;
        rc = rc ? rc : go_on(w, e);
    }
    il_loader_free(l);
    return rc;
}

/* ---- steps ---- */

typedef int step(il_bench_steps *x, il_flops *flops, il_err *e);

/* FLOP are counted in the first warm-up, bytes moved in the last; the peak is that of all, since an optimizer's state exists
 * only from the second on. */
static int warm_up(il_bench_stage *s, il_bench_steps *x, step *once, il_err *e)
{
    il_flops *flops = NULL;
    il_bytes *bytes = NULL;
    int rc = il_flops_new(&flops, e);
    if (!rc)
        rc = il_bytes_start(&bytes, NULL, e);
    for (int i = 0; i < (x->graph ? IL_BENCH_WARM_UPS_GRAPH : IL_BENCH_WARM_UPS) && !rc; i++) {
        const int64_t before = il_bytes_taken(bytes);
        rc = once(x, i == 0 ? flops : NULL, e);
        s->moved = x->graph ? 0 : 2 * (il_bytes_taken(bytes) - before); /* a graph's tensors are taken once for all */
    }
    if (!rc) {
        const il_flop_count all = il_flops_all(flops);
        s->flops = all.forward + all.backward;
        s->tensors = il_bytes_peak(bytes);
    }
    il_bytes_free(bytes);
    il_flops_free(flops);
    return rc;
}

static int time_steps(struct bench_work *w, const char *name, step *once, il_err *e)
{
    il_bench_steps x = { 0 };
    il_bench_stage *s;
    int rc = begin(&s, w, name, e);
    if (!rc)
        rc = il_bench_steps_open(&x, w->o, w->train, w->labels, e);
    if (rc)
        return rc;
    w->out->parameters = il_state_params(x.model.state);
    s->images = x.batch.n;
    const bool told = il_process_memory_reset();
    const int64_t before = il_process_memory_now();
    rc = warm_up(s, &x, once, e);
    for (int i = 0; i < w->o->repeats && !rc; i++) {
        double start = il_clock_seconds();
        rc = once(&x, NULL, e);
        s->seconds[s->repeats++] = il_clock_seconds() - start;
        rc = rc ? rc : go_on(w, e);
    }
    if (told) {
        s->process = il_process_memory_peak();
        s->growth = s->process < 0 || before < 0 ? -1 : s->process - before;
    }
    il_bench_steps_close(&x);
    return rc;
}

/* ---- epochs ---- */

static int ignore(void *context, const il_course *c, il_err *e)
{
    (void)context;
    (void)c;
    (void)e;
    return IL_OK;
}

/* The training part of each epoch, as timed by the program's own training. */
static int note_epochs(struct bench_work *w, const il_course *c, int64_t images, il_err *e)
{
    il_bench_stage *first, *later;
    int rc = begin(&first, w, "epoch on files, first", e);
    if (!rc)
        rc = begin(&later, w, "epoch on files, later", e);
    if (rc)
        return rc;
    first->images = later->images = images;
    for (size_t i = 0; i < c->done; i++) {
        il_bench_stage *s = i ? later : first;
        s->seconds[s->repeats++] = (double)images / c->epochs[i].images_per_second;
    }
    return IL_OK;
}

static int time_file_epochs(struct bench_work *w, il_err *e)
{
    char checkpoint[4200];
    il_run run = *w->o->run;
    il_model model = { 0 };
    il_course course = { 0 };
    size_t left_out = 0;
    snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint.safetensors", w->o->folder);
    run.training.epochs = w->o->repeats + 1;
    run.training.patience = 0;
    il_training_job job = { .run = &run,
                            .hash = "bench",
                            .checkpoint = checkpoint,
                            .train = w->train,
                            .validation = w->validation,
                            .labels = w->labels,
                            .loader_threads = w->o->loader_threads,
                            .epoch = ignore };
    int rc = il_model_open(&model, &run.model, il_bench_steps_model(w->o), e);
    if (!rc)
        rc = il_train_model(&course, &left_out, &model, &job, &w->o->observer, e);
    if (!rc)
        rc = note_epochs(w, &course, (int64_t)il_source_count(w->train) * run.training.crops, e);
    il_course_free(&course);
    il_model_close(&model);
    unlink(checkpoint);
    return rc;
}

/* As many steps as an epoch on files has, without loading. */
static int time_batch_epochs(struct bench_work *w, il_err *e)
{
    const il_training *t = &w->o->run->training;
    il_bench_steps x = { 0 };
    il_bench_stage *s;
    const int64_t images = (int64_t)il_source_count(w->train) * t->crops, steps = (images + t->batch - 1) / t->batch;
    int rc = begin(&s, w, "epoch on one batch", e);
    if (!rc)
        rc = il_bench_steps_open(&x, w->o, w->train, w->labels, e);
    if (rc)
        return rc;
    s->images = steps * x.batch.n;
    rc = il_bench_steps_train(&x, NULL, e);
    for (int i = 0; i < w->o->repeats && !rc; i++) {
        double start = il_clock_seconds();
        for (int64_t k = 0; k < steps && !rc; k++)
            rc = il_bench_steps_train(&x, NULL, e);
        s->seconds[s->repeats++] = il_clock_seconds() - start;
        rc = rc ? rc : go_on(w, e);
    }
    il_bench_steps_close(&x);
    return rc;
}

/* ---- all ---- */

static int open_data(struct bench_work *w, il_err *e)
{
    const il_run *run = w->o->run;
    int rc = il_policy_labels(w->labels, &run->mask_policy, e);
    if (!rc)
        rc = il_source_open(&w->train, &run->dataset, "train", run->training.on, run->missing, e);
    if (!rc && run->training.pairs)
        rc = il_source_pair(w->train, e);
    if (!rc)
        rc = il_source_load(w->train, w->o->device, e);
    if (!rc && (w->o->stages & IL_BENCH_EPOCH))
        rc = il_source_open(&w->validation, &run->dataset, "validation", run->training.on, run->missing, e);
    if (!rc && w->validation)
        rc = il_source_load(w->validation, w->o->device, e);
    return rc;
}

/* The best of all calls: the machine may be busy with other work during one of them. */
static int measure_peak(struct bench_work *w, il_err *e)
{
    double peak = 0, bandwidth = 0;
    if (!(w->o->stages & (IL_BENCH_EVALUATION | IL_BENCH_TRAINING)))
        return IL_OK;
    int rc = il_bench_peak_flops(&peak, il_bench_steps_model(w->o), e);
    if (!rc)
        rc = il_bench_peak_bandwidth(&bandwidth, il_bench_steps_model(w->o), e);
    w->out->peak = fmax(w->out->peak, peak);
    w->out->bandwidth = fmax(w->out->bandwidth, bandwidth);
    return rc;
}

static int run_stages(struct bench_work *w, il_err *e)
{
    const unsigned stages = w->o->stages;
    int rc = measure_peak(w, e);
    if (!rc && (stages & IL_BENCH_LOADING))
        rc = time_loading(w, "loading, decoded", 1, e);
    if (!rc && (stages & IL_BENCH_LOADING))
        rc = time_loading(w, "loading, from memory", 0, e);
    if (!rc && (stages & IL_BENCH_EVALUATION))
        rc = time_steps(w, "evaluation", il_bench_steps_evaluate, e);
    if (!rc && (stages & IL_BENCH_TRAINING))
        rc = time_steps(w, "training step", il_bench_steps_train, e);
    if (!rc)
        rc = measure_peak(w, e);
    if (!rc && (stages & IL_BENCH_EPOCH))
        rc = time_file_epochs(w, e);
    if (!rc && (stages & IL_BENCH_EPOCH))
        rc = time_batch_epochs(w, e);
    return rc;
}

int il_bench_run(il_bench *out, const il_bench_opts *o, il_err *e)
{
    il_bench b = { 0 };
    struct bench_work w = { .o = o, .out = &b };
    int rc = open_data(&w, e);
    if (!rc)
        rc = run_stages(&w, e);
    il_source_free(w.train);
    il_source_free(w.validation);
    if (rc) {
        il_bench_free(&b);
        return rc;
    }
    *out = b;
    return IL_OK;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

il_spread il_bench_speed(const il_bench_stage *s)
{
    double sorted[IL_BENCH_MOST_REPEATS];
    const size_t n = s->repeats < IL_BENCH_MOST_REPEATS ? s->repeats : IL_BENCH_MOST_REPEATS;
    if (n == 0)
        return (il_spread){ NAN, NAN, NAN };
    for (size_t i = 0; i < n; i++)
        sorted[i] = (double)s->images / s->seconds[i];
    qsort(sorted, n, sizeof *sorted, by_value);
    return (il_spread){ (sorted[(n - 1) / 2] + sorted[n / 2]) / 2, sorted[0], sorted[n - 1] };
}
