/* test_run.c - which cells a run leaves: none is replaced by another question's answer. */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include "base/sha256.h"
#include "support/lab.h"

TestSuite(run, .init = lab_open, .fini = lab_close);

static const char *const soft[] = { "mask_policy=soft", NULL }, *const any[] = { "mask_policy=any", NULL },
                         *const last[] = { "train.as_published=true", NULL }, *const batch[] = { "test_batch=1", NULL },
                         *const lists[] = { "test=[realfake, {split: validation}]", "train.recompute=true", NULL };

static il_run_outcome run_set(const char *grid, const char *const *set)
{
    struct room r = { 0 };
    open_room_set(&r, grid, set);
    il_run_outcome o = run_first(&r);
    cr_assert_eq(o.failure.code, IL_OK, "%s", o.failure.message);
    close_room(&r);
    return o;
}

Test(run, what_is_set_gets_cells_of_its_own)
{
    struct room r = { 0 };
    char grid[400];
    snprintf(grid, sizeof grid, "%s", lab_grid("sets", "", "axes: {seed: [7]}\n"));
    run_set(grid, NULL);
    run_set(grid, soft);
    run_set(grid, any);
    run_set(grid, last);
    cr_expect_not(run_set(grid, batch).trained);
    cr_expect_not(run_set(grid, lists).trained); /* other places of the same run */
    open_room(&r, grid);
    cr_expect_eq(look_at_first(&r, NULL), IL_JOB_DONE);
    assert_query(
        &r,
        "SELECT group_concat(run || ' ' || split || ' ' || mask_policy, ';') FROM (SELECT * FROM cells ORDER BY cell)",
        "seed=7 test full;seed=7,mask_policy=soft test soft;seed=7,mask_policy=any test any;"
        "seed=7,train.as_published=true test full;seed=7,test_batch=1 test full;seed=7 validation full");
    assert_query(&r, "SELECT count(*) FROM cells WHERE iou IS NULL", "0");
    assert_query(&r, "SELECT count(DISTINCT run_hash) FROM cells", "4");
    close_room(&r);
}

/* Side and stride are another way to write tile and overlap: the test is the same one. */
Test(run, windows_by_side_and_stride_are_those_by_tile_and_overlap)
{
    struct room r = { 0 };
    run_set(lab_grid("windows", "", "  tile: 32\n  overlap: 24\n"), NULL);
    open_room(&r, lab_grid("windows", "", "  test_window: {side: 32, stride: 8}\n"));
    cr_expect_eq(look_at_first(&r, NULL), IL_JOB_DONE);
    assert_query(&r, "SELECT fit || ' ' || tile || ' ' || overlap FROM tests", "native 32 24");
    close_room(&r);
    open_room(&r, lab_grid("windows", "", "  test_window: {side: 32, stride: 16}\n"));
    cr_expect_eq(look_at_first(&r, NULL), IL_JOB_RESUME);
    close_room(&r);
}

/* Masks of which a ring is grey: policies differ in whether it counts. */
static void grey_ring(void)
{
    for (int number = 20; number < 23; number++) {
        char name[40];
        il_image mask = { 0 };
        il_err e = { 0 };
        snprintf(name, sizeof name, "data/test/p%02d.mask.png", number);
        LAB_OK(il_image_read(&mask, lab_path(name), &e), e);
        for (int i = 0; i < mask.width * mask.height; i++)
            if (mask.pixels[i * mask.channels] && i % mask.width % 12 == 0)
                memset(mask.pixels + i * mask.channels, 100, (size_t)mask.channels);
        LAB_OK(il_image_write(&mask, lab_path(name), &e), e);
        il_image_free(&mask);
    }
}

static const char truth[] =
    "SELECT sum(tp + fn) FROM images JOIN cells USING (test) WHERE degradation IS NULL AND tested_on = ";

static void assert_truth(struct room *r, const char *tested_on, const char *pixels)
{
    char sql[300];
    snprintf(sql, sizeof sql, "%s'%s'", truth, tested_on);
    assert_query(r, sql, pixels);
}

