/* together.c - GRID CHECKPOINT [float64]: trains the first run of a grid, alone or as one of several processes, and leaves its last
 * checkpoint. compare A B: how far two checkpoints are apart. absent N: N steps of which one weight has no part, but in the third.
 * For together.py. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/optimizer.h>
#include <inpaintlab/weights.h>
#include "plan/plan.h"
#include "plugin/registry.h"
#include "train/job.h"
#include "train/train.h"

static int no_epoch(void *context, const il_course *c, il_err *e)
{
    (void)context;
    (void)c;
    (void)e;
    return IL_OK;
}

static int train(const char *grid, const char *checkpoint, bool twice, il_world *world, il_err *e)
{
    il_registry *registry = NULL;
    il_plan *plan = NULL;
    il_job job = { 0 };
    il_model model = { 0 };
    il_course course = { 0 };
    il_observer observer = { 0 };
    il_reducer_report told = { .steps = 0 };
    const char *threads = getenv("OMP_NUM_THREADS");
    size_t left_out = 0;
    il_torch_threads(threads ? atoi(threads) : 1);
    int rc = il_registry_open(&registry, e);
    if (!rc)
        rc = il_plan_read(&plan, grid, registry, (il_plan_opts){ 0 }, e);
    if (!rc)
        rc = il_job_open(&job, &plan->runs[0], NULL, e);
    if (!rc && (rc = job.error.code) != IL_OK)
        *e = job.error;
    if (!rc)
        rc = il_model_open(
            &model, &plan->runs[0].model,
            (il_model_opts){ .seed = plan->runs[0].seed + (uint64_t)il_world_own(world), .twice = twice }, e);
    const il_training_job what = { .run = plan ? &plan->runs[0] : NULL,
                                   .hash = job.hash,
                                   .checkpoint = il_world_own(world) == 0 ? checkpoint : NULL,
                                   .world = world,
                                   .told = &told,
                                   .train = job.train,
                                   .validation = job.validation,
                                   .labels = job.labels,
                                   .loader_threads = 1,
                                   .epoch = no_epoch };
    if (!rc)
        rc = il_train_model(&course, &left_out, &model, &what, &observer, e);
    if (!rc && il_world_own(world) == 0)
        printf(
            "%.2f images/s, %.0f steps, %.0f bytes a step, %.3f s under way, %.3f s of it within the backward pass\n",
            course.epochs[course.done - 1].images_per_second, told.steps, told.steps > 0 ? told.bytes / told.steps : 0,
            told.flight, told.hidden);
    il_course_free(&course);
    il_model_close(&model);
    il_job_close(&job);
    il_plan_free(plan);
    il_registry_free(registry);
    return rc;
}

static double *numbers(const il_tensor *t, size_t n)
{
    il_err e = { 0 };
    double *out = calloc(n + 1, sizeof *out);
    float *f = calloc(n + 1, sizeof *f);
    if (il_dtype_of(t) == IL_DTYPE_F64)
        il_read_bytes(t, out, n * sizeof *out, &e);
    else if (il_read_f32(t, f, n, &e) == IL_OK)
        for (size_t i = 0; i < n; i++)
            out[i] = f[i];
    free(f);
    return out;
}

/* The largest difference of tensors of that kind, as a share of the largest element of the tensor, or of all of them. */
static double apart(const il_bundle *a, const il_bundle *b, const char *prefix, const char *suffix, bool of_all)
{
    double share = 0, most_of_all = 0, away_of_all = 0;
    for (size_t i = 0; i < il_bundle_count(a); i++) {
        const char *name = il_bundle_name(a, i), *end = strstr(name, suffix);
        const il_tensor *t = il_bundle_at(a, i), *twin = il_bundle_find(b, name);
        if (strncmp(name, prefix, strlen(prefix)) != 0 || !end || il_dtype_of(t) == IL_DTYPE_I64)
            continue;
        size_t n = (size_t)il_numel(t);
        if (!twin || (size_t)il_numel(twin) != n)
            return INFINITY;
        double *x = numbers(t, n), *y = numbers(twin, n), most = 0, away = 0;
        for (size_t k = 0; k < n; k++) {
            most = fmax(most, fabs(x[k]));
            away = isnan(x[k] - y[k]) ? INFINITY : fmax(away, fabs(x[k] - y[k]));
        }
        share = fmax(share, most > 0 ? away / most : away);
        most_of_all = fmax(most_of_all, most);
        away_of_all = fmax(away_of_all, away);
        free(x);
        free(y);
    }
    return of_all ? away_of_all / most_of_all : share;
}

