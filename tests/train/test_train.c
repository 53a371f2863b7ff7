/* test_train.c - training, checkpoints, jobs and runs on pictures with a trace that a small U-Net can learn. */
#include <math.h>
#include <inpaintlab/convert.h>
#include "base/sha256.h"
#include "plan/plan.h"
#include "plugin/registry.h"
#include "store/database.h"
#include "support/lab.h"
#include "torch/bundle.h"
#include "train/step.h"
#include "train/train.h"

TestSuite(train, .init = lab_open, .fini = lab_close);

/* Everything one training needs. */
struct bench {
    il_registry *registry;
    il_plan *plan;
    il_job job;
    il_model model;
    il_course course;
};

static volatile int stop;
static int stop_after; /* epochs; 0: never */

static int on_epoch(void *context, const il_course *c, il_err *e)
{
    (void)context;
    (void)e;
    if (stop_after && (int)c->done >= stop_after)
        stop = 1;
    return IL_OK;
}

static void open_bench(struct bench *b, const char *grid)
{
    il_err e = { 0 };
    LAB_OK(il_registry_open(&b->registry, &e), e);
    LAB_OK(il_plan_read(&b->plan, grid, b->registry, (il_plan_opts){ 0 }, &e), e);
    LAB_OK(il_job_open(&b->job, &b->plan->runs[0], NULL, &e), e);
    cr_assert_eq(b->job.error.code, IL_OK, "%s", b->job.error.message);
    LAB_OK(il_model_open(
               &b->model, &b->plan->runs[0].model,
               (il_model_opts){ .seed = b->plan->runs[0].seed, .precision = b->plan->runs[0].training.precision }, &e),
           e);
}

static void close_bench(struct bench *b)
{
    il_course_free(&b->course);
    il_model_close(&b->model);
    il_job_close(&b->job);
    il_plan_free(b->plan);
    il_registry_free(b->registry);
    memset(b, 0, sizeof *b);
}

static int train(struct bench *b, const char *checkpoint, il_err *e)
{
    size_t left_out;
    il_observer observer = { .stop = &stop };
    il_training_job what = { .run = &b->plan->runs[0],
                             .hash = b->job.hash,
                             .checkpoint = checkpoint,
                             .train = b->job.train,
                             .validation = b->job.validation,
                             .labels = b->job.labels,
                             .loader_threads = 1,
                             .epoch = on_epoch };
    return il_train_model(&b->course, &left_out, &b->model, &what, &observer, e);
}

/* All weights as bytes, for comparing bit by bit. */
static il_digest weights(const struct bench *b)
{
    il_text all = { 0 };
    il_err e = { 0 };
    for (size_t i = 0; i < il_state_count(b->model.state); i++) {
        il_state_entry t = il_state_at(b->model.state, i);
        size_t bytes = (size_t)il_numel(t.tensor) * il_dtype_size(il_dtype_of(t.tensor));
        unsigned char *data = malloc(bytes);
        LAB_OK(il_read_bytes(t.tensor, data, bytes, &e), e);
        il_digest d = il_sha256(data, bytes);
        il_text_add(&all, "%s %s\n", t.name, d.hex);
        free(data);
    }
    il_digest d = il_sha256(all.data, all.size);
    il_text_free(&all);
    return d;
}

Test(train, loss_falls_and_epochs_are_booked)
{
    struct bench b = { 0 };
    il_err e = { 0 };
    stop = stop_after = 0;
    open_bench(&b, lab_grid("falls", "", ""));
    LAB_OK(train(&b, lab_path("c"), &e), e);
    cr_assert_eq(b.course.done, 3);
    cr_assert_lt(b.course.epochs[2].train_loss, b.course.epochs[0].train_loss);
    cr_assert_eq(b.course.epochs[2].epoch, 3);
    cr_assert(b.course.epochs[0].images_per_second > 0);
    close_bench(&b);
}

