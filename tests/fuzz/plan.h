/* plan.h - a grid of one run over a folder of one picture, in the folder of the inputs. */
#ifndef IL_FUZZ_PLAN_H
#define IL_FUZZ_PLAN_H

#include "fuzz.h"
#include "plan/plan.h"

static inline const il_run *fuzz_run(void)
{
    static const char *const parts[] = { "data", "data/test", NULL };
    static il_registry *registry; /* to the end of the process */
    static il_plan *plan;
    il_err e = { 0 };
    char text[500], path[200];
    for (const char *const *part = parts; *part; part++) {
        snprintf(path, sizeof path, "%s/%s", fuzz_folder(), *part);
        if (mkdir(path, 0777) != 0)
            abort();
    }
    fuzz_file("data/test/p1.realfake.png", (const uint8_t *)"", 0);
    fuzz_file("data/test/p1.mask.png", (const uint8_t *)"", 0);
    int size = snprintf(
        text, sizeof text,
        "experiment: x\nbase:\n  dataset: {name: dataset1, root: %s/data}\n  model: fcn\n  mask_policy: full\n"
        "  loss: bce\n  train: {on: realfake}\n",
        fuzz_folder());
    const char *grid = fuzz_file("grid.yaml", (const uint8_t *)text, (size_t)size);
    if (il_registry_open(&registry, &e) || il_plan_read(&plan, grid, registry, (il_plan_opts){ 0 }, &e)) {
        fprintf(stderr, "%s\n", e.message);
        abort();
    }
    return &plan->runs[0];
}

#endif
