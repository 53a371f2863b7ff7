/* together.c - GRID CHECKPOINT [float64]: trains the first run of a grid, alone or as one of several processes, and leaves its last
 * checkpoint. compare A B: how far two checkpoints are apart. For together.py. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
    double *out = malloc((n + 1) * sizeof *out);
    float *f = malloc((n + 1) * sizeof *f);
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

int main(int argc, char **argv)
{
    il_err e = { 0 };
    il_world *world = NULL;
    if (argc < 3)
        return 2;
    bool compares = strcmp(argv[1], "compare") == 0 && argc > 3;
    int rc = compares ? compare(argv[2], argv[3], &e) : il_world_open(&world, &e);
    if (!rc && !compares)
        rc = train(argv[1], argv[2], argc > 3 && strcmp(argv[3], "float64") == 0, world, &e);
    if (rc)
        fprintf(stderr, "together: %s\n", e.message);
    il_world_close(world);
    return rc != 0;
}
