/* test_checkpoint.c - what a killed training has in its last checkpoint besides weights: time; and no broken weights. */
#include <math.h>
#include <sys/stat.h>
#include <time.h>
#include <inpaintlab/optimizer.h>
#include <inpaintlab/weights.h>
#include "plan/plan.h"
#include "plugin/registry.h"
#include "support/lab.h"
#include "train/train.h"

TestSuite(checkpoint, .init = lab_open, .fini = lab_close);

struct bench {
    il_registry *registry;
    il_plan *plan;
    il_job job;
    il_model model;
    il_course course;
};

static void open_bench(struct bench *b, const char *grid)
{
    il_err e = { 0 };
    LAB_OK(il_registry_open(&b->registry, &e), e);
    LAB_OK(il_plan_read(&b->plan, grid, b->registry, (il_plan_opts){ 0 }, &e), e);
    LAB_OK(il_job_open(&b->job, &b->plan->runs[0], NULL, &e), e);
    LAB_OK(il_model_open(&b->model, &b->plan->runs[0].model, (il_model_opts){ .seed = 7 }, &e), e);
}

static void close_bench(struct bench *b)
{
    il_course_free(&b->course);
    il_model_close(&b->model);
    il_job_close(&b->job);
    il_plan_free(b->plan);
    il_registry_free(b->registry);
}

static int on_epoch(void *context, const il_course *c, il_err *e)
{
    (void)context;
    (void)c;
    (void)e;
    return IL_OK;
}

static int train(struct bench *b, const il_observer *observer, double seconds, il_err *e)
{
    size_t left_out;
    char path[400];
    snprintf(path, sizeof path, "%s", lab_path("c"));
    il_training_job what = { .run = &b->plan->runs[0],
                             .hash = b->job.hash,
                             .checkpoint = path,
                             .checkpoint_seconds = seconds,
                             .train = b->job.train,
                             .validation = b->job.validation,
                             .labels = b->job.labels,
                             .loader_threads = 1,
                             .epoch = on_epoch };
    return il_train_model(&b->course, &left_out, &b->model, &what, observer, e);
}

/* ---- time ---- */

enum { PAUSE_MS = 300 };

/* Pauses in the first epoch; once a checkpoint has been written after that, keeps it, and lets the training end. */
static void pause_and_keep(void *context, const il_progress *p)
{
    bool *paused = context;
    char command[1000];
    (void)p;
    snprintf(command, sizeof command, "cp '%s' '%s'", lab_path("c"), lab_path("kept"));
    if (*paused && access(lab_path("c"), F_OK) == 0 && access(lab_path("kept"), F_OK) != 0)
        cr_assert_eq(system(command), 0);
    if (!*paused)
        nanosleep(&(struct timespec){ .tv_nsec = PAUSE_MS * 1000000L }, NULL);
    *paused = true;
}

Test(checkpoint, a_killed_sittings_time_is_kept)
{
    struct bench b = { 0 };
    il_err e = { 0 };
    il_course at = { 0 };
    il_adam *adam = NULL;
    bool paused = false;
    char grid[400];
    snprintf(grid, sizeof grid, "%s", lab_grid("time", "", ""));
    open_bench(&b, grid);
    LAB_OK(train(&b, &(il_observer){ .progress = pause_and_keep, .context = &paused }, PAUSE_MS / 2000.0, &e), e);
    LAB_OK(il_adam_new(&adam, b.model.state, IL_OPTS(il_adam_opts, .lr = 0.01), &e), e);
    LAB_OK(il_checkpoint_read(&at, lab_path("kept"), b.job.hash, &b.model, adam, &e), e);
    cr_assert_eq(at.epoch, 1);
    cr_expect_geq(at.epoch_seconds, PAUSE_MS / 1000.0);
    cr_expect_geq(at.seconds, PAUSE_MS / 1000.0);
    close_bench(&b);

    b = (struct bench){ 0 }; /* the next sitting begins from there */
    cr_assert_eq(rename(lab_path("kept"), lab_path("c")), 0);
    open_bench(&b, grid);
    LAB_OK(train(&b, &(il_observer){ 0 }, 0, &e), e);
    cr_expect_gt(b.course.epochs[0].seconds, at.epoch_seconds);
    double sum = 0;
    for (size_t i = 0; i < b.course.done; i++)
        sum += b.course.epochs[i].seconds;
    cr_expect_geq(b.course.seconds, sum - 1e-6);
    cr_expect_lt(b.course.epochs[1].seconds, b.course.seconds - b.course.epochs[0].seconds);
    il_adam_free(adam);
    il_course_free(&at);
    close_bench(&b);
}

