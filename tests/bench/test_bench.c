/* test_bench.c - the stages of a measurement, what they count, and the process's memory. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <inpaintlab/profile.h>
#include "base/sha256.h"
#include "bench/bench_data.h"
#include "bench/bench_print.h"
#include "bench/bench_steps.h"
#include "bench/limit.h"
#include "bench/process_memory.h"
#include "bench/roofline.h"
#include "plan/plan.h"
#include "plugin/registry.h"
#include "support/lab.h"

struct fixture {
    il_registry *registry;
    il_plan *plan;
    il_bench_opts o;
    char folder[300];
};

/* A run over generated pictures of 32x32: 6 to train on, 2 to validate. */
static struct fixture open_fixture(void)
{
    il_err e = { 0 };
    struct fixture f = { .o = { .stages = IL_BENCH_ALL, .repeats = 3, .loader_threads = 1 } };
    snprintf(f.folder, sizeof f.folder, "/tmp/inpaintlab-test-XXXXXX");
    cr_assert_not_null(mkdtemp(f.folder));
    LAB_OK(il_bench_data_write(f.folder, 32, 6, 2, &e), e);
    char path[400];
    snprintf(path, sizeof path, "%s/grid.safetensors", f.folder); /* an ending that the folder's removal knows */
    FILE *to = fopen(path, "w");
    cr_assert_not_null(to);
    fprintf(
        to,
        "experiment: bench\nbase:\n  dataset: {name: dataset1, root: %s}\n  model: {name: unet, fine: 4, coarse: 4}\n"
        "  mask_policy: full\n  loss: focal\n  train: {on: realfake, batch: 2, size: 32}\n",
        f.folder);
    fclose(to);
    LAB_OK(il_registry_open(&f.registry, &e), e);
    LAB_OK(il_plan_read(&f.plan, path, f.registry, (il_plan_opts){ 0 }, &e), e);
    f.o.run = f.plan->runs;
    f.o.threads = il_torch_threads(1);
    return f;
}

/* The folder's name lies in the fixture, wherever that is now. */
static int measure(il_bench *out, struct fixture *f, il_err *e)
{
    f->o.folder = f->folder;
    return il_bench_run(out, &f->o, e);
}

static void close_fixture(struct fixture *f)
{
    il_plan_free(f->plan);
    il_registry_free(f->registry);
    il_bench_data_remove(f->folder);
    cr_expect_neq(access(f->folder, F_OK), 0, "the folder is still there");
}

/* Of one picture, forward and backward. */
static il_flop_count work_of_one(const struct fixture *f)
{
    il_err e = { 0 };
    il_model m = { 0 };
    il_flops *flops = NULL;
    il_scope *s = NULL;
    LAB_OK(il_model_open(&m, &f->o.run->model, (il_model_opts){ .device = f->o.device }, &e), e);
    LAB_OK(il_flops_new(&flops, &e), e);
    LAB_OK(il_scope_open(&s, IL_OPTS(il_scope_opts, .training = true, .flops = flops), &e), e);
    il_model_forward(&m, s, il_full(s, 0.5, IL_DTYPE_F32, 4, (int64_t[]){ 1, 3, 32, 32 }), NULL);
    LAB_OK(il_scope_status(s, &e), e);
    const il_flop_count work = il_flops_all(flops);
    il_scope_close(s);
    il_flops_free(flops);
    il_model_close(&m);
    return work;
}

static void check_json(const struct fixture *f, const il_bench *b)
{
    il_err e = { 0 };
    FILE *to = tmpfile();
    cr_assert_not_null(to);
    LAB_OK(il_bench_print(to, b, &f->o, NULL, true, &e), e);
    rewind(to);
    json_t *root = json_loadf(to, 0, NULL), *stages = json_object_get(root, "stages");
    cr_assert_eq(json_array_size(stages), b->count);
    cr_expect_eq(json_integer_value(json_object_get(root, "parameters")), b->parameters);
    json_t *step = json_array_get(stages, 3), *speed = json_object_get(step, "images_per_second");
    cr_expect_str_eq(json_string_value(json_object_get(step, "name")), "training step");
    cr_expect_eq(json_integer_value(json_object_get(step, "flops")), b->stages[3].flops);
    const double median = json_number_value(json_object_get(speed, "median"));
    cr_expect_float_eq(json_number_value(json_object_get(step, "share_of_peak")),
                       (double)b->stages[3].flops / 2 * median / b->peak, 1e-9);
    cr_expect(json_is_null(json_object_get(json_array_get(stages, 0), "flops")));
    json_decref(root);
    fclose(to);
}

