/* test_test_only.c - `train: none`: weights from elsewhere are tested as they are. */
#include <inpaintlab/weights.h>
#include "base/sha256.h"
#include "support/lab.h"

TestSuite(test_only, .init = lab_open, .fini = lab_close);

/* Trains the lab's small model and puts its weights at NAME. */
static void make_weights(const char *name)
{
    struct room r = { 0 };
    il_err e = { 0 };
    il_job j = { 0 };
    char command[1200];
    open_room(&r, lab_grid("trained", "", "  test: [realfake]\n"));
    cr_assert(run_first(&r).trained);
    LAB_OK(il_job_open(&j, &r.plan->runs[0], r.store, &e), e);
    snprintf(command, sizeof command, "cp '%.400s' '%.400s'",
             il_job_file(&j, r.opts.folder, "weights.safetensors").text, lab_path(name));
    cr_assert_eq(system(command), 0);
    il_job_close(&j);
    close_room(&r);
}

static const char *given_grid(const char *name, const char *rest)
{
    char file[64];
    snprintf(file, sizeof file, "%s.yaml", name);
    const char *path = lab_path(file);
    FILE *f = fopen(path, "w");
    cr_assert(f != NULL);
    fprintf(f,
            "experiment: %s\nbase:\n  dataset: {name: dataset1, root: %s/data}\n"
            "  model: {name: unet, fine: 6, coarse: 8}\n  train: none\n  test_batch: 2\n%s",
            name, lab_folder, rest);
    fclose(f);
    return path;
}

static const char *tested_with(const char *name, const char *weights, const char *rest)
{
    char all[900];
    snprintf(all, sizeof all, "  weights: %s\n  test: [realfake]\n%s", lab_path(weights), rest);
    return given_grid(name, all);
}

/* The same cells as the run that trained them; no epochs, and none of a training's facts. */
Test(test_only, weights_measure_what_their_own_run_measured)
{
    struct room r = { 0 };
    char why[400];
    make_weights("a.safetensors");
    const char *grid = tested_with("given", "a.safetensors", "");
    open_room(&r, grid);
    cr_expect_eq(look_at_first(&r, why), IL_JOB_TODO, "%s", why);
    il_run_outcome o = run_first(&r);
    cr_assert_eq(o.failure.code, IL_OK, "%s", o.failure.message);
    cr_expect(!o.trained && o.tested == 1);
    cr_expect_eq(look_at_first(&r, why), IL_JOB_DONE);
    o = run_first(&r);
    cr_expect(!o.trained && !o.tested);
    assert_query(&r, "SELECT count(DISTINCT iou) || ' ' || count(DISTINCT iou_pooled) || ' ' || count(*) FROM cells",
                 "1 1 2");
    assert_query(
        &r, "SELECT trained_on || '|' || dataset || '|' || loss || '|' || status FROM cells WHERE experiment = 'given'",
        "a.safetensors|||done");
    assert_query(&r, "SELECT count(*) FROM epochs WHERE run = (SELECT max(id) FROM runs)", "0");
    assert_query(&r,
                 "SELECT count(best_epoch) + count(tested_epoch) + count(seconds) + stopped_early + collapsed FROM runs"
                 " WHERE name = 'given'",
                 "0");
    assert_query(
        &r, "SELECT config FROM runs WHERE name = 'given'",
        "{\"mask_policy\":{\"name\":\"full\",\"params\":{},\"revision\":1},\"missing\":\"refuse\",\"model\":{\"name\":"
        "\"unet\",\"params\":{\"coarse\":8,\"fine\":6,\"level\":\"8\",\"residual\":true},\"revision\":1},"
        "\"train\":\"none\"}");
    assert_query(&r, "SELECT group_concat(COALESCE(leaked, 'unknown'), ',') FROM tests", "0,unknown");
    assert_query(&r, "SELECT json_extract(versions, '$.dataset') IS NULL FROM runs WHERE name = 'given'", "1");
    close_room(&r);
}

/* The file's contents are the identity, not its name; a copy of them is kept. */
Test(test_only, contents_are_the_identity)
{
    struct room r = { 0 };
    char command[1000], why[400];
    make_weights("a.safetensors");
    snprintf(command, sizeof command, "cp '%s' '%s'", lab_path("a.safetensors"), lab_path("b.safetensors"));
    cr_assert_eq(system(command), 0);
    open_room(&r, tested_with("given", "a.safetensors", ""));
    run_first(&r);
    close_room(&r);
    open_room(&r, tested_with("given", "b.safetensors", ""));
    cr_expect_eq(look_at_first(&r, NULL), IL_JOB_DONE);
    close_room(&r);
    cr_assert_eq(rename(lab_path("b.safetensors"), lab_path("gone")), 0);
    open_room(&r, tested_with("given", "b.safetensors", ""));
    cr_expect_eq(look_at_first(&r, why), IL_JOB_BLOCKED);
    cr_expect(strncmp(why, "weights: ", 9) == 0 && strstr(why, "b.safetensors"), "%s", why);
    cr_expect_neq(run_first(&r).failure.code, IL_OK);
    assert_query(&r, "SELECT count(*) FROM cells WHERE experiment = 'given' AND status = 'done'", "1");
    close_room(&r);
    open_room(&r, tested_with("given", "a.safetensors", "  missing: skip\n"));
    cr_expect_eq(look_at_first(&r, why), IL_JOB_STALE);
    cr_expect_str_eq(why, "changed since the last run: missing: \"refuse\" -> \"skip\"");
    close_room(&r);
}