static void say_into(void *context, const char *run, const char *line)
{
    (void)run;
    if (strstr(line, "no checksum"))
        ++*(int *)context;
}

/* Copies a checkpoint without the one tensor. */
static void write_without(const char *to, const char *from, const char *left_out)
{
    il_bundle *a = NULL, *b = NULL;
    il_err e = { 0 };
    LAB_OK(il_bundle_read(&a, from, &e), e);
    LAB_OK(il_bundle_new(&b, &e), e);
    LAB_OK(il_bundle_note(b, "format", il_bundle_noted(a, "format"), &e), e);
    LAB_OK(il_bundle_note(b, "run", il_bundle_noted(a, "run"), &e), e);
    for (size_t i = 0; i < il_bundle_count(a); i++)
        if (strcmp(il_bundle_name(a, i), left_out) != 0)
            LAB_OK(il_bundle_add(b, il_bundle_name(a, i), il_bundle_at(a, i), &e), e);
    cr_assert_eq(il_bundle_count(b) + 1, il_bundle_count(a));
    LAB_OK(il_bundle_write(b, to, &e), e);
    il_bundle_free(a);
    il_bundle_free(b);
}

Test(checkpoint, one_made_before_that_time_was_kept_is_read)
{
    struct bench b = { 0 };
    il_err e = { 0 };
    const char *grid = lab_grid("older", "", "");
    open_bench(&b, grid);
    LAB_OK(train(&b, &(il_observer){ 0 }, 0, &e), e);
    double seconds = b.course.seconds;
    close_bench(&b);
    write_without(lab_path("older"), lab_path("c"), "course.epoch_seconds");
    cr_assert_eq(rename(lab_path("older"), lab_path("c")), 0);
    b = (struct bench){ 0 };
    open_bench(&b, grid);
    int told = 0;
    LAB_OK(train(&b, &(il_observer){ .say = say_into, .context = &told }, 0, &e), e);
    cr_expect_eq(told, 1);
    cr_expect_eq(b.course.done, 3);
    cr_expect_eq(b.course.seconds, seconds);
    close_bench(&b);
}

/* ---- a checkpoint that has changed ---- */

static char *bytes_of(const char *path, size_t *size)
{
    char *bytes = NULL;
    struct stat st;
    FILE *f = fopen(path, "rb");
    cr_assert(f && fstat(fileno(f), &st) == 0);
    *size = (size_t)st.st_size;
    bytes = malloc(*size);
    cr_assert(bytes && fread(bytes, 1, *size, f) == *size && fclose(f) == 0);
    return bytes;
}

static void write_bytes(const char *path, const char *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    cr_assert(f && fwrite(bytes, 1, size, f) == size && fclose(f) == 0);
}