Test(bench, all_stages)
{
    static const struct {
        const char *name;
        size_t repeats;
        int64_t images;
    } want[] = { { "loading, decoded", 3, 6 },  { "loading, from memory", 3, 6 },  { "evaluation", 3, 2 },
                 { "training step", 3, 2 },     { "epoch on files, first", 1, 6 }, { "epoch on files, later", 3, 6 },
                 { "epoch on one batch", 3, 6 } };
    struct fixture f = open_fixture();
    il_err e = { 0 };
    il_bench b = { 0 };
    LAB_OK(measure(&b, &f, &e), e);
    cr_assert_eq(b.count, sizeof want / sizeof *want);
    for (size_t i = 0; i < b.count; i++) {
        const il_bench_stage *s = &b.stages[i];
        cr_expect_str_eq(s->name, want[i].name);
        cr_expect_eq(s->moved > 0, i == 2 || i == 3, "%s", s->name);
        cr_expect_eq(s->repeats, want[i].repeats, "%s: %zu repeats", s->name, s->repeats);
        cr_expect_eq(s->images, want[i].images, "%s: %lld images", s->name, (long long)s->images);
        for (size_t k = 0; k < s->repeats; k++)
            cr_expect(s->seconds[k] > 0 && isfinite(s->seconds[k]), "%s: %g s", s->name, s->seconds[k]);
    }
    const il_flop_count one = work_of_one(&f);
    cr_expect_eq(b.stages[2].flops, 2 * one.forward);
    cr_expect_eq(b.stages[3].flops, 2 * (one.forward + one.backward));
    cr_expect_gt(b.stages[3].tensors, b.stages[2].tensors, "what the backward pass needs is held");
    cr_expect_geq(b.stages[2].tensors, INT64_C(2) * 4 * 32 * 32 * 4, "at least one map of four channels");
    cr_expect_gt(b.stages[3].process, b.stages[3].growth);
    cr_expect_geq(b.stages[3].growth, 0);
    cr_expect_gt(b.peak, 1e8);
    check_json(&f, &b);
    il_bench_free(&b);
    close_fixture(&f);
}

Test(bench, only_what_is_asked_for)
{
    struct fixture f = open_fixture();
    il_err e = { 0 };
    il_bench b = { 0 };
    f.o.stages = IL_BENCH_EVALUATION;
    f.o.repeats = 1;
    LAB_OK(measure(&b, &f, &e), e);
    cr_assert_eq(b.count, 1);
    cr_expect_str_eq(b.stages[0].name, "evaluation");
    il_bench_free(&b);
    close_fixture(&f);
}

Test(bench, stops_and_refuses)
{
    struct fixture f = open_fixture();
    il_err e = { 0 };
    il_bench b = { 0 };
    static const volatile int stop = 1;
    f.o.observer.stop = &stop;
    f.o.stages = IL_BENCH_LOADING;
    cr_expect_eq(measure(&b, &f, &e), IL_ECANCEL);
    f.o.observer.stop = NULL;
    f.o.stages = IL_BENCH_TRAINING;
    il_run large = *f.o.run;
    large.training.batch = 7;
    f.o.run = &large;
    cr_expect_eq(measure(&b, &f, &e), IL_EDATA);
    cr_expect_str_eq(e.message, "the data set has 6 images for training; expected at least one batch of 7");
    cr_expect_eq(b.count, 0);
    close_fixture(&f);
}

Test(bench, speed_of_repeats)
{
    double seconds[] = { 2, 1, 4, 0.5 };
    const il_bench_stage s = { .seconds = seconds, .repeats = 4, .images = 8 };
    const il_spread all = il_bench_speed(&s),
                    three = il_bench_speed(&(il_bench_stage){ .seconds = seconds, .repeats = 3, .images = 8 });
    cr_expect_eq(all.median, 6);
    cr_expect_eq(all.low, 2);
    cr_expect_eq(all.high, 16);
    cr_expect_eq(three.median, 4);
    cr_expect(isnan(il_bench_speed(&(il_bench_stage){ .images = 8 }).median));
}

/* 8 images a second in batches of 4: half a second a step. */
Test(bench, what_bounds)
{
    double half = 0.5, step[] = { 1, 1 }, epoch[] = { 1.25, 1.25 };
    il_bench b = { .peak = 100, .bandwidth = 10, .count = 1 };
    b.stages[0] = (il_bench_stage){ .name = "evaluation", .seconds = &half, .repeats = 1, .images = 4, .flops = 40 };
    il_bench_limit v = il_bench_limit_of(&b, &b.stages[0]);
    cr_expect_float_eq(v.share, 0.8, 1e-12);
    cr_expect_null(il_bench_limit_name(v), "bytes were not counted");
    b.stages[0].moved = 3;
    cr_expect_str_eq(il_bench_limit_name(il_bench_limit_of(&b, &b.stages[0])), "compute");
    b.stages[0].moved = 5;
    v = il_bench_limit_of(&b, &b.stages[0]);
    cr_expect_str_eq(il_bench_limit_name(v), "memory");
    cr_expect_float_eq(v.share, 1, 1e-12);
    cr_expect_float_eq(v.compute, 0.4, 1e-12);
    cr_expect(isnan(il_bench_waiting(&b)));
    b.stages[1] = (il_bench_stage){ .name = "epoch on files, later", .seconds = epoch, .repeats = 2, .images = 4 };
    b.stages[2] = (il_bench_stage){ .name = "epoch on one batch", .seconds = step, .repeats = 2, .images = 4 };
    b.count = 3;
    cr_expect_float_eq(il_bench_waiting(&b), 0.2, 1e-12);
    b.stages[1].seconds = &half;
    b.stages[1].repeats = 1;
    cr_expect_eq(il_bench_waiting(&b), 0, "faster by chance");
}