/* Trained by one policy, judged by another; the training is the same, and so are older tests. */
Test(run, a_test_may_have_a_mask_policy_of_its_own)
{
    struct room r = { 0 };
    char why[400];
    grey_ring();
    run_set(lab_grid("judged", "", "  test: [realfake]\n"), any);
    const char *grid = lab_grid(
        "judged", "",
        "  test: [realfake, {mask_policy: full}, {mask_policy: any},\n"
        "    {mask_policy: {name: threshold, level: 255, label: all}, degrade: [{name: jpeg, levels: [90]}]}]\n");
    open_room_set(&r, grid, any);
    cr_expect_eq(look_at_first(&r, why), IL_JOB_RESUME);
    cr_expect_str_eq(why, "trained; 3 of 5 tests remain"); /* `any` is the run's own */
    il_run_outcome o = run_first(&r);
    cr_expect(!o.trained && o.failure.code == IL_OK, "%s", o.failure.message);
    cr_expect_eq(o.tested, 2); /* `all` is `full` in other words */
    cr_expect_eq(look_at_first(&r, NULL), IL_JOB_DONE);
    assert_truth(&r, "realfake", "1728"); /* 3 squares of 24 x 24 */
    assert_truth(&r, "realfake by any", "1728");
    assert_truth(&r, "realfake by full", "1584"); /* less 2 columns of 24 in each */
    assert_truth(&r, "realfake by all", "1584");
    assert_query(&r, "SELECT count(DISTINCT test) FROM cells", "3");
    assert_query(&r, "SELECT group_concat(DISTINCT mask_policy) FROM cells", "any");
    assert_query(&r,
                 "SELECT json_extract(settings, '$.mask_policy.name') FROM tests WHERE id = "
                 "(SELECT test FROM cells WHERE tested_on = 'realfake by full')",
                 "full");
    assert_query(
        &r, "SELECT json_extract(settings, '$.mask_policy.params.level') FROM tests WHERE degradation = 'jpeg'", "255");
    assert_query(&r, "SELECT settings FROM tests WHERE id = (SELECT test FROM cells WHERE tested_on = 'realfake')",
                 "NULL");
    assert_query(&r, "SELECT count(DISTINCT digest) FROM splits WHERE split = 'test'", "1");
    assert_query(&r,
                 "SELECT digest = (SELECT digest FROM splits WHERE split = 'test') FROM tests WHERE id = "
                 "(SELECT test FROM cells WHERE tested_on = 'realfake')",
                 "1");
    close_room(&r);
}

static il_job_path run_file(struct room *r, const char *name)
{
    il_err e = { 0 };
    il_job j = { 0 };
    LAB_OK(il_job_open(&j, &r->plan->runs[0], r->store, &e), e);
    il_job_path p = il_job_file(&j, r->opts.folder, name);
    il_job_close(&j);
    return p;
}

/* ---- what is measured is not lost ---- */

static const char shown[] =
    "SELECT group_concat(tested_on || ' ' || split || ' ' || status || ' ' || (iou IS NOT NULL), ';')"
    " FROM (SELECT * FROM cells ORDER BY cell)";

Test(run, a_run_that_cannot_see_its_data_leaves_what_was_measured)
{
    struct room r = { 0 };
    const char *grid = lab_grid("away", "", "  test: [realfake, {split: validation}]\n");
    run_set(grid, NULL);
    open_room(&r, grid);
    assert_query(&r, shown, "realfake test done 1;realfake validation done 1");

    cr_assert_eq(rename(lab_path("data/test"), lab_path("data/elsewhere")), 0);
    il_run_outcome o = run_first(&r);
    cr_expect(!o.trained && o.failed_tests == 1 && o.failure.code != IL_OK);
    assert_query(&r, shown, "realfake test done 1;realfake validation done 1");

    cr_assert_eq(rename(lab_path("data"), lab_path("gone")), 0);
    o = run_first(&r);
    cr_expect(!o.trained && o.failure.code != IL_OK);
    assert_query(&r, shown, "realfake test done 1;realfake validation done 1");
    assert_query(&r, "SELECT count(*) FROM runs", "1");
    assert_query(&r, "SELECT count(*) FROM tests", "2");
    close_room(&r);

    open_room(
        &r, lab_grid("away", ", weight_decay: 0.1", "  test: [realfake, {split: validation}]\n")); /* never measured */
    cr_expect(run_first(&r).failure.code != IL_OK);
    assert_query(&r, shown, "realfake test no data 0;realfake validation no data 0");
    close_room(&r);
    open_room(&r, lab_grid("away", "", "  test: [realfake, {split: validation}]\n"));

    cr_assert_eq(rename(lab_path("gone"), lab_path("data")), 0);
    cr_assert_eq(rename(lab_path("data/elsewhere"), lab_path("data/test")), 0);
    o = run_first(&r);
    cr_expect(!o.trained && !o.tested && o.failure.code == IL_OK, "%s", o.failure.message);
    assert_query(&r, shown, "realfake test done 1;realfake validation done 1");
    assert_query(&r, "SELECT count(*) FROM runs", "1");
    close_room(&r);
}

/* What `plan` tells and what `run` does follow from one state, whatever is missing. */
Test(run, plan_and_run_agree_on_what_is_left)
{
    struct room r = { 0 };
    char why[400];
    const char *grid = lab_grid("agree", "", "  test: [realfake, {split: validation}]\n");
    run_set(grid, NULL);
    open_room(&r, grid);
    cr_expect_eq(look_at_first(&r, why), IL_JOB_DONE);

    cr_assert_eq(rename(lab_path("data/test"), lab_path("data/elsewhere")), 0);
    cr_expect_eq(look_at_first(&r, why), IL_JOB_BLOCKED);
    cr_expect(strncmp(why, "trained; the data of 1 of 2 tests are missing: ", 39) == 0, "%s", why);
    cr_expect(!run_first(&r).trained);

    cr_assert_eq(unlink(run_file(&r, "weights.safetensors").text), 0);
    cr_expect_eq(look_at_first(&r, why), IL_JOB_BLOCKED, "%s", why);
    cr_expect(!run_first(&r).trained);
    close_room(&r);

    grid = lab_grid("agree", "", "  test: [realfake, {split: validation}, {split: train}]\n");
    open_room(&r, grid); /* one test can be measured: the weights are wanted */
    cr_expect_eq(look_at_first(&r, why), IL_JOB_TODO);
    cr_expect_str_eq(why, "trained, but its weights are missing, so it will be trained again; 1 of 3 tests remain");
    cr_expect(run_first(&r).trained);
    cr_expect_eq(look_at_first(&r, why), IL_JOB_BLOCKED, "%s", why);
    close_room(&r);
}

