/* runs.c - experiments, runs and epochs as rows. */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "store/expect.h"

#define NOW "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"

int il_store_experiment(int64_t *id, il_store *s, const char *name, const char *title, const char *path,
                        const char *source, il_err *e)
{
    il_bind values[] = { il_bind_text(name), il_bind_text(title), il_bind_text(path), il_bind_text(source), { 0 } };
    return il_store_exec(id, s,
                         "INSERT INTO experiments (name, title, path, source) VALUES (?1, ?2, ?3, ?4)"
                         " ON CONFLICT (name) DO UPDATE SET title = ?2, path = ?3, source = ?4, updated_at = " NOW
                         " RETURNING id",
                         values, e);
}

int il_store_find_run(il_run_row *row, il_store *s, const char *hash, il_err *e)
{
    il_run_row found = { .status = IL_RUN_NONE };
    sqlite3_stmt *statement = NULL;
    int more = 0;
    int rc = il_store_prepare(
        &statement, s,
        "SELECT id, status, hash, message, weights_sha256, (SELECT COUNT(*) FROM epochs WHERE run = runs.id) AS epochs, failures,"
        " (SELECT COUNT(*) FROM tests WHERE run = runs.id AND status = 'failed') AS failed FROM runs WHERE hash = ?1",
        e);
    if (!rc)
        rc = il_store_bind(s, statement, (il_bind[]){ il_bind_text(hash), { 0 } }, e);
    if (!rc)
        rc = il_store_step(&more, s, statement, e);
    if (!rc && more)
        rc = il_store_expect(s, statement,
                             "runs: id int, status text, hash text, message text?, weights_sha256 text?, epochs small,"
                             " failures small, failed small",
                             1, e);
    if (!rc && more) {
        found.id = sqlite3_column_int64(statement, 0);
        found.status = il_store_status((const char *)sqlite3_column_text(statement, 1));
        il_store_text(found.hash, sizeof found.hash, statement, 2);
        il_store_text(found.message, sizeof found.message, statement, 3);
        il_store_text(found.weights_sha256, sizeof found.weights_sha256, statement, 4);
        found.epochs = sqlite3_column_int(statement, 5);
        found.failures = sqlite3_column_int(statement, 6);
        found.failed_tests = sqlite3_column_int(statement, 7);
    }
    sqlite3_finalize(statement);
    if (!rc)
        *row = found;
    return rc;
}

static int copy_column(char **out, sqlite3_stmt *statement, int column, il_err *e)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    *out = il_text_copy(text ? text : "{}");
    return *out ? IL_OK : il_fail_oom(e);
}

int il_store_run_versions(char **versions, il_store *s, const char *hash, il_err *e)
{
    sqlite3_stmt *statement = NULL;
    int more = 0;
    char *text = NULL;
    int rc = il_store_prepare(&statement, s,
                              "SELECT versions FROM runs WHERE hash = ?1 AND versions IS NOT NULL"
                              " AND (status <> 'failed' OR EXISTS (SELECT 1 FROM epochs WHERE run = runs.id))",
                              e);
    if (!rc)
        rc = il_store_bind(s, statement, (il_bind[]){ il_bind_text(hash), { 0 } }, e);
    if (!rc)
        rc = il_store_step(&more, s, statement, e);
    if (!rc && more)
        rc = il_store_expect(s, statement, "runs: versions text", 1, e);
    if (!rc && more)
        rc = copy_column(&text, statement, 0, e);
    sqlite3_finalize(statement);
    if (!rc)
        *versions = text;
    return rc;
}

int il_store_find_stale(char **config, char **manifest, il_store *s, const char *experiment, const char *name,
                        const char *hash, il_err *e)
{
    sqlite3_stmt *statement = NULL;
    char *first = NULL, *second = NULL;
    int more = 0;
    int rc = il_store_prepare(
        &statement, s,
        "SELECT r.config, r.manifest FROM experiments x JOIN experiment_runs n ON n.experiment = x.id"
        " JOIN runs r ON r.id = n.run WHERE x.name = ?1 AND n.name = ?2 AND r.hash <> ?3 AND r.manifest IS NOT '{}'"
        " ORDER BY r.started_at DESC, r.id DESC LIMIT 1",
        e);
    if (!rc)
        rc = il_store_bind(s, statement,
                           (il_bind[]){ il_bind_text(experiment), il_bind_text(name), il_bind_text(hash), { 0 } }, e);
    if (!rc)
        rc = il_store_step(&more, s, statement, e);
    if (!rc && more)
        rc = il_store_expect(s, statement, "runs: config text, manifest text?", 1, e);
    if (!rc && more)
        rc = copy_column(&first, statement, 0, e);
    if (!rc && more)
        rc = copy_column(&second, statement, 1, e);
    sqlite3_finalize(statement);
    if (rc) {
        free(first);
        return rc;
    }
    *config = first;
    *manifest = second;
    return IL_OK;
}

int il_store_name_run(il_store *s, int64_t experiment, const char *name, int64_t run, il_err *e)
{
    return il_store_exec(NULL, s, "INSERT OR IGNORE INTO experiment_runs (experiment, name, run) VALUES (?1, ?2, ?3)",
                         (il_bind[]){ il_bind_int(experiment), il_bind_text(name), il_bind_int(run), { 0 } }, e);
}