/* Losses, weights and buffers, first moments (after one step a tenth of the gradients), as shares. */
static int compare(const char *first, const char *second, il_err *e)
{
    enum { FIELDS = 7, TRAIN = 1, VALIDATION = 3 };
    il_bundle *a = NULL, *b = NULL;
    int rc = il_bundle_read(&a, first, e);
    if (!rc)
        rc = il_bundle_read(&b, second, e);
    if (!rc) {
        const il_tensor *t = il_bundle_find(a, "course.epochs"), *u = il_bundle_find(b, "course.epochs");
        size_t n = (size_t)il_numel(t);
        double *x = numbers(t, n), *y = numbers(u, n), train = 0, validation = 0;
        for (size_t i = 0; i < n; i += FIELDS) {
            train = fmax(train, fabs(x[i + TRAIN] - y[i + TRAIN]) / fabs(x[i + TRAIN]));
            validation = fmax(validation, fabs(x[i + VALIDATION] - y[i + VALIDATION]) / fabs(x[i + VALIDATION]));
        }
        printf("%.3g %.3g %.3g %.3g\n", train, validation, apart(a, b, "model.", "", false),
               apart(a, b, "adam.", ".exp_avg", true));
        free(x);
        free(y);
    }
    il_bundle_free(a);
    il_bundle_free(b);
    return rc;
}

enum { LARGE = 1 << 15 }; /* elements: each weight fills a bucket */

/* The loss of rank r is (r + 1) times the sum of the weights' means, so that each gradient is that of the ranks' sum. */
static int absent_step(il_reducer *r, il_adam *adam, il_tensor *weight[3], bool all, il_world *world, il_err *e)
{
    il_scope *s = NULL;
    il_scope_opts o = { .size = sizeof o, .training = true };
    int size = il_world_size(world), own = il_world_own(world);
    const double expected = size * (size + 1) / 2.0 / LARGE;
    int rc = il_scope_open(&s, &o, e);
    il_tensor *loss = NULL;
    for (int i = 0; i < (all ? 3 : 2) && !rc; i++) {
        il_tensor *mean = il_affine(s, il_mean(s, weight[i]), own + 1, 0);
        loss = loss ? il_add(s, loss, mean) : mean;
    }
    il_reducer_listen(r, true);
    if (!rc)
        rc = il_backward(s, loss, e);
    if (!rc)
        rc = il_reducer_end(r, e);
    for (int i = 0; i < (all ? 3 : 2) && !rc; i++) {
        double *g = numbers(il_grad(s, weight[i]), LARGE);
        for (int k = 0; k < LARGE && !rc; k++)
            if (!(fabs(g[k] - expected) < 1e-6 * expected))
                rc = il_fail(e, IL_EFORMAT, "gradient %d is %g, expected %g", i, g[k], expected);
        free(g);
    }
    il_scope_close(s);
    return rc ? rc : il_adam_step(adam, e);
}

/* The weight that was declared last comes first when gradients are summed. */
static int absent(int steps, il_world *world, il_err *e)
{
    il_state *st = NULL;
    il_reducer *r = NULL;
    il_adam *adam = NULL;
    il_tensor *weight[3] = { NULL };
    il_reducer_report told = { .steps = 0 };
    const il_adam_opts opts = { .size = sizeof opts, .lr = 0.01 };
    const int64_t shape[1] = { LARGE };
    const char *const names[] = { "a", "b", "c" };
    int rc = il_state_new(&st, (il_device){ IL_DEVICE_CPU, 0 }, 0, e);
    for (int i = 0; i < 3 && !rc; i++)
        weight[i] = il_state_param(st, names[i], IL_INIT_ONES, 0, 1, shape);
    if (!rc)
        rc = il_state_status(st, e);
    if (!rc)
        rc = il_adam_new(&adam, st, &opts, e);
    if (!rc)
        rc = il_reducer_new(&r, st, world, e);
    for (int i = 0; i < steps && !rc; i++)
        rc = absent_step(r, adam, weight, i == 2, world, e);
    il_reducer_free(r, &told);
    il_adam_free(adam);
    il_state_free(st);
    if (!rc && il_world_own(world) == 0)
        printf("%.0f steps, %s\n", told.steps, told.hidden > 0 ? "summed within the backward pass" : "summed after it");
    return rc;
}

int main(int argc, char **argv)
{
    il_err e = { 0 };
    il_world *world = NULL;
    if (argc < 3)
        return 2;
    bool compares = strcmp(argv[1], "compare") == 0 && argc > 3;
    int rc = compares ? compare(argv[2], argv[3], &e) : il_world_open(&world, &e);
    if (!rc && strcmp(argv[1], "absent") == 0)
        rc = absent(atoi(argv[2]), world, &e);
    else if (!rc && !compares)
        rc = train(argv[1], argv[2], argc > 3 && strcmp(argv[3], "float64") == 0, world, &e);
    if (rc)
        fprintf(stderr, "together: %s\n", e.message);
    il_world_close(world);
    return rc != 0;
}