/* Stopped after `epochs` epochs (one step into the next) and gone on with: the weights must be the same bits. */
static void resumes_exactly(int epochs, const char *settings)
{
    struct bench whole = { 0 }, cut = { 0 };
    il_err e = { 0 };
    const char *grid = lab_grid("resume", settings, "");
    unlink(lab_path("whole"));
    unlink(lab_path("cut"));
    stop = stop_after = 0;
    open_bench(&whole, grid);
    LAB_OK(train(&whole, lab_path("whole"), &e), e);

    stop_after = epochs;
    open_bench(&cut, grid);
    cr_assert_eq(train(&cut, lab_path("cut"), &e), IL_ECANCEL);
    cr_assert_not_null(strstr(e.message, "stopped in epoch"), "%s", e.message);
    close_bench(&cut);

    stop = stop_after = 0;
    open_bench(&cut, grid);
    LAB_OK(train(&cut, lab_path("cut"), &e), e);
    cr_assert_str_eq(weights(&cut).hex, weights(&whole).hex);
    cr_assert_eq(cut.course.done, whole.course.done);
    for (size_t i = 0; i < whole.course.done; i++) {
        cr_assert_eq(cut.course.epochs[i].train_loss, whole.course.epochs[i].train_loss, "epoch %zu", i + 1);
        cr_assert_eq(cut.course.epochs[i].train_iou, whole.course.epochs[i].train_iou);
        cr_assert_eq(cut.course.epochs[i].validation_loss, whole.course.epochs[i].validation_loss);
    }
    close_bench(&cut);
    close_bench(&whole);
}

Test(train, resumes_bit_by_bit_after_one_epoch)
{
    resumes_exactly(1, "");
}

Test(train, resumes_bit_by_bit_after_two_epochs)
{
    resumes_exactly(2, "");
}

Test(train, resumes_bit_by_bit_in_parts_and_in_half_precision)
{
    resumes_exactly(1, ", accumulate: 2");
    resumes_exactly(1, ", precision: fp16"); /* the loss's scale too */
    resumes_exactly(1, ", schedule: cosine, warmup: 0.5, optimizer: adamw");
}

#define PARTS ", freeze: [fine0.*], lr_of: {coarse*: 0.1, coarse2.*: 3}, clip: 0.2, monitor: f1"

Test(train, resumes_bit_by_bit_with_frozen_parts)
{
    resumes_exactly(1, PARTS);
    resumes_exactly(2, PARTS ", precision: fp16, accumulate: 2");
}

/* ---- parts of a model ---- */

static il_digest tensor_digest(const struct bench *b, size_t i)
{
    il_err e = { 0 };
    il_state_entry t = il_state_at(b->model.state, i);
    size_t bytes = (size_t)il_numel(t.tensor) * il_dtype_size(il_dtype_of(t.tensor));
    unsigned char *data = malloc(bytes);
    LAB_OK(il_read_bytes(t.tensor, data, bytes, &e), e);
    il_digest d = il_sha256(data, bytes);
    free(data);
    return d;
}

/* Frozen tensors, the running statistics among them, stay as they were; weight decay or none. Without its weights alone a norm's
 * statistics go on. */
Test(train, frozen_tensors_stay_bit_for_bit)
{
    static const struct {
        const char *settings, *pattern;
    } cases[] = { { ", freeze: [fine*, 'merge.0.*']", "fine" },
                  { ", freeze: [fine*], optimizer: adamw, weight_decay: 0.1, recompute: true", "fine" },
                  { ", freeze: ['*.1.running_*', '*.1.num_batches_tracked']", ".1.running_" },
                  { ", freeze: ['*.1.weight', '*.1.bias', '*.0.*'], cuda_graph: true", ".0.weight" } };
    il_err e = { 0 };
    stop = stop_after = 0;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct bench b = { 0 };
        open_bench(&b, lab_grid("frozen", cases[c].settings, ""));
        il_digest before[80];
        size_t n = il_state_count(b.model.state), same = 0;
        cr_assert_leq(n, sizeof before / sizeof *before);
        for (size_t i = 0; i < n; i++)
            before[i] = tensor_digest(&b, i);
        unlink(lab_path("c"));
        LAB_OK(train(&b, lab_path("c"), &e), e);
        for (size_t i = 0; i < n; i++) {
            const char *name = il_state_at(b.model.state, i).name;
            bool stays = strcmp(tensor_digest(&b, i).hex, before[i].hex) == 0;
            cr_expect_eq(stays, il_state_frozen(b.model.state, i), "case %zu: %s", c, name);
            cr_expect(stays || !strstr(name, cases[c].pattern), "case %zu: %s", c, name);
            same += stays;
        }
        cr_expect(same > 0 && same < n, "case %zu: %zu of %zu", c, same, n);
        close_bench(&b);
    }
}