/* The same name, other settings, one test less. */
Test(run, one_name_never_shows_two_trainings)
{
    struct room r = { 0 };
    run_set(lab_grid("again", "", "  test: [realfake, {split: validation}]\n"), NULL);
    run_set(lab_grid("again", ", weight_decay: 0.1", "  test: [realfake]\n"), NULL);
    open_room(&r, lab_path("again.yaml"));
    assert_query(&r, shown, "realfake test done 1");
    assert_query(&r, "SELECT count(*) FROM runs", "2");
    assert_query(&r, "SELECT count(*) FROM tests", "3");
    close_room(&r);
}

/* ---- weights ---- */

Test(run, other_weights_in_the_place_of_its_own_are_not_tested)
{
    struct room r = { 0 };
    char name[60], why[400];
    il_digest own, other;
    il_err e = { 0 };
    const char *grid = lab_grid("swapped", "", "  test: [realfake]\n");
    run_set(grid, NULL);
    grid = lab_grid("swapped", "", "  test: [realfake, {split: validation}]\n");
    open_room(&r, grid);
    const il_job_path file = run_file(&r, "weights.safetensors");
    const char *path = file.text;
    LAB_OK(il_sha256_file(&own, path, &e), e);
    snprintf(name, sizeof name, "weights-%.8s.safetensors", own.hex);
    il_job_path aside = run_file(&r, name);

    cr_assert_eq(rename(path, aside.text), 0);
    cr_expect_eq(look_at_first(&r, why), IL_JOB_TODO);
    cr_expect_str_eq(why, "trained, but its weights are missing, so it will be trained again; 1 of 2 tests remain");
    FILE *f = fopen(path, "w");
    cr_assert(f != NULL);
    fputs("another training", f);
    fclose(f);
    cr_assert_eq(unlink(aside.text), 0);
    il_run_outcome o = run_first(&r);
    cr_expect(!o.trained && !o.tested);
    cr_expect(strstr(o.failure.message, "weights.safetensors: not the weights of this run, whose SHA-256 begins with"),
              "%s", o.failure.message);
    assert_query(&r, shown, "realfake test done 1");

    /* without the database's knowledge: trained anew, and the other file is kept */
    LAB_OK(il_sha256_file(&other, path, &e), e);
    close_room(&r);
    cr_assert_eq(unlink(lab_path("results.sqlite")), 0);
    open_room(&r, grid);
    o = run_first(&r);
    cr_expect(o.trained && o.failure.code == IL_OK, "%s", o.failure.message);
    snprintf(name, sizeof name, "weights-%.8s.safetensors", other.hex);
    aside = run_file(&r, name);
    cr_expect_eq(access(aside.text, F_OK), 0, "%s is lost", aside.text);

    /* its own, put aside by another database's run, are found */
    LAB_OK(il_sha256_file(&own, path, &e), e);
    snprintf(name, sizeof name, "weights-%.8s.safetensors", own.hex);
    aside = run_file(&r, name);
    close_room(&r);
    cr_assert_eq(rename(path, aside.text), 0);
    f = fopen(path, "w");
    cr_assert(f != NULL);
    fputs("another training", f);
    fclose(f);
    open_room(&r, lab_grid("swapped", "", "  test: [realfake, {split: validation}, {split: train}]\n"));
    o = run_first(&r);
    cr_expect(!o.trained && o.tested == 1 && o.failure.code == IL_OK, "%s", o.failure.message);
    close_room(&r);
}

/* `plan` looks whether a run is held, and holds it for that instant. */
Test(run, an_instant_of_another_lock_is_waited_for)
{
    struct room r = { 0 };
    const char *grid = lab_grid("held", "", "");
    run_set(grid, NULL);
    open_room(&r, grid);
    int fd = open(run_file(&r, "lock").text, O_RDONLY), ready[2];
    cr_assert(fd >= 0 && pipe(ready) == 0);
    pid_t child = fork();
    if (child == 0) {
        struct timespec pause = { .tv_nsec = 30 * 1000 * 1000 };
        _exit(flock(fd, LOCK_SH) != 0 || write(ready[1], "", 1) != 1 || nanosleep(&pause, NULL) != 0 ||
              flock(fd, LOCK_UN) != 0);
    }
    char byte;
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    cr_expect_not(run_first(&r).busy);
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect_eq(status, 0);
    close(fd);
    close_room(&r);
}
