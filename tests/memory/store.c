/* store.c - databases that are made, migrated, filled and asked, with our own allocations failing and with SQLite's. */
#include <math.h>
#include "base/atomic_file.h"
#include "base/sha256.h"
#include "memory/failing.h"
#include "store/merge.h"
#include "store/prune.h"
#include "store/run_files.h"
#include "support/results.h"

/* Rows that two runs have in common: no times, no ids that a repetition would raise. */
static int show(FILE *out, il_store *s, const char *sql, const char *const *args, il_err *e)
{
    il_rows rows = { 0 };
    int rc = il_store_query(&rows, s, sql, args, e);
    for (size_t i = 0; !rc && i < rows.count * rows.columns; i++)
        fprintf(out, "%s%s", rows.values[i] ? rows.values[i] : "NULL", (i + 1) % rows.columns ? "|" : "\n");
    for (size_t i = 0; !rc && i < rows.columns; i++)
        fprintf(out, "%s %d\n", rows.names[i], rows.numeric[i]);
    il_store_rows_free(&rows);
    return rc;
}

/* ---- opening ---- */

static int create(const char *folder, FILE *out, il_err *e)
{
    il_store *s = NULL;
    int rc = il_store_open(&s, failing_path(folder, "sub/r.sqlite"), e);
    if (!rc)
        rc = show(out, s,
                  "SELECT user_version, (SELECT COUNT(*) FROM published), (SELECT SUM(count) FROM published_splits)"
                  " FROM pragma_user_version",
                  NULL, e);
    il_store_close(s);
    s = NULL;
    if (!rc)
        rc = il_store_open_readonly(&s, failing_path(folder, "sub/r.sqlite"), e);
    if (!rc)
        rc = show(out, s, "SELECT COUNT(*) FROM sqlite_schema", NULL, e);
    il_store_close(s);
    return rc;
}

