/* grid.c - grid files, and those that list grids. */
#include "fuzz.h"
#include "plan/plan.h"
#include "plan/study.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static il_registry *registry;
    il_err e = { 0 };
    il_plan *plan = NULL;
    il_study study = { 0 };
    if (!registry && il_registry_open(&registry, &e) != IL_OK)
        abort();
    const char *path = fuzz_file("grid.yaml", data, size);
    fuzz_told(il_study_read(&study, path, &e), &e);
    il_study_free(&study);
    e = (il_err){ 0 };
    fuzz_told(il_plan_read(&plan, path, registry, (il_plan_opts){ 0 }, &e), &e);
    il_plan_free(plan);
    return 0;
}