Test(train, patterns_without_a_tensor_are_refused)
{
    static const struct {
        const char *settings, *message;
    } cases[] = {
        { ", freeze: [fine0.*, coarze0.*]",
          "train.freeze: 'coarze0.*' matches no tensor of model unet; did you mean 'coarse0.*'?" },
        { ", freeze: [head.wieght]",
          "train.freeze: 'head.wieght' matches no tensor of model unet; did you mean 'head.weight'?" },
        { ", lr_of: {backbone.layer1.conv*: 0.1}",
          "train.lr_of: 'backbone.layer1.conv*' matches no parameter of model unet; the first is 'fine0.0.weight'" },
        { ", lr_of: {'fine0.1.running_*': 2}",
          "train.lr_of: 'fine0.1.running_*' matches no parameter of model unet; the first is 'fine0.0.weight'" },
        { ", freeze: ['*']", "train.freeze: all parameters of model unet are frozen, so nothing is left to train" },
    };
    stop = stop_after = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench b = { 0 };
        il_err e = { 0 };
        open_bench(&b, lab_grid("refused", cases[i].settings, ""));
        unlink(lab_path("c"));
        cr_expect_eq(train(&b, lab_path("c"), &e), IL_EPARAM, "case %zu", i);
        cr_expect_str_eq(e.message, cases[i].message);
        close_bench(&b);
    }
}

/* In one batch the mean over batches is the value of all pixels pooled. */
Test(train, the_best_epoch_is_that_of_what_is_monitored)
{
    static const char *const monitors[] = { "loss", "iou", "f1" };
    il_err e = { 0 };
    int best[3];
    stop = stop_after = 0;
    for (int m = 0; m < 3; m++) {
        struct bench b = { 0 };
        char settings[100];
        snprintf(settings, sizeof settings, ", monitor: %s", monitors[m]);
        open_bench(&b,
                   lab_grid("monitor", settings, "axes: {train.batch: [3], train.epochs: [8], train.lr: [0.001]}\n"));
        unlink(lab_path("c"));
        LAB_OK(train(&b, lab_path("c"), &e), e);
        size_t wanted = 0;
        for (size_t i = 1; i < b.course.done; i++) {
            const il_epoch_row *at = &b.course.epochs[i], *top = &b.course.epochs[wanted];
            if (m ? at->validation_iou > top->validation_iou : at->validation_loss < top->validation_loss)
                wanted = i;
        }
        best[m] = b.course.early.best_epoch;
        cr_expect_eq(best[m], (int)wanted + 1, "%s", monitors[m]);
        cr_expect_eq(b.course.early.waited, (int)b.course.done - best[m]);
        const il_epoch_row *top = &b.course.epochs[wanted];
        double iou = top->validation_iou, value[] = { top->validation_loss, -iou, -2 * iou / (1 + iou) };
        cr_expect_float_eq(b.course.early.best, value[m], 1e-12, "%s", monitors[m]);
        close_bench(&b);
    }
    cr_expect_neq(best[0], best[1], "the course does not tell loss and IoU apart");
    cr_expect_eq(best[1], best[2]); /* one rises with the other */
}

Test(train, early_stopping_waits_for_what_is_monitored)
{
    il_err e = { 0 };
    struct bench b = { 0 };
    stop = stop_after = 0;
    open_bench(&b, lab_grid("monitor", ", monitor: iou",
                            "axes: {train.batch: [3], train.epochs: [40], train.lr: [0.001], train.patience: [2]}\n"));
    unlink(lab_path("c"));
    LAB_OK(train(&b, lab_path("c"), &e), e);
    int done = (int)b.course.done;
    cr_assert(done >= 3 && done < 40, "%d", done);
    cr_expect_eq(b.course.early.best_epoch, done - 2);
    for (int i = done - 2; i < done; i++)
        cr_expect_leq(b.course.epochs[i].validation_iou, b.course.epochs[done - 3].validation_iou);
    close_bench(&b);
}

/* Trained once with and once without the setting: the weights must be the same bits. */
Test(train, replayed_steps_give_the_same_weights)
{
    struct bench b[2] = { 0 };
    il_err e = { 0 };
    stop = stop_after = 0;
    for (int i = 0; i < 2; i++) {
        open_bench(&b[i], lab_grid("graph", i ? ", cuda_graph: true" : "", ""));
        unlink(lab_path("graph"));
        LAB_OK(train(&b[i], lab_path("graph"), &e), e);
    }
    cr_assert_str_eq(weights(&b[1]).hex, weights(&b[0]).hex);
    cr_assert_eq(b[1].course.epochs[2].validation_loss, b[0].course.epochs[2].validation_loss);
    resumes_exactly(1, ", cuda_graph: true");
    for (int i = 0; i < 2; i++)
        close_bench(&b[i]);
}

/* Settings that change no result are no part of a run's identity, the others are; and a grid that names none of them is
 * the run it was before they existed. */