static void prepare_old(const char *folder)
{
    sqlite3 *db = NULL;
    cr_assert_eq(sqlite3_open(failing_path(folder, "r.sqlite"), &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, il_store_migrations().texts[0], NULL, NULL, NULL), SQLITE_OK);
    cr_assert_eq(
        sqlite3_exec(
            db,
            "PRAGMA application_id = 1229742434; PRAGMA user_version = 1;"
            "INSERT INTO runs (id, hash, name, config, seed, model, dataset, mask_policy, loss, trained_on, status, started_at)"
            " VALUES (1, 'h', 'n', '{}', 1, 'fcn', 'd', 'full', 'bce', 'realfake', 'done', 'now');"
            "INSERT INTO tests VALUES (1, 1, 'd', 'realfake', 'test', 'x', 2, 'done', NULL, 1, 0, 'now');"
            "INSERT INTO images VALUES (1, 'a', 0, 1, 1, 2, 4), (1, 'b', 0, 5, 1, 0, 9)",
            NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
}

/* Whatever becomes of the migration, the file is version 1 or the newest one, with all its rows. */
static int migrate(const char *folder, FILE *out, il_err *e)
{
    il_store *s = NULL;
    int rc = il_store_open(&s, failing_path(folder, "r.sqlite"), e);
    if (!rc)
        rc = show(out, s,
                  "SELECT user_version, (SELECT COUNT(*) FROM images), (SELECT SUM(tp) FROM test_sums),"
                  " (SELECT group_concat(metric || ' ' || round(value, 6)) FROM test_metrics) FROM pragma_user_version",
                  NULL, e);
    il_store_close(s);
    return rc;
}

/* ---- rows ---- */

static void prepare(const char *folder)
{
    il_store *s = NULL;
    GOOD(il_store_open(&s, failing_path(folder, "r.sqlite"), &e));
    il_store_close(s);
}

static int put_test_rows(il_store *s, int64_t run, il_err *e)
{
    unsigned char histogram[] = { 1, 2, 3 };
    il_example examples[2] = { { .id = (char[]){ "a" },
                                 .rank = IL_BEST,
                                 .iou = 0.5,
                                 .photo = { histogram, 3 },
                                 .truth = { histogram, 2 },
                                 .score = { histogram, 1 } },
                               { .id = (char[]){ "b" },
                                 .rank = IL_WORST,
                                 .iou = 0.25,
                                 .photo = { histogram, 3 },
                                 .truth = { histogram, 2 },
                                 .score = { histogram, 1 } } };
    il_test_record t = { .dataset = "dataset2",
                         .images = "realfake",
                         .split = "test",
                         .digest = "digest",
                         .batch = 1,
                         .status = IL_RUN_DONE,
                         .seconds = 1.5,
                         .degradation = "jpeg",
                         .level = 90,
                         .settings = "{}" };
    il_image_row rows[] = { { "a", 0, { 50, 25, 25, 0 } }, { "b", 1, { 70, 25, 25, 0 } }, { "c", 2, { 0, 0, 0, 9 } } };
    int64_t id = 0;
    int rc = il_store_test(&id, s, run, &t, rows, 3, e);
    if (!rc)
        rc = il_store_put_examples(s, id, examples, 2, e);
    if (!rc)
        rc = il_store_rebuild_metrics(s, 0, e);
    return rc;
}

static int put_rows(il_store *s, il_err *e)
{
    static const il_epoch_row epochs[] = { { 1, 0.5, 0.4, 0.6, 0.3, 2, 10, 0 },
                                           { 2, 0.4, 0.5, 0.5, NAN, 2, 10, 0.25 } };
    il_run_record r = run_record("hash", "name", "fcn", "realfake");
    int64_t run = 0, test = 0;
    int rc = il_store_experiment(&r.experiment, s, "grid", "a title", "grid.yaml", "model: fcn", e);
    if (!rc)
        rc = il_store_begin_run(&run, s, &r, e);
    if (!rc)
        rc = il_store_epochs(s, run, epochs, 2, e);
    il_run_end end = { .status = IL_RUN_DONE,
                       .best_epoch = 2,
                       .tested_epoch = 2,
                       .weights_path = "w",
                       .weights_sha256 = "abc",
                       .seconds = 4,
                       .message = "a message" };
    if (!rc)
        rc = il_store_end_run(s, run, &end, e);
    if (!rc)
        rc = put_test_rows(s, run, e);
    if (!rc)
        rc = il_store_find_test(&test, s, run, "digest", "test", 1, e);
    il_cell_record c = { .experiment = r.experiment,
                         .run = run,
                         .test = test,
                         .run_name = "name",
                         .model = "fcn",
                         .dataset = "dataset2",
                         .mask_policy = "full",
                         .loss = "focal",
                         .trained_on = "realfake",
                         .tested_dataset = "dataset2",
                         .tested_on = "realfake",
                         .split = "test",
                         .published_table = "4",
                         .degradation = "jpeg",
                         .level = 90 };
    if (!rc)
        rc = il_store_cell(s, &c, e);
    if (!rc)
        rc = il_store_split(s, "dataset2", "realfake", "train", 7, 1, "digest", e);
    return rc ? rc : il_store_settle(s, r.experiment, "name", run, e);
}

static int read_back(FILE *out, il_store *s, il_err *e)
{
    il_example examples[IL_RANKS];
    il_run_row row = { 0 };
    size_t count = 0;
    bool found = false;
    il_file_facts facts = { 0 };
    char *config = NULL, *manifest = NULL;
    int64_t test = 0;
    int rc = il_store_find_run(&row, s, "hash", e);
    if (!rc)
        rc = il_store_find_test(&test, s, row.id, "digest", "test", 1, e);
    if (!rc)
        rc = il_store_find_stale(&config, &manifest, s, "grid", "name", "another", e);
    if (!rc)
        fprintf(out, "%d|%d|%s|%s|%s|%s\n", row.status, row.epochs, row.message, row.weights_sha256, config, manifest);
    free(config);
    free(manifest);
    if (!rc)
        rc = il_store_examples(examples, &count, s, test, e);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s %s %g %zu %zu %zu\n", examples[i].id, il_store_rank(examples[i].rank), examples[i].iou,
                examples[i].photo.size, examples[i].truth.size, examples[i].score.size);
    il_store_examples_free(examples, count);
    if (!rc)
        rc = il_store_put_file_facts(s, "a/path", 7, 8, &(il_file_facts){ "ff", 4, 3, "" }, e);
    if (!rc)
        rc = il_store_file_facts(&found, &facts, s, "a/path", 7, 8, e);
    if (!rc)
        fprintf(out, "%d %s\n", found, facts.sha256);
    return rc;
}

static int fill(const char *folder, FILE *out, il_err *e)
{
    static const char *const args[] = { "grid", NULL };
    il_store *s = NULL;
    int rc = il_store_open(&s, failing_path(folder, "r.sqlite"), e);
    if (!rc)
        rc = put_rows(s, e);
    if (!rc)
        rc = read_back(out, s, e);
    if (!rc)
        rc = show(
            out, s,
            "SELECT experiment, model, tested_on, round(iou, 6), images, x'0102' FROM cells WHERE experiment = ?1",
            args, e);
    if (!rc)
        rc = show(out, s, "SELECT convention, metric, round(value, 6) FROM metrics ORDER BY 1, 2", NULL, e);
    if (!rc)
        rc = show(out, s, "SELECT epoch, train_loss, validation_iou FROM epochs", NULL, e);
    il_store_close(s);
    return rc;
}

/* Statistics in SQL, which have memory of their own. */
static int functions(const char *folder, FILE *out, il_err *e)
{
    static const char *const queries[] = {
        "WITH RECURSIVE n(i, x) AS (SELECT 1, 0.5 UNION ALL SELECT i + 1, (i * 37 % 101) / 100.0 FROM n WHERE i < 60)"
        " SELECT il_median(x), il_stdev(x), il_quantile(x, 0.9) FROM n",
        "SELECT il_iou(1, 2, 3), il_f1(1, 2, 3), il_mcc(1, 2, 3, 4)",
        "SELECT nothing_like_that(1)",
        "DELETE FROM runs",
    };
    il_store *s = NULL;
    int rc = il_store_open_readonly(&s, failing_path(folder, "r.sqlite"), e);
    for (size_t i = 0; !rc && i < sizeof queries / sizeof *queries; i++) {
        rc = show(out, s, queries[i], NULL, e);
        if (rc == IL_EPARAM) {
            fprintf(out, "%s\n", e->message);
            rc = IL_OK;
        }
    }
    il_store_close(s);
    return rc;
}

/* ---- joining ---- */

static void prepare_shard(const char *folder)
{
    il_store *s = NULL;
    const il_digest weights = il_sha256("weights", 7);
    char sql[300], hash[65];
    snprintf(hash, sizeof hash, "%064d", 7);
    GOOD(il_store_open(&s, failing_path(folder, "a/shard.sqlite"), &e));
    GOOD(put_rows(s, &e));
    snprintf(sql, sizeof sql, "DROP TRIGGER runs_new_weights; UPDATE runs SET hash = '%s', weights_sha256 = '%s'", hash,
             weights.hex);
    GOOD(il_store_script(s, sql, &e));
    il_store_close(s);
    il_run_path file = il_run_files_path(failing_path(folder, "a/runs"), hash, IL_RUN_WEIGHTS);
    GOOD(il_file_make_parents(file.text, &e));
    GOOD(il_atomic_file_write(file.text, "weights", 7, &e));
    prepare(folder);
}

static void tell(void *context, const char *line)
{
    fprintf(context, "%s\n", line);
}

static int merge(const char *folder, FILE *out, il_err *e)
{
    il_store *s = NULL;
    il_merge_source *shard = NULL;
    il_merge_sum sum = { 0 };
    il_prune_list stale = { 0 };
    int rc = il_store_open(&s, failing_path(folder, "r.sqlite"), e);
    if (!rc)
        rc = il_merge_source_open(&shard, failing_path(folder, "a/shard.sqlite"), e);
    if (!rc)
        rc = il_merge(&sum, s, shard, &(il_merge_opts){ .say = tell, .context = out }, e);
    if (!rc)
        rc = show(out, s,
                  "SELECT (SELECT COUNT(*) FROM runs), (SELECT COUNT(*) FROM epochs), (SELECT COUNT(*) FROM images),"
                  " (SELECT COUNT(*) FROM examples), (SELECT COUNT(*) FROM test_metrics), (SELECT COUNT(*) FROM cells)",
                  NULL, e);
    if (!rc)
        rc = il_store_script(s, "DELETE FROM experiment_cells; DELETE FROM experiment_runs", e);
    if (!rc)
        rc = il_prune_find(&stale, s, e);
    if (!rc)
        fprintf(out, "%zu stale\n", stale.count);
    il_prune_free(&stale);
    if (!rc) /* as it was before, for the repetition */
        rc = il_store_script(s, "DELETE FROM runs; DELETE FROM experiments", e);
    il_merge_source_close(shard);
    il_store_close(s);
    return rc;
}

int main(int count, char **words)
{
    static const struct scenario list[] = {
        { .name = "store created", .run = create, .changes = true },
        { .name = "store migrated", .run = migrate, .prepare = prepare_old, .changes = true },
        { .name = "store filled", .run = fill, .prepare = prepare, .changes = true },
        { .name = "store asked", .run = functions, .prepare = prepare },
        { .name = "store merged", .run = merge, .prepare = prepare_shard, .changes = true },
        { .name = "store merged, SQLite", .run = merge, .prepare = prepare_shard, .changes = true, .sqlite = true },
        { .name = "store migrated, SQLite", .run = migrate, .prepare = prepare_old, .changes = true, .sqlite = true },
        { .name = "store filled, SQLite", .run = fill, .prepare = prepare, .changes = true, .sqlite = true },
        { .name = "store asked, SQLite", .run = functions, .prepare = prepare, .sqlite = true },
    };
    return failing_run(list, sizeof list / sizeof *list, count > 1 ? words[1] : NULL);
}
