/* test_cost.c - what runs are expected to cost. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/atomic_file.h"
#include "base/text.h"
#include "bench/bench_data.h"
#include "cluster/cost.h"
#include "plugin/registry.h"
#include "support/lab.h"

static struct fixture {
    il_registry *registry;
    il_plan *plan;
    il_costs costs;
    char folder[100], grid[120];
} f;

/* Pictures of 32x32, 6 to train on. */
static void set_up(void)
{
    il_err e = { 0 };
    f = (struct fixture){ .folder = "/tmp/inpaintlab-test-XXXXXX" };
    cr_assert(mkdtemp(f.folder));
    snprintf(f.grid, sizeof f.grid, "%s/grid.safetensors", f.folder); /* an ending that the folder's removal knows */
    LAB_OK(il_bench_data_write(f.folder, 32, 6, 2, &e), e);
    LAB_OK(il_registry_open(&f.registry, &e), e);
}

static void tear_down(void)
{
    il_costs_free(&f.costs);
    il_plan_free(f.plan);
    il_registry_free(f.registry);
    il_bench_data_remove(f.folder);
}

TestSuite(cost, .init = set_up, .fini = tear_down);

static void estimate(const char *axes, il_store *like)
{
    il_err e = { 0 };
    il_text grid = { 0 };
    il_text_add(
        &grid,
        "experiment: costs\nbase:\n  dataset: {name: dataset1, root: %s}\n  model: {name: unet, fine: 4, coarse: 4}\n"
        "  mask_policy: full\n  loss: focal\n  train: {on: realfake, batch: 2, size: 32, epochs: 2}\naxes:\n  %s\n",
        f.folder, axes);
    LAB_OK(il_atomic_file_write(f.grid, grid.data, grid.size, &e), e);
    il_text_free(&grid);
    LAB_OK(il_plan_read(&f.plan, f.grid, f.registry, (il_plan_opts){ 0 }, &e), e);
    LAB_OK(il_costs_estimate(&f.costs, f.plan, like, &e), e);
}

static double ratio(size_t a, size_t b)
{
    return f.costs.of[a] / f.costs.of[b];
}

Test(cost, grows_with_epochs_pictures_and_pixels)
{
    estimate("train.epochs: [1, 5]", NULL);
    cr_assert(f.costs.of[0] > 1e6 && !f.costs.seconds);
    cr_assert_float_eq(ratio(1, 0), 5, 1e-12);
    cr_assert_float_eq(f.costs.sum, f.costs.of[0] + f.costs.of[1], 1e-3);
}

Test(cost, grows_with_crops)
{
    estimate("{train.crop: [16, 32], train.crops: [1, 3]}", NULL);
    cr_assert_float_eq(ratio(1, 0), 3, 1e-12);
    cr_assert_float_eq(ratio(2, 0), 4, 0.01, "four times the pixels: %g", ratio(2, 0));
}

Test(cost, grows_with_the_model)
{
    estimate("model.fine: [4, 16]", NULL);
    cr_assert_gt(ratio(1, 0), 2);
}

Test(cost, missing_data_cost_nothing)
{
    estimate("dataset.root: [/absent-1, /absent-2]", NULL);
    cr_assert(f.costs.of[0] == 0 && f.costs.of[1] == 0);
}

static void finish(il_store *s, const il_run *run, double seconds)
{
    il_err e = { 0 };
    int64_t id;
    const il_run_record r = { .hash = run->name,
                              .name = run->name,
                              .config = run->config,
                              .manifest = "{\"train\": {\"images\": 6}}",
                              .model = "m",
                              .dataset = "d",
                              .mask_policy = "p",
                              .loss = "l",
                              .trained_on = "realfake" };
    LAB_OK(il_store_begin_run(&id, s, &r, &e), e);
    LAB_OK(il_store_epochs(s, id, (il_epoch_row[]){ { .epoch = 1 }, { .epoch = 2 } }, 2, &e), e);
    LAB_OK(il_store_end_run(s, id, &(il_run_end){ .status = IL_RUN_DONE, .seconds = seconds }, &e), e);
}

/* Two epochs of 6 pictures took 24 s: 2 s a picture. */
Test(cost, is_in_seconds_where_like_runs_are_done)
{
    il_err e = { 0 };
    il_store *s = NULL;
    LAB_OK(il_store_open(&s, ":memory:", &e), e);
    estimate("model.fine: [4, 8]", s);
    double operations = ratio(1, 0);
    cr_assert(!f.costs.seconds, "nothing is done yet");
    finish(s, &f.plan->runs[0], 24);
    il_costs_free(&f.costs);
    il_plan_free(f.plan);
    estimate("{model.fine: [4, 8], train.epochs: [2, 10]}", s);
    cr_assert(f.costs.seconds);
    for (size_t i = 0; i < f.plan->count; i++) {
        double expected = 2.0 * 6 * f.plan->runs[i].training.epochs;
        bool like = strstr(f.plan->runs[i].name, "fine=4");
        cr_expect_float_eq(f.costs.of[i], like ? expected : expected * operations, expected * 1e-9, "%s: %g",
                           f.plan->runs[i].name, f.costs.of[i]);
    }
    il_store_close(s);
}