Test(train, identity_of_settings_that_came_later)
{
    static const char *const settings[] = { "",
                                            ", recompute: true, cuda_graph: true, accumulate: 1, precision: fp32,"
                                            " schedule: constant, warmup: 0, optimizer: adam, monitor: loss, clip: 0,"
                                            " keep: true, freeze: [], lr_of: {}",
                                            ", accumulate: 2",
                                            ", precision: bf16",
                                            ", schedule: cosine",
                                            ", schedule: linear",
                                            ", warmup: 1.5",
                                            ", optimizer: adamw, weight_decay: 0.1",
                                            ", weight_decay: 0.1",
                                            ", clip: 0.01",
                                            ", freeze: [head.*]",
                                            ", freeze: [fine0.*]",
                                            ", lr_of: {fine*: 0.1, fine0.*: 3}",
                                            ", lr_of: {fine0.*: 3, fine*: 0.1}" };
    enum { COUNT = sizeof settings / sizeof *settings };
    struct bench b[COUNT] = { 0 };
    il_digest after[COUNT];
    il_err e = { 0 };
    stop = stop_after = 0;
    for (int i = 0; i < COUNT; i++) {
        open_bench(&b[i], lab_grid("identity", settings[i], ""));
        unlink(lab_path("c"));
        LAB_OK(train(&b[i], lab_path("c"), &e), e);
        after[i] = weights(&b[i]);
    }
    cr_expect_null(strstr(b[0].plan->runs[0].config, "precision"), "%s", b[0].plan->runs[0].config);
    cr_expect_str_eq(b[0].job.hash, b[1].job.hash);
    cr_expect_str_eq(after[0].hex, after[1].hex);
    for (int i = 2; i < COUNT; i++) {
        cr_expect_str_neq(b[0].job.hash, b[i].job.hash, "%s", settings[i]);
        for (int k = 0; k < i; k += k == 0 ? 2 : 1)
            cr_expect_str_neq(after[k].hex, after[i].hex, "%s, %s", settings[k], settings[i]);
    }
    for (int i = 0; i < COUNT; i++)
        close_bench(&b[i]);
}

Test(train, what_is_monitored_is_part_of_identity)
{
    struct bench a = { 0 }, b = { 0 };
    open_bench(&a, lab_grid("a", "", ""));
    open_bench(&b, lab_grid("b", ", monitor: iou", ""));
    cr_expect_str_neq(a.job.hash, b.job.hash);
    close_bench(&a);
    close_bench(&b);
}

Test(train, another_seed_gives_other_weights)
{
    struct bench a = { 0 }, b = { 0 };
    il_err e = { 0 };
    stop = stop_after = 0;
    open_bench(&a, lab_grid("one", "", ""));
    open_bench(&b, lab_grid("two", "", "  missing: skip\n"));
    LAB_OK(train(&a, lab_path("a"), &e), e);
    LAB_OK(train(&b, lab_path("b"), &e), e);
    cr_assert_str_eq(weights(&a).hex, weights(&b).hex, "what does not matter must not change the weights");
    close_bench(&b);
    open_bench(&b, lab_grid("three", "", "axes: {seed: [8]}\n"));
    LAB_OK(train(&b, lab_path("b2"), &e), e);
    cr_assert_str_neq(weights(&a).hex, weights(&b).hex);
    close_bench(&a);
    close_bench(&b);
}

/* A huge rate ruins later epochs: the sound default restores the best epoch, as_published keeps the last. */
Test(train, tests_the_best_or_the_last_weights)
{
    struct bench best = { 0 }, last = { 0 };
    il_err e = { 0 };
    stop = stop_after = 0;
    const char *axes = "axes: {train.lr: [0.3]}\n";
    open_bench(&best, lab_grid("best", "", axes));
    open_bench(&last, lab_grid("last", ", as_published: true", axes));
    LAB_OK(train(&best, lab_path("best"), &e), e);
    LAB_OK(train(&last, lab_path("last"), &e), e);
    int best_epoch = best.course.early.best_epoch;
    bool same = strcmp(weights(&best).hex, weights(&last).hex) == 0;
    cr_assert_eq(best_epoch, last.course.early.best_epoch);
    cr_assert_eq(same, best_epoch == (int)best.course.done, "best epoch %d of %zu", best_epoch, best.course.done);
    close_bench(&best);
    close_bench(&last);
}

