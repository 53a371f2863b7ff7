/* test_run_parent.c - a run of more epochs goes on from a finished one, and ends as if it had been trained at once. */
#include "base/sha256.h"
#include "support/lab.h"
#include "train/run_parent.h"

TestSuite(parent, .init = lab_open, .fini = lab_close);

static const char *const five[] = { "train.epochs=5", NULL };

static void clear(void)
{
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s/runs' '%s/results.sqlite'*", lab_folder, lab_folder);
    cr_assert_eq(system(command), 0);
}

/* Runs the grid's only run; *file is the SHA-256 of its weights file, which holds its identity too. */
static il_run_outcome run_grid(il_digest *file, const char *grid, const char *const *set, il_job_state state,
                               const char *why)
{
    struct room r = { 0 };
    char seen[400] = "";
    il_err e = { 0 };
    il_job j = { 0 };
    open_room_set(&r, grid, set);
    cr_expect_eq(look_at_first(&r, seen), state, "%s", seen);
    cr_expect(why ? strncmp(seen, why, strlen(why)) == 0 : !*seen, "%s", seen);
    il_run_outcome o = run_first(&r);
    cr_assert_eq(o.failure.code, IL_OK, "%s", o.failure.message);
    LAB_OK(il_job_open(&j, &r.plan->runs[0], r.store, &e), e);
    LAB_OK(il_sha256_file(file, il_job_file(&j, r.opts.folder, "weights.safetensors").text, &e), e);
    il_job_close(&j);
    close_room(&r);
    return o;
}

static void assert_lineage(const char *grid, const char *parents, const char *epochs)
{
    struct room r = { 0 };
    open_room(&r, grid);
    assert_query(&r,
                 "SELECT group_concat(COALESCE((SELECT json_extract(p.config, '$.train.epochs') FROM runs p"
                 " WHERE p.hash = r.parent), 'none'), ',') FROM (SELECT * FROM runs ORDER BY id) r",
                 parents);
    assert_query(&r, "SELECT count(*) || ' of ' || max(epoch) FROM epochs WHERE run = (SELECT max(id) FROM runs)",
                 epochs);
    close_room(&r);
}

/* settings: of the training; epochs: how many of the five were trained. */
static void goes_on_exactly(const char *settings, const char *epochs)
{
    char grid[400], how[200];
    il_digest at_once, before, after;
    snprintf(how, sizeof how, ", keep: true%s", settings);
    snprintf(grid, sizeof grid, "%s", lab_grid("raised", how, ""));
    clear();
    run_grid(&at_once, grid, five, IL_JOB_TODO, NULL);
    clear();
    run_grid(&before, grid, NULL, IL_JOB_TODO, NULL);
    cr_expect(run_grid(&after, grid, five, IL_JOB_RESUME, "goes on from the finished run of 3 epochs, ").trained);
    cr_expect_str_eq(after.hex, at_once.hex, "%s", settings);
    cr_expect_str_neq(before.hex, after.hex);
    assert_lineage(grid, "none,3", epochs);
    cr_expect_not(run_grid(&after, grid, five, IL_JOB_DONE, NULL).trained);
}

Test(parent, more_epochs_are_as_if_trained_at_once)
{
    goes_on_exactly("", "5 of 5");
    goes_on_exactly(", warmup: 1.5, optimizer: adamw, weight_decay: 0.1, freeze: [fine0.*], clip: 0.3", "5 of 5");
    goes_on_exactly(", as_published: true, precision: fp16", "5 of 5");
}

/* Killed in its first epoch, the longer run goes on from its own checkpoint and knows its parent. */
static volatile int stop;

static void stop_at_once(void *context, const char *run, const char *line)
{
    (void)context;
    (void)run;
    if (strncmp(line, "epoch 4/5", 9) == 0)
        stop = 1;
}

Test(parent, a_killed_longer_run_resumes)
{
    char grid[400], why[400];
    il_digest at_once, before, after;
    il_err e = { 0 };
    snprintf(grid, sizeof grid, "%s", lab_grid("killed", ", keep: true", ""));
    run_grid(&at_once, grid, five, IL_JOB_TODO, NULL);
    clear();
    run_grid(&before, grid, NULL, IL_JOB_TODO, NULL);
    struct room r = { 0 };
    open_room_set(&r, grid, five);
    il_observer observer = { .say = stop_at_once, .stop = &stop };
    il_run_outcome o;
    il_job j = { 0 };
    LAB_OK(il_job_open(&j, &r.plan->runs[0], r.store, &e), e);
    stop = 0;
    cr_assert_eq(il_run_job(&o, &j, r.store, &r.opts, &observer, &e), IL_ECANCEL);
    il_job_close(&j);
    look_at_first(&r, why);
    cr_expect_str_eq(why, "interrupted after 4 epochs; will resume from its checkpoint");
    close_room(&r);
    run_grid(&after, grid, five, IL_JOB_RESUME, "interrupted");
    cr_expect_str_eq(after.hex, at_once.hex);
    assert_lineage(grid, "none,3", "5 of 5");
}