/* Any byte of the file, any bit of it; pieces that are missing, too many or in another's place. */
Test(checkpoint, none_with_a_changed_byte_is_gone_on_with)
{
    struct bench b = { 0 };
    il_err e = { 0 };
    il_adam *adam = NULL;
    size_t size, header = 8, read = 0;
    open_bench(&b, lab_grid("changed", "", ""));
    LAB_OK(train(&b, &(il_observer){ 0 }, 0, &e), e);
    LAB_OK(il_adam_new(&adam, b.model.state, IL_OPTS(il_adam_opts, .lr = 0.01), &e), e);
    char *whole = bytes_of(lab_path("c"), &size), path[400];
    snprintf(path, sizeof path, "%s", lab_path("changed"));
    header += (unsigned char)whole[0] + 256u * (unsigned char)whole[1];
    cr_assert(header > 1000 && header < size);
    for (size_t at = 0; at < size; at += at < header ? 61 : 1009) {
        il_course c = { 0 };
        whole[at] ^= (char)(1 << read++ % 8);
        write_bytes(path, whole, size);
        whole[at] ^= (char)(1 << (read - 1) % 8);
        cr_assert_eq(il_checkpoint_read(&c, path, b.job.hash, &b.model, adam, &e), IL_EFORMAT, "byte %zu: %s", at,
                     e.message);
        cr_assert(strstr(e.message, "remove it to restart the run, no result is lost"), "byte %zu: %s", at, e.message);
    }
    cr_expect_gt(read, 100);
    for (size_t cut = 1; cut < size; cut = 3 * cut + 1) {
        il_course c = { 0 };
        write_bytes(path, whole, size - cut);
        cr_assert_eq(il_checkpoint_read(&c, path, b.job.hash, &b.model, adam, &e), IL_EFORMAT, "without %zu", cut);
    }
    il_course c = { 0 };
    write_bytes(path, whole, size);
    LAB_OK(il_checkpoint_read(&c, path, b.job.hash, &b.model, adam, &e), e);
    cr_expect_not(c.unsealed);
    il_course_free(&c);
    il_adam_free(adam);
    free(whole);
    close_bench(&b);
}

/* ---- a loss that is no number ---- */

static void break_weights(il_model *model)
{
    il_bundle *b = NULL, *broken = NULL;
    il_err e = { 0 };
    LAB_OK(il_bundle_new(&b, &e), e);
    LAB_OK(il_bundle_new(&broken, &e), e);
    LAB_OK(il_state_save(model->state, b, "", &e), e);
    for (size_t i = 0; i < il_bundle_count(b); i++) {
        const il_tensor *t = il_bundle_at(b, i);
        int64_t shape[8];
        float *values = calloc((size_t)il_numel(t) + 1, sizeof *values);
        cr_assert(values && il_ndim(t) <= 8);
        for (int k = 0; k < il_ndim(t); k++)
            shape[k] = il_dim(t, k);
        for (int64_t k = 0; k < il_numel(t); k++)
            values[k] = NAN;
        if (il_dtype_of(t) == IL_DTYPE_F32)
            LAB_OK(il_bundle_add_bytes(broken, il_bundle_name(b, i), IL_DTYPE_F32, il_ndim(t), shape, values, &e), e);
        else
            LAB_OK(il_bundle_add(broken, il_bundle_name(b, i), t, &e), e);
        free(values);
    }
    LAB_OK(il_state_load(model->state, broken, NULL, &e), e);
    il_bundle_free(b);
    il_bundle_free(broken);
}

static void count_lines(void *context, const il_progress *p)
{
    (void)p;
    ++*(int *)context;
}

Test(checkpoint, a_diverged_training_ends_where_its_loss_is_read)
{
    struct bench b = { 0 };
    il_err e = { 0 };
    int lines = 0;
    open_bench(&b, lab_grid("nan", "", ""));
    break_weights(&b.model);
    cr_expect_eq(train(&b, &(il_observer){ .progress = count_lines, .context = &lines }, 0, &e),
                 IL_ETORCH); /* the first step */
    cr_expect_str_eq(e.message, "the loss is not finite in epoch 1; try a smaller train.lr");
    cr_expect_eq(lines, 0);
    close_bench(&b);
}

Test(checkpoint, none_is_written_of_a_diverged_training)
{
    struct bench b = { 0 };
    il_err e = { 0 };
    open_bench(&b, lab_grid("nan", "", ""));
    break_weights(&b.model);
    cr_expect_eq(train(&b, &(il_observer){ 0 }, 1e-9, &e), IL_ETORCH);
    cr_expect_neq(access(lab_path("c"), F_OK), 0);
    close_bench(&b);
}