/* Binary cross-entropy of one validation picture by the model as it is: the mean over pixels, in double precision. */
static double loss_of(const struct bench *b, int number)
{
    enum { SIDE = 48 };
    static float z[SIDE * SIDE];
    il_err e = { 0 };
    il_scope *s = NULL;
    il_image photo = { 0 }, mask = { 0 };
    char name[64];
    double sum = 0;
    snprintf(name, sizeof name, "data/validation/p%02d.realfake.png", number);
    LAB_OK(il_image_read(&photo, lab_path(name), &e), e);
    snprintf(name, sizeof name, "data/validation/p%02d.mask.png", number);
    LAB_OK(il_image_read(&mask, lab_path(name), &e), e);
    LAB_OK(il_scope_open(&s, NULL, &e), e);
    LAB_OK(il_read_f32(il_model_forward(&b->model, s, il_convert_to_tensor(s, &photo), NULL), z, SIDE * SIDE, &e), e);
    il_scope_close(s);
    for (int i = 0; i < SIDE * SIDE; i++) {
        bool forged = mask.pixels[i * mask.channels] == 255;
        sum += log1p(exp(forged ? -(double)z[i] : (double)z[i]));
    }
    il_image_free(&photo);
    il_image_free(&mask);
    return sum / (SIDE * SIDE);
}

/* Three validation pictures in batches of 2 and 1: the published code takes the mean of the two batches' means, ours that of
 * the pictures. The weights do not depend on it, so one epoch tells both. */
Test(train, validation_loss_is_a_mean_over_pictures_or_as_published_over_batches)
{
    il_err e = { 0 };
    double shown[2];
    stop = stop_after = 0;
    for (int published = 0; published < 2; published++) {
        struct bench b = { 0 };
        open_bench(&b, lab_grid("means", published ? ", as_published: true" : "", "axes: {train.epochs: [1]}\n"));
        unlink(lab_path("c"));
        LAB_OK(train(&b, lab_path("c"), &e), e);
        double loss[3];
        for (int i = 0; i < 3; i++)
            loss[i] = loss_of(&b, 10 + i);
        double expected = published ? ((loss[0] + loss[1]) / 2 + loss[2]) / 2 : (loss[0] + loss[1] + loss[2]) / 3;
        shown[published] = b.course.epochs[0].validation_loss;
        cr_expect_float_eq(shown[published], expected, 1e-6 * expected, "%.9g, not %.9g", shown[published], expected);
        close_bench(&b);
    }
    cr_assert_gt(fabs(shown[0] - shown[1]), 1e-4 * shown[0], "the two are one: %.9g", shown[0]);
}

/* Only runs whose validation has a smaller last batch come out otherwise than before, so only they are others. */
Test(train, identity_of_the_mean_over_batches)
{
    static const struct {
        const char *settings;
        bool batch_of_three, noted;
    } cases[] = { { "", false, false },
                  { ", as_published: true", false, true },
                  { ", as_published: true", true, false } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench b = { 0 };
        open_bench(&b,
                   lab_grid("means", cases[i].settings, cases[i].batch_of_three ? "axes: {train.batch: [3]}\n" : ""));
        bool noted = strstr(b.job.manifest, "\"validation_loss\":\"mean over batches\"");
        cr_expect_eq(noted, cases[i].noted, "case %zu: %s", i, b.job.manifest);
        close_bench(&b);
    }
}

/* A run of a version that took the mean over pictures is stale, and says why. */
Test(train, a_run_with_the_other_mean_is_stale)
{
    struct room r = { 0 };
    char why[400];
    il_err e = { 0 };
    open_room(&r, lab_grid("older", ", as_published: true", ""));
    cr_assert(run_first(&r).trained);
    cr_assert_eq(look_at_first(&r, NULL), IL_JOB_DONE);
    LAB_OK(il_store_exec(NULL, r.store,
                         "UPDATE runs SET hash = 'older', manifest = json_remove(manifest, '$.validation_loss')", NULL,
                         &e),
           e);
    cr_assert_eq(look_at_first(&r, why), IL_JOB_STALE);
    cr_assert_str_eq(why, "changed since the last run: the validation loss is the mean over batches");
    close_room(&r);
}

Test(train, a_checkpoint_of_another_run_is_refused)
{
    struct bench b = { 0 };
    il_err e = { 0 };
    stop = stop_after = 0;
    open_bench(&b, lab_grid("mine", "", ""));
    LAB_OK(train(&b, lab_path("c"), &e), e);
    close_bench(&b);
    open_bench(&b, lab_grid("other", "", "axes: {seed: [9]}\n"));
    cr_assert_eq(train(&b, lab_path("c"), &e), IL_EFORMAT);
    cr_assert_not_null(strstr(e.message, "belongs to run"), "%s", e.message);
    cr_assert_not_null(strstr(e.message, "remove it to restart the run"), "%s", e.message);
    close_bench(&b);
}