/* One that had stopped early would have done so in a longer run too. */
Test(parent, early_stopping_stays_stopped)
{
    static const char *const short_one[] = { "train.epochs=20", "train.patience=1", NULL }, *const long_one[] = {
        "train.epochs=30", "train.patience=1", NULL
    };
    char grid[400];
    il_digest at_once, before, after;
    struct room r = { 0 };
    snprintf(grid, sizeof grid, "%s", lab_grid("early", ", keep: true", ""));
    run_grid(&at_once, grid, long_one, IL_JOB_TODO, NULL);
    open_room(&r, grid);
    assert_query(&r, "SELECT stopped_early FROM runs", "1");
    close_room(&r);
    clear();
    run_grid(&before, grid, short_one, IL_JOB_TODO, NULL);
    run_grid(&after, grid, long_one, IL_JOB_RESUME, "goes on from the finished run of 20 epochs, ");
    cr_expect_str_eq(after.hex, at_once.hex);
    open_room(&r, grid);
    assert_query(&r, "SELECT min(stopped_early) FROM runs", "1");
    close_room(&r);
}

/* Without a checkpoint, or with a schedule over all epochs, it starts again, and says so before. */
Test(parent, without_a_checkpoint_it_starts_again)
{
    static const struct {
        const char *settings, *why;
    } cases[] = {
        { "", "starts again, not from the run of 3 epochs: it kept no checkpoint (train.keep)" },
        { ", keep: true, schedule: linear",
          "starts again, not from the run of 3 epochs: its learning rate went to 0 over its epochs (train.schedule)" },
    };
    for (size_t i = 0; i < 2; i++) {
        char grid[400];
        il_digest at_once, before, after;
        snprintf(grid, sizeof grid, "%s", lab_grid("again", cases[i].settings, ""));
        clear();
        run_grid(&at_once, grid, five, IL_JOB_TODO, NULL);
        clear();
        run_grid(&before, grid, NULL, IL_JOB_TODO, NULL);
        run_grid(&after, grid, five, IL_JOB_TODO, cases[i].why);
        cr_expect_str_eq(after.hex, at_once.hex);
        assert_lineage(grid, "none,none", "5 of 5");
    }
}

/* Fewer epochs, or another setting: nothing to go on from. A damaged checkpoint is told. */
Test(parent, only_a_run_of_fewer_epochs_and_equal_settings_is_one)
{
    static const char *const two[] = { "train.epochs=2", NULL }, *const slower[] = { "train.epochs=5", "train.lr=0.001",
                                                                                     NULL };
    char grid[400];
    il_digest digest;
    struct room r = { 0 };
    il_err e = { 0 };
    il_job j = { 0 };
    snprintf(grid, sizeof grid, "%s", lab_grid("other", ", keep: true", ""));
    run_grid(&digest, grid, NULL, IL_JOB_TODO, NULL);
    run_grid(&digest, grid, two, IL_JOB_TODO, NULL);
    run_grid(&digest, grid, slower, IL_JOB_TODO, NULL);
    assert_lineage(grid, "none,none,none", "5 of 5");
    open_room(&r, grid);
    LAB_OK(il_job_open(&j, &r.plan->runs[0], r.store, &e), e);
    il_job_path kept = il_run_parent_file(r.opts.folder, j.hash);
    il_job_close(&j);
    close_room(&r);
    FILE *f = fopen(kept.text, "r+b");
    cr_assert(f && fseek(f, 200, SEEK_SET) == 0 && fputc('#', f) != EOF && fclose(f) == 0);
    open_room_set(&r, grid, five);
    il_run_outcome o = run_first(&r);
    cr_expect(!o.trained && strstr(o.failure.message, "finished.safetensors") &&
                  strstr(o.failure.message, "remove it to restart the run"),
              "%s", o.failure.message);
    cr_assert_eq(unlink(kept.text), 0);
    cr_expect(run_first(&r).trained);
    close_room(&r);
}
