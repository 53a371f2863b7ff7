/* together.c - GRID CHECKPOINT [float64]: trains the first run of a grid, alone or as one of several processes, and leaves its last
 * checkpoint; then says what the sums of gradients came to. For together.py. */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
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

static int train(const char *grid, const char *checkpoint, bool twice, il_ranks *ranks, il_err *e)
{
    il_registry *registry = NULL;
    il_plan *plan = NULL;
    il_job job = { 0 };
    il_model model = { 0 };
    il_course course = { 0 };
    il_observer observer = { 0 };
    size_t left_out = 0;
    il_torch_threads(1);
    int rc = il_registry_open(&registry, e);
    if (!rc)
        rc = il_plan_read(&plan, grid, registry, (il_plan_opts){ 0 }, e);
    if (!rc)
        rc = il_job_open(&job, &plan->runs[0], NULL, e);
    if (!rc && (rc = job.error.code) != IL_OK)
        *e = job.error;
    if (!rc)
        rc = il_model_open(&model, &plan->runs[0].model,
                           (il_model_opts){ .seed = plan->runs[0].seed + (uint64_t)il_ranks_own(ranks), .twice = twice }, e);
    const il_training_job what = { .run = plan ? &plan->runs[0] : NULL,
                                   .hash = job.hash,
                                   .checkpoint = il_ranks_own(ranks) == 0 ? checkpoint : NULL,
                                   .ranks = ranks,
                                   .train = job.train,
                                   .validation = job.validation,
                                   .labels = job.labels,
                                   .loader_threads = 1,
                                   .epoch = no_epoch };
    if (!rc)
        rc = il_train_model(&course, &left_out, &model, &what, &observer, e);
    if (!rc && il_ranks_own(ranks) == 0)
        printf("%.1f\n", course.seconds);
    il_course_free(&course);
    il_model_close(&model);
    il_job_close(&job);
    il_plan_free(plan);
    il_registry_free(registry);
    return rc;
}

int main(int argc, char **argv)
{
    il_err e = { 0 };
    il_ranks *ranks = NULL;
    if (argc < 3)
        return 2;
    int rc = il_ranks_open(&ranks, &e);
    if (!rc)
        rc = train(argv[1], argv[2], argc > 3 && strcmp(argv[3], "float64") == 0, ranks, &e);
    if (rc)
        fprintf(stderr, "together: %s\n", e.message);
    il_ranks_close(ranks);
    return rc != 0;
}