Test(train, a_damaged_checkpoint_is_refused)
{
    struct bench b = { 0 };
    il_err e = { 0 };
    stop = stop_after = 0;
    const char *grid = lab_grid("damaged", "", "");
    open_bench(&b, grid);
    LAB_OK(train(&b, lab_path("c"), &e), e);
    close_bench(&b);
    cr_assert_eq(truncate(lab_path("c"), 1000), 0);
    open_bench(&b, grid);
    cr_assert_eq(train(&b, lab_path("c"), &e), IL_EFORMAT);
    cr_assert_not_null(strstr(e.message, lab_path("c")), "%s", e.message);
    close_bench(&b);
}

/* Writes the file anew with another tensor under that name. */
static void replace_tensor(const char *path, const char *name, il_dtype dtype, int64_t count, const void *data)
{
    il_err e = { 0 };
    il_bundle *old = NULL, *new = NULL;
    LAB_OK(il_bundle_read(&old, path, &e), e);
    LAB_OK(il_bundle_new(&new, &e), e);
    for (size_t i = 0; i < il_bundle_notes(old); i++)
        LAB_OK(il_bundle_note(new, il_bundle_note_at(old, i).key, il_bundle_note_at(old, i).text, &e), e);
    for (size_t i = 0; i < il_bundle_count(old); i++)
        if (strcmp(il_bundle_name(old, i), name) != 0)
            LAB_OK(il_bundle_add(new, il_bundle_name(old, i), il_bundle_at(old, i), &e), e);
    LAB_OK(il_bundle_add_bytes(new, name, dtype, 1, &count, data, &e), e);
    LAB_OK(il_bundle_write(new, path, &e), e);
    il_bundle_free(old);
    il_bundle_free(new);
}

Test(train, a_checkpoint_of_impossible_numbers_is_refused)
{
    struct bench b = { 0 };
    il_err e = { 0 };
    stop = stop_after = 0;
    const char *grid = lab_grid("impossible", "", "");
    open_bench(&b, grid);
    LAB_OK(train(&b, lab_path("c"), &e), e);
    close_bench(&b);
    replace_tensor(lab_path("c"), "course.sums", IL_DTYPE_F64, 10, (double[]){ 0, 1, 1e300, 0, 0, 0, 0, 1, 0, 0 });
    open_bench(&b, grid);
    cr_assert_eq(train(&b, lab_path("c"), &e), IL_EFORMAT);
    cr_assert_not_null(strstr(e.message, "the record of the training is damaged"), "%s", e.message);
    close_bench(&b);
    replace_tensor(lab_path("c"), "course.sums", IL_DTYPE_F64, 10, (double[10]){ 0 });
    replace_tensor(lab_path("c"), "course.position", IL_DTYPE_I64, 5, (int64_t[]){ -3, 0, 0, 0, 0 });
    open_bench(&b, grid);
    cr_assert_eq(train(&b, lab_path("c"), &e), IL_EFORMAT);
    cr_assert_not_null(strstr(e.message, "the record of the training is damaged"), "%s", e.message);
    close_bench(&b);
}

/* ---- whole runs ---- */

Test(train, a_run_is_done_once_and_its_cells_are_stored)
{
    struct room r = { 0 };
    open_room(&r, lab_grid("once", "", ""));
    cr_assert_eq(look_at_first(&r, NULL), IL_JOB_TODO);
    il_run_outcome first = run_first(&r);
    cr_assert(first.trained && first.tested == 1, "%s", first.failure.message);
    assert_query(&r, "SELECT count(*) FROM epochs", "3");
    assert_query(&r, "SELECT count(*) FROM images", "3");
    assert_query(&r, "SELECT sum(tp + fp + fn + tn) FROM images", "6912"); /* 3 pictures of 48 x 48 */
    assert_query(&r, "SELECT tested_on FROM cells", "realfake");
    assert_query(&r, "SELECT model_params FROM runs", "{\"coarse\":8,\"fine\":6,\"level\":8.0,\"residual\":true}");
    /* scores are counted where truth and prediction are */
    assert_query(&r, "SELECT count(*) FROM scores", "3");
    assert_query(&r,
                 "SELECT count(*) FROM images JOIN scores USING (test, id)"
                 " WHERE il_pixels(tampered) = tp + fn AND il_pixels(clean) = fp + tn"
                 " AND il_above(tampered, 0.5) = tp AND il_above(clean, 0.5) = fp",
                 "3");
    assert_query(&r, "SELECT sum(tp) > 0 AND sum(fp) > 0 AND sum(fn) > 0 FROM images", "1");
    cr_assert_eq(look_at_first(&r, NULL), IL_JOB_DONE);
    il_run_outcome second = run_first(&r);
    cr_assert(!second.trained && second.tested == 0);
    close_room(&r);
}