/* Generated pictures are lossless and the same each time. */
/* Peak 100 GFLOP/s and 10 GB/s meet at 10 operations a byte; the axes reach from 1 to 10 and from 10 to 100 GFLOP/s. Now 2 operations
 * a byte at 10 GFLOP/s, half of what the bandwidth allows; earlier 4 at 20. */
Test(bench, a_roofline_is_drawn)
{
    il_err e = { 0 };
    struct fixture f = open_fixture();
    double seconds[] = { 0.2 };
    il_bench b = { .stages = { { .name = "training step",
                                 .seconds = seconds,
                                 .repeats = 1,
                                 .images = 4,
                                 .flops = 2000000000,
                                 .moved = 1000000000 },
                               { .name = "loading, one thread", .seconds = seconds, .repeats = 1, .images = 4 } },
                   .count = 2,
                   .peak = 1e11,
                   .bandwidth = 1e10 };
    il_bench_against before = { .root = json_pack("{s:[{s:s, s:i, s:f, s:f, s:{s:f}}]}", "stages", "name",
                                                  "training step", "images", 2, "flops", 4e9, "moved_bytes", 1e9,
                                                  "images_per_second", "median", 10.0) };
    il_text svg = { 0 };
    LAB_OK(il_bench_roofline(&svg, &b, &f.o, &before, &e), e);
    cr_expect(strstr(svg.data, "<path class=\"roof\" d=\"M70.0 344.0L620.0 46.0H620\"/>"), "%s", svg.data);
    cr_expect(strstr(svg.data, "<circle class=\"now\" cx=\"235.6\" cy=\"344.0\" r=\"5\"/>"), "%s", svg.data);
    cr_expect(strstr(svg.data, ">training step: 50 % of the roof</text>"), "%s", svg.data);
    cr_expect(strstr(svg.data, "<circle class=\"then\" cx=\"401.1\" cy=\"254.3\" r=\"5\"/>"), "%s", svg.data);
    cr_expect(strstr(svg.data, "rings: earlier"));
    il_text_free(&svg);
    b.count = 1;
    b.stages[0].moved = 0;
    cr_expect_eq(il_bench_roofline(&svg, &b, &f.o, NULL, &e), IL_EDATA);
    cr_expect_null(svg.data);
    json_decref(before.root);
    close_fixture(&f);
}

Test(bench_data, equal_files)
{
    il_err e = { 0 };
    il_digest digest[2];
    il_image photo = { 0 }, mask = { 0 };
    for (int i = 0; i < 2; i++) {
        char folder[] = "/tmp/inpaintlab-test-XXXXXX", path[100];
        cr_assert_not_null(mkdtemp(folder));
        LAB_OK(il_bench_data_write(folder, 128, 2, 1, &e), e);
        snprintf(path, sizeof path, "%s/train/0001.realfake.webp", folder);
        LAB_OK(il_sha256_file(&digest[i], path, &e), e);
        if (i == 0) {
            LAB_OK(il_image_read(&photo, path, &e), e);
            snprintf(path, sizeof path, "%s/train/0001.mask.webp", folder);
            LAB_OK(il_image_read(&mask, path, &e), e);
        }
        il_bench_data_remove(folder);
        cr_expect_neq(access(folder, F_OK), 0);
    }
    cr_expect_str_eq(digest[0].hex, digest[1].hex);
    cr_expect(photo.width == 128 && photo.height == 128 && photo.channels == 3);
    cr_expect_not_null(memchr(mask.pixels, 255, (size_t)128 * 128 * (size_t)mask.channels), "nothing is masked");
    cr_expect_not_null(memchr(mask.pixels, 0, (size_t)128 * 128 * (size_t)mask.channels), "all is masked");
    il_image_free(&photo);
    il_image_free(&mask);
}

/* Held and given back: the peak falls only after a reset. */
Test(footprint, peak_and_reset)
{
    enum { MIB = 1 << 20, MANY = 64 * MIB };
    if (!il_process_memory_reset())
        cr_skip_test("there is no /proc/self/clear_refs");
    const int64_t before = il_process_memory_now();
    cr_assert_gt(before, 0);
    char *block = mmap(NULL, MANY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                       0); /* no allocator's cache */
    cr_assert_neq(block, MAP_FAILED);
    memset(block, 1, MANY);
    cr_expect_geq(il_process_memory_now() - before, MANY - MIB);
    cr_expect_eq(block[MANY / 2], 1);
    munmap(block, MANY);
    cr_expect_geq(il_process_memory_peak() - before, MANY - MIB);
    cr_assert(il_process_memory_reset());
    cr_expect_lt(il_process_memory_peak() - before, MANY / 2);
}
