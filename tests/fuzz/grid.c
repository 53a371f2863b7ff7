/* grid.c - grid files. */
#include "fuzz.h"
#include "plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static il_registry *registry;
    il_err e = { 0 };
    il_plan *plan = NULL;
    if (!registry && il_registry_open(&registry, &e) != IL_OK)
        abort();
    fuzz_told(il_plan_read(&plan, fuzz_file("grid.yaml", data, size), registry, (il_plan_opts){ 0 }, &e), &e);
    il_plan_free(plan);
    return 0;
}