static char said[4000];

static void hear(void *context, const char *run, const char *line)
{
    (void)context;
    (void)run;
    size_t n = strlen(said);
    snprintf(said + n, sizeof said - n, "%s\n", line);
}

/* One epoch from initial weights whose last layer adds `bias` to every logit, at a rate that leaves them there. */
static void run_biased(struct room *r, const char *name, float bias)
{
    struct bench b = { 0 };
    il_err e = { 0 };
    il_job j = { 0 };
    il_run_outcome o;
    il_observer observer = { .say = hear };
    il_bundle *initial = NULL;
    char file[64], settings[500];
    snprintf(file, sizeof file, "%s.safetensors", name);
    open_bench(&b, lab_grid(name, "", ""));
    LAB_OK(il_bundle_new(&initial, &e), e);
    LAB_OK(il_state_save(b.model.state, initial, "", &e), e);
    LAB_OK(il_bundle_write(initial, lab_path(file), &e), e);
    il_bundle_free(initial);
    close_bench(&b);
    replace_tensor(lab_path(file), "head.bias", IL_DTYPE_F32, 1, &bias);
    snprintf(settings, sizeof settings, ", weights: %s", lab_path(file));
    open_room(r, lab_grid(name, settings, "axes: {train.lr: [1e-9], train.epochs: [1]}\n"));
    said[0] = '\0';
    LAB_OK(il_job_open(&j, &r->plan->runs[0], r->store, &e), e);
    LAB_OK(il_run_job(&o, &j, r->store, &r->opts, &observer, &e), e);
    cr_assert(o.trained, "%s", o.failure.message);
    il_job_close(&j);
}

Test(train, a_model_that_marks_nothing_or_everything_is_told)
{
    static const struct {
        const char *name, *epoch, *line, *row;
        float bias;
    } cases[] = {
        { "none", "; no pixel was marked\n",
          "collapsed: the tested weights mark no pixel at all on the validation split\n", "1 nothing 0.0", -1000 },
        { "all", "; every pixel was marked\n",
          "collapsed: the tested weights mark every pixel of the validation split\n", "1 everything 1.0", 1000 },
    };
    stop = stop_after = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct room r = { 0 };
        run_biased(&r, cases[i].name, cases[i].bias);
        cr_expect(strstr(said, cases[i].epoch), "%s", said);
        cr_expect(strstr(said, cases[i].line), "%s", said);
        assert_query(
            &r,
            "SELECT r.collapsed || ' ' || r.collapse || ' ' || e.marked FROM runs r JOIN epochs e ON e.run = r.id"
            " ORDER BY r.id DESC LIMIT 1",
            cases[i].row);
        close_room(&r);
    }
}

Test(train, a_model_that_marks_some_pixels_has_not_collapsed)
{
    struct room r = { 0 };
    stop = stop_after = 0;
    open_room(&r, lab_grid("some", "", ""));
    cr_assert(run_first(&r).trained);
    assert_query(&r, "SELECT collapsed || ' ' || COALESCE(collapse, 'neither') FROM runs", "0 neither");
    assert_query(&r, "SELECT count(*) FROM epochs WHERE marked > 0 AND marked < 1", "3");
    close_room(&r);
}

/* What the epochs marked, and a collapse at the best one, outlive an interruption. */
Test(train, a_checkpoint_keeps_what_was_marked)
{
    il_err e = { 0 };
    for (int c = IL_COLLAPSE_NONE; c <= IL_COLLAPSE_EVERYTHING; c++) {
        struct bench b = { 0 };
        il_adam *adam = NULL;
        il_epoch_row rows[] = { { 1, 1, .5, 1, .5, 1, 1, .25 }, { 2, 1, .5, 1, .5, 1, 1, 1 } };
        il_course kept = { 0 }, course = {
            .epoch = 3, .epochs = rows, .done = 2, .collapse = IL_COLLAPSE_EVERYTHING, .best_collapse = (il_collapse)c
        };
        open_bench(&b, lab_grid("kept", "", ""));
        LAB_OK(il_step_adam(&adam, &b.plan->runs[0].training, b.model.state, &e), e);
        LAB_OK(il_checkpoint_write(lab_path("kept"), "hash", &course, &b.model, adam, &e), e);
        LAB_OK(il_checkpoint_read(&kept, lab_path("kept"), "hash", &b.model, adam, &e), e);
        cr_expect_eq(kept.collapse, IL_COLLAPSE_EVERYTHING);
        cr_expect_eq(kept.best_collapse, (il_collapse)c);
        cr_assert_eq(kept.done, 2);
        cr_expect_eq(kept.epochs[0].marked, .25);
        cr_expect_eq(kept.epochs[1].marked, 1);
        il_course_free(&kept);
        il_adam_free(adam);
        close_bench(&b);
    }
}