static int put_run(int64_t *id, il_store *s, const il_run_record *r, il_err *e)
{
    il_bind values[] = { il_bind_text(r->hash),         il_bind_text(r->name),
                         il_bind_text(r->config),       il_bind_text(r->manifest),
                         il_bind_int((int64_t)r->seed), il_bind_text(r->model),
                         il_bind_text(r->model_params), il_bind_int(r->parameters),
                         il_bind_text(r->dataset),      il_bind_text(r->mask_policy),
                         il_bind_text(r->loss),         il_bind_text(r->trained_on),
                         il_bind_text(r->versions),     il_bind_text(r->host),
                         il_bind_text(r->device),       il_bind_text(r->git_revision),
                         il_bind_int(r->threads),       il_bind_text(r->parent),
                         il_bind_int(r->resumed),       il_bind_text(r->processor),
                         il_bind_int(r->ranks),         { 0 } };
    return il_store_exec(
        id, s,
        "INSERT INTO runs (hash, name, config, manifest, seed, model, model_params, parameters, dataset, mask_policy,"
        " loss, trained_on, versions, host, device, git_revision, threads, parent, processor, ranks, status, started_at)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?20, NULLIF(?21, 0),"
        " 'running', " NOW ")"
        " ON CONFLICT (hash) DO UPDATE SET name = ?2, versions = ?13, host = ?14, device = ?15, git_revision = ?16,"
        " threads = ?17, parent = CASE WHEN ?19 THEN parent ELSE ?18 END, processor = ?20, ranks = NULLIF(?21, 0),"
        " status = 'running', message = NULL, started_at = " NOW ", ended_at = NULL"
        " RETURNING id",
        values, e);
}

int il_store_begin_run(int64_t *id, il_store *s, const il_run_record *r, il_err *e)
{
    if (r->seed > INT64_MAX)
        return il_fail(e, IL_EPARAM, "seed: %llu is out of range; expected at most 9223372036854775807",
                       (unsigned long long)r->seed);
    int64_t run = 0;
    int rc = il_store_begin(s, e);
    if (rc)
        return rc;
    rc = put_run(&run, s, r, e);
    if (!rc && r->experiment)
        rc = il_store_name_run(s, r->experiment, r->name, run, e);
    rc = il_store_end(s, rc, e);
    if (!rc)
        *id = run;
    return rc;
}

static int put_epochs(il_store *s, int64_t run, const il_epoch_row *rows, size_t count, il_err *e)
{
    sqlite3_stmt *insert = NULL;
    int more = 0;
    int rc = il_store_prepare(
        &insert, s,
        "INSERT OR REPLACE INTO epochs (run, epoch, train_loss, train_iou, validation_loss, validation_iou, seconds,"
        " images_per_second, marked) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        e);
    for (size_t i = 0; !rc && i < count; i++) {
        const il_epoch_row *r = &rows[i];
        il_bind values[] = { il_bind_int(run),
                             il_bind_int(r->epoch),
                             il_bind_real(r->train_loss),
                             il_bind_real(r->train_iou),
                             il_bind_real(r->validation_loss),
                             il_bind_real(r->validation_iou),
                             il_bind_real(r->seconds),
                             il_bind_real(r->images_per_second),
                             il_bind_real(r->marked),
                             { 0 } };
        rc = il_store_bind(s, insert, values, e);
        if (!rc)
            rc = il_store_step(&more, s, insert, e);
    }
    sqlite3_finalize(insert);
    return rc;
}

int il_store_epochs(il_store *s, int64_t run, const il_epoch_row *rows, size_t count, il_err *e)
{
    int rc = il_store_begin(s, e);
    if (rc)
        return rc;
    /* Epochs stored after the last checkpoint are computed again. */
    int64_t last = count ? rows[count - 1].epoch : 0;
    rc = il_store_exec(NULL, s, "DELETE FROM epochs WHERE run = ?1 AND epoch > ?2",
                       (il_bind[]){ il_bind_int(run), il_bind_int(last), { 0 } }, e);
    if (!rc)
        rc = put_epochs(s, run, rows, count, e);
    return il_store_end(s, rc, e);
}

int il_store_end_run(il_store *s, int64_t run, const il_run_end *end, il_err *e)
{
    il_bind values[] = { il_bind_int(run),
                         il_bind_text(il_store_status_name(end->status)),
                         il_bind_text(end->message),
                         il_bind_int(end->best_epoch),
                         il_bind_int(end->tested_epoch),
                         il_bind_int(end->stopped_early),
                         il_bind_int(end->collapse != IL_COLLAPSE_NONE),
                         il_bind_text(end->weights_path),
                         il_bind_text(end->weights_sha256),
                         il_bind_real(end->seconds),
                         il_bind_int(end->left_out),
                         il_bind_text(il_metrics_collapse_name(end->collapse)),
                         { 0 } };
    int64_t found = 0;
    int rc = il_store_exec(
        &found, s,
        "UPDATE runs SET status = ?2, message = ?3, best_epoch = NULLIF(?4, 0), tested_epoch = NULLIF(?5, 0),"
        " stopped_early = ?6, collapsed = ?7, weights_path = ?8, weights_sha256 = ?9, seconds = ?10, left_out = ?11,"
        " collapse = ?12,"
        " ended_at = " NOW " WHERE id = ?1 RETURNING id",
        values, e);
    if (!rc && !found)
        return il_fail(e, IL_EDB, "%s: run %lld is no longer in the database", s->path, (long long)run);
    return rc;
}

int il_store_count_failure(il_store *s, int64_t run, bool failed, il_err *e)
{
    return il_store_exec(NULL, s,
                         "UPDATE runs SET failures = CASE WHEN ?2 THEN failures + 1 ELSE 0 END"
                         " WHERE id = ?1 AND (?2 OR failures <> 0)",
                         (il_bind[]){ il_bind_int(run), il_bind_int(failed), { 0 } }, e);
}
