/* test_run.c - which cells a run leaves: none is replaced by another question's answer. */
#include "lab.h"

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
    assert_query(&r, "SELECT group_concat(run || ' ' || split || ' ' || mask_policy, ';') FROM (SELECT * FROM cells ORDER BY cell)",
                 "seed=7 test full;seed=7,mask_policy=soft test soft;seed=7,mask_policy=any test any;"
                 "seed=7,train.as_published=true test full;seed=7,test_batch=1 test full;seed=7 validation full");
    assert_query(&r, "SELECT count(*) FROM cells WHERE iou IS NULL", "0");
    assert_query(&r, "SELECT count(DISTINCT run_hash) FROM cells", "4");
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

static const char truth[] = "SELECT sum(tp + fn) FROM images JOIN cells USING (test) WHERE degradation IS NULL AND tested_on = ";

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
    const char *grid = lab_grid("judged", "", "  test: [realfake, {mask_policy: full}, {mask_policy: any},\n"
                                "    {mask_policy: {name: threshold, level: 255, label: all}, degrade: [{name: jpeg, levels: [90]}]}]\n");
    open_room_set(&r, grid, any);
    cr_expect_eq(look_at_first(&r, why), IL_JOB_RESUME);
    cr_expect_str_eq(why, "trained; 3 of 5 tests are left"); /* `any` is the run's own */
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
    assert_query(&r, "SELECT json_extract(settings, '$.mask_policy.name') FROM tests WHERE id = "
                     "(SELECT test FROM cells WHERE tested_on = 'realfake by full')", "full");
    assert_query(&r, "SELECT json_extract(settings, '$.mask_policy.params.level') FROM tests WHERE degradation = 'jpeg'", "255");
    assert_query(&r, "SELECT settings FROM tests WHERE id = (SELECT test FROM cells WHERE tested_on = 'realfake')", "NULL");
    assert_query(&r, "SELECT count(DISTINCT digest) FROM splits WHERE split = 'test'", "1");
    assert_query(&r, "SELECT digest = (SELECT digest FROM splits WHERE split = 'test') FROM tests WHERE id = "
                     "(SELECT test FROM cells WHERE tested_on = 'realfake')", "1");
    close_room(&r);
}