Test(train, changed_data_and_settings_make_a_run_stale)
{
    struct room r = { 0 };
    char why[400];
    open_room(&r, lab_grid("stale", "", ""));
    run_first(&r);
    close_room(&r);

    open_room(&r, lab_grid("stale", ", weight_decay: 0.5", ""));
    cr_assert_eq(look_at_first(&r, why), IL_JOB_STALE);
    cr_assert_not_null(strstr(why, "weight_decay"), "%s", why);
    close_room(&r);

    lab_picture("train", 77, 48);
    open_room(&r, lab_grid("stale", "", ""));
    cr_assert_eq(look_at_first(&r, why), IL_JOB_STALE);
    cr_assert_not_null(strstr(why, "data"), "%s", why);
    close_room(&r);
}

/* A setting that goes back to its default leaves the configuration. */
Test(train, a_setting_taken_back_is_told)
{
    struct room r = { 0 };
    char why[400];
    open_room(&r, lab_grid("back", ", accumulate: 2", ""));
    run_first(&r);
    close_room(&r);
    open_room(&r, lab_grid("back", "", ""));
    cr_assert_eq(look_at_first(&r, why), IL_JOB_STALE);
    cr_assert_str_eq(why, "changed since the last run: train.accumulate: 2 -> unset");
    close_room(&r);
}

Test(train, missing_data_become_a_failed_row_with_its_reason)
{
    struct room r = { 0 };
    char why[400];
    cr_assert_eq(unlink(lab_path("data/train/p01.mask.png")), 0);
    open_room(&r, lab_grid("missing", "", ""));
    cr_assert_eq(look_at_first(&r, why), IL_JOB_BLOCKED);
    cr_assert_not_null(strstr(why, "p01"), "%s", why);
    il_run_outcome o = run_first(&r);
    cr_assert_neq(o.failure.code, IL_OK);
    assert_query(&r, "SELECT status FROM runs", "failed");
    assert_query(&r, "SELECT instr(message, 'p01') > 0 FROM runs", "1");
    assert_query(&r, "SELECT seconds FROM runs", "NULL");
    close_room(&r);

    open_room(&r, lab_grid("skip", "", "  missing: skip\n"));
    o = run_first(&r);
    cr_assert(o.trained, "%s", o.failure.message);
    assert_query(&r, "SELECT left_out FROM runs WHERE status = 'done'", "1");
    close_room(&r);
}

Test(train, a_second_test_set_does_not_train_again)
{
    struct room r = { 0 };
    open_room(&r, lab_grid("first", "", ""));
    run_first(&r);
    close_room(&r);
    open_room(&r, lab_grid("second", "", "  test: [realfake, {images: realfake, split: validation}]\n"));
    il_run_outcome o = run_first(&r);
    cr_assert(!o.trained);
    cr_assert_eq(o.tested, 1);
    assert_query(&r, "SELECT count(*) FROM runs", "1");
    assert_query(&r, "SELECT count(*) FROM cells", "3");
    close_room(&r);
}

Test(train, a_held_run_is_left_to_its_holder)
{
    struct room r = { 0 };
    il_job j = { 0 };
    il_err e = { 0 };
    il_job_hold hold;
    open_room(&r, lab_grid("held", "", ""));
    LAB_OK(il_job_open(&j, &r.plan->runs[0], r.store, &e), e);
    LAB_OK(il_job_lock(&hold, &j, r.opts.folder, &e), e);
    cr_assert_eq(look_at_first(&r, NULL), IL_JOB_BUSY);
    il_run_outcome o = run_first(&r);
    cr_assert(o.busy && !o.trained);
    assert_query(&r, "SELECT count(*) FROM runs", "0");
    il_job_unlock(&hold);
    cr_assert_eq(look_at_first(&r, NULL), IL_JOB_TODO);
    il_job_close(&j);
    close_room(&r);
}
