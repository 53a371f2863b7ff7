/* merge_check.c - reads every row of a shard once, before any of them is copied: it may come from a stranger. */
#include <string.h>
#include "store/expect.h"
#include "store/merge_parts.h"

/* What the target's schema demands; `hashes`: columns, numbered from 0, that are NULL or a SHA-256. */
static const struct {
    const char *sql, *expected;
    int hashes[2];
} tables[] = {
    { "SELECT id, hash, weights_sha256, name, config, manifest, seed, model, model_params, parameters, dataset, mask_policy,"
      " loss, trained_on, versions, host, device, git_revision, threads, status, message, created_at, started_at, ended_at,"
      " seconds, best_epoch, tested_epoch, stopped_early, collapsed, weights_path, left_out, collapse, processor, ranks,"
      " failures FROM runs",
      "runs: id int, hash text, weights_sha256 text?, name text, config text, manifest text?, seed int, model text,"
      " model_params text?, parameters int?, dataset text, mask_policy text, loss text, trained_on text, versions text?,"
      " host text?, device text?, git_revision text?, threads int?, status text, message text?, created_at text,"
      " started_at text, ended_at text?, seconds real?, best_epoch int?, tested_epoch int?, stopped_early int,"
      " collapsed int, weights_path text?, left_out int, collapse text?, processor text?, ranks int?, failures count",
      { 1, 2 } },
    { "SELECT id, name, title, path, source, created_at, updated_at FROM experiments",
      "experiments: id int, name text, title text?, path text?, source text?, created_at text, updated_at text",
      { -1, -1 } },
    { "SELECT experiment, name, run FROM experiment_runs",
      "experiment_runs: experiment int, name text, run int",
      { -1, -1 } },
    { "SELECT run, epoch, train_loss, train_iou, validation_loss, validation_iou, seconds, images_per_second, marked"
      " FROM epochs",
      "epochs: run int, epoch count, train_loss loss?, train_iou real?, validation_loss loss?, validation_iou real?,"
      " seconds real?, images_per_second real?, marked real?",
      { -1, -1 } },
    { "SELECT id, run, dataset, images, split, digest, batch, status, message, seconds, left_out, finished_at, degradation,"
      " level, settings, fit, tile, overlap, padding, no_truth, no_truth_example, leaked, leaked_example, bins FROM tests",
      "tests: id int, run int, dataset text, images text, split text, digest text, batch count, status text, message text?,"
      " seconds real?, left_out int, finished_at text, degradation text?, level real?, settings text?, fit text?, tile int?,"
      " overlap int?, padding text?, no_truth int?, no_truth_example text?, leaked int?, leaked_example text?, bins text?",
      { -1, -1 } },
    { "SELECT test, id, batch, tp, fp, fn, tn, photo FROM images",
      "images: test int, id text, batch count, tp count, fp count, fn count, tn count, photo text?",
      { -1, -1 } },
    { "SELECT test, id, tampered, clean FROM scores",
      "scores: test int, id text, tampered blob, clean blob",
      { -1, -1 } },
    { "SELECT test, id, rank, photo, truth, score, iou FROM examples",
      "examples: test int, id text, rank text, photo blob, truth blob, score blob, iou real",
      { -1, -1 } },
    { "SELECT test, images, defined, tp, fp, fn, tn, authentic, false_alarms, authentic_fp, authentic_tn FROM test_sums",
      "test_sums: test int, images count, defined count, tp count, fp count, fn count, tn count, authentic count,"
      " false_alarms count, authentic_fp count, authentic_tn count",
      { -1, -1 } },
    { "SELECT test, convention, metric, value, revision FROM test_metrics",
      "test_metrics: test int, convention text, metric text, value real?, revision count",
      { -1, -1 } },
    { "SELECT id, experiment, run_name, run, test, model, dataset, mask_policy, loss, trained_on, tested_dataset, tested_on,"
      " split, published_table, degradation, level FROM experiment_cells",
      "experiment_cells: id int, experiment int, run_name text, run int, test int?, model text, dataset text,"
      " mask_policy text, loss text, trained_on text, tested_dataset text, tested_on text, split text,"
      " published_table text?, degradation text?, level real?",
      { -1, -1 } },
    { "SELECT dataset, images, split, count, left_out, digest, seen_at FROM splits",
      "splits: dataset text, images text, split text, count count, left_out int, digest text?, seen_at text",
      { -1, -1 } },
};

static int check_hashes(il_store *s, sqlite3_stmt *statement, const int columns[2], il_err *e)
{
    for (int i = 0; i < 2; i++) {
        if (columns[i] < 0 || sqlite3_column_type(statement, columns[i]) == SQLITE_NULL)
            continue;
        const char *text = (const char *)sqlite3_column_text(statement, columns[i]);
        if (!text)
            return il_fail_oom(e);
        if (!il_run_files_is_hash(text))
            return il_fail(
                e, IL_EDB, "%s: table runs, id %lld: column %s is not a SHA-256; expected 64 hexadecimal digits",
                s->path, (long long)sqlite3_column_int64(statement, 0), sqlite3_column_name(statement, columns[i]));
    }
    return IL_OK;
}

static int check_table(il_store *s, size_t table, il_err *e)
{
    sqlite3_stmt *statement = NULL;
    int more = 0, rc = il_store_prepare(&statement, s, tables[table].sql, e);
    for (size_t row = 1; !rc && (rc = il_store_step(&more, s, statement, e)) == IL_OK && more; row++) {
        rc = il_store_expect(s, statement, tables[table].expected, row, e);
        if (!rc)
            rc = check_hashes(s, statement, tables[table].hashes, e);
    }
    sqlite3_finalize(statement);
    return rc;
}

int il_merge_check(il_store *shard, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; i < sizeof tables / sizeof *tables && !rc; i++)
        rc = check_table(shard, i, e);
    return rc;
}