/* Another test of the same weights: from the copy, without loading the file anew. */
Test(test_only, another_test_is_added)
{
    struct room r = { 0 };
    char why[400];
    make_weights("a.safetensors");
    open_room(&r, tested_with("given", "a.safetensors", ""));
    run_first(&r);
    close_room(&r);
    open_room(&r, tested_with("given", "a.safetensors", "  degrade: [{name: jpeg, levels: [90]}]\n"));
    cr_expect_eq(look_at_first(&r, why), IL_JOB_RESUME);
    cr_expect_str_eq(why, "tested; 1 of 2 tests remain");
    il_run_outcome o = run_first(&r);
    cr_expect(o.failure.code == IL_OK && o.tested == 1, "%s", o.failure.message);
    close_room(&r);
    open_room(&r, tested_with("given", "a.safetensors", "  fit: resize\n  test_size: 32\n"));
    cr_expect_eq(look_at_first(&r, NULL), IL_JOB_RESUME); /* at another size */
    run_first(&r);
    assert_query(&r, "SELECT sum(tp + fp + fn + tn) FROM images WHERE test = (SELECT max(id) FROM tests)", "3072");
    close_room(&r);
    open_room(&r, tested_with("given", "a.safetensors", "  fit: resize\n  test_size: 40\n"));
    cr_expect_eq(look_at_first(&r, NULL), IL_JOB_RESUME);
    close_room(&r);
}

/* Without one of its tensors. */
static void drop_tensor(const char *to, const char *from, const char *name)
{
    il_err e = { 0 };
    il_bundle *all = NULL, *less = NULL;
    LAB_OK(il_bundle_read(&all, lab_path(from), &e), e);
    LAB_OK(il_bundle_new(&less, &e), e);
    for (size_t i = 0; i < il_bundle_count(all); i++)
        if (strcmp(il_bundle_name(all, i), name) != 0)
            LAB_OK(il_bundle_add(less, il_bundle_name(all, i), il_bundle_at(all, i), &e), e);
    LAB_OK(il_bundle_write(less, lab_path(to), &e), e);
    il_bundle_free(all);
    il_bundle_free(less);
}

Test(test_only, nothing_random_is_tested)
{
    struct room r = { 0 };
    make_weights("a.safetensors");
    drop_tensor("less.safetensors", "a.safetensors", "merge.1.bias");
    open_room(&r, tested_with("given", "less.safetensors", ""));
    il_run_outcome o = run_first(&r);
    cr_expect(!o.tested && strstr(o.failure.message, "less.safetensors: tensor merge.1.bias is missing"), "%s",
              o.failure.message);
    assert_query(&r, "SELECT status FROM cells WHERE experiment = 'given'", "failed");
    close_room(&r);
    open_room(&r, given_grid("own", "  test: [realfake]\n"));
    o = run_first(&r);
    cr_expect_str_eq(o.failure.message,
                     "model unet: tensor fine0.0.weight has a random initial value; 'train: none' needs"
                     " 'weights', the file to test");
    close_room(&r);
}

/* A module brings its own weights: nothing else is needed, and its file is the identity. */
Test(test_only, a_model_may_bring_its_own)
{
    struct room r = { 0 };
    char grid[900];
    FILE *f = fopen(lab_path("module.yaml"), "w");
    cr_assert(f != NULL);
    fprintf(
        f,
        "experiment: module\nbase:\n  dataset: {name: dataset1, root: %s/data}\n"
        "  model: {name: torchscript, file: %s/oracle/script.pt, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]}\n"
        "  train: none\n  test: [realfake]\n",
        lab_folder, TEST_DATA);
    fclose(f);
    snprintf(grid, sizeof grid, "%s", lab_path("module.yaml"));
    open_room(&r, grid);
    il_run_outcome o = run_first(&r);
    cr_assert(o.failure.code == IL_OK && o.tested == 1, "%s", o.failure.message);
    assert_query(&r, "SELECT trained_on || ' ' || status FROM cells", "its own done");
    assert_query(&r, "SELECT json_type(manifest, '$.files.\"model.file\"') FROM runs", "text");
    assert_query(&r, "SELECT json_extract(config, '$.model.params.mean') FROM runs", "0.485, 0.456, 0.406");
    close_room(&r);
}
