/* database.c - rows of a database from elsewhere, through all that reads them: reports in every format, comparisons, exports, merging,
 * the choice of a detector, what a run finds of itself, and the migration of older ones. The input changes values of a small database whose tables promise nothing: no NOT NULL, no keys,
 * hardly a type. The first byte says which of them, 0: all but the migration.
 * Each change is: table, column, row, kind of value, value. */
#include <dirent.h>
#include <sqlite3.h>
#include "detect/select_run.h"
#include "fuzz.h"
#include "plan.h"
#include "report/compare_print.h"
#include "report/export.h"
#include "report/report.h"
#include "store/database.h"
#include "store/merge.h"
#include "train/builds.h"
#include "train/job_state.h"

enum { MOST_TABLES = 32, MOST_CHANGES = 64, PATH = 256 };

/* ---- the database ---- */

static const char rows[] =
    "INSERT INTO experiments (id, name, title) VALUES (1, 'x', 'X'), (2, 'y', NULL);"
    "INSERT INTO runs (id, hash, name, config, manifest, seed, model, dataset, mask_policy, loss, trained_on, versions, status,"
    " started_at, weights_path, weights_sha256, best_epoch, tested_epoch) SELECT value, printf('%064d', value), 'run' || value,"
    " '{\"train\": {\"epochs\": ' || value || '}, \"mask_policy\": {\"name\": \"full\"}}',"
    " '{\"train\": {\"digest\": \"d\", \"images\": 2, \"left_out\": 0}}', value % 2, iif(value = 3, 'unet', 'FCN'), 'dataset1',"
    " 'full', 'bce', 'realfake', '{\"inpaintlab\": \"0.1.0\"}', 'done', '2026-01-01T00:00:00Z', 'w', printf('%064d', 9), 1, 2"
    " FROM json_each('[1, 2, 3]');"
    "INSERT INTO experiment_runs SELECT 1, name, id FROM runs;"
    "INSERT INTO epochs (run, epoch, train_loss, train_iou, validation_loss, validation_iou, seconds)"
    " SELECT runs.id, value, 1.0 / value, 0.1, 0.5, 0.2, 3 FROM runs, json_each('[1, 2]');"
    "INSERT INTO tests (id, run, dataset, images, split, digest, batch, status, seconds, finished_at, degradation, level)"
    " SELECT 2 * runs.id + value, runs.id, 'dataset1', 'realfake', 'test', 'x', 2, 'done', 1, 'now', iif(value, 'jpeg', NULL),"
    " iif(value, 50, NULL) FROM runs, json_each('[0, 1]');"
    "INSERT INTO images (test, id, batch, tp, fp, fn, tn, photo) SELECT t.id, 'p' || value, value / 2, value + t.run, 1,"
    " value % 3, 200, 'photo' || value FROM tests t, json_each('[0, 1, 2, 3]');"
    "INSERT INTO scores SELECT test, id, CAST(zeroblob(200) || x'03' || zeroblob(55) AS BLOB), CAST(x'05' || zeroblob(255) AS BLOB) FROM images;"
    "INSERT INTO experiment_cells (experiment, run_name, run, test, model, dataset, mask_policy, loss, trained_on,"
    " tested_dataset, tested_on, split, published_table, degradation, level) SELECT 1, r.name, r.id, t.id, r.model, r.dataset,"
    " r.mask_policy, r.loss, r.trained_on, t.dataset, t.images, t.split, iif(t.level, NULL, '3'), t.degradation, t.level"
    " FROM tests t JOIN runs r ON r.id = t.run;"
    "INSERT INTO examples VALUES (2, 'p1', 'best', x'00', x'89504e47', x'', 0.5);"
    "INSERT INTO splits VALUES ('dataset1', 'realfake', 'test', 4, 0, 'd', 'now');";

static char tables[MOST_TABLES][64];
static int ntables;

static void must(sqlite3 *db, const char *sql)
{
    char *why = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", sql, why ? why : "?");
        abort();
    }
}

/* Runs the SQL that each row of a query says. */
static int obey(void *db, int columns, char **values, char **names)
{
    (void)columns, (void)names;
    must(db, values[0]);
    return 0;
}

static int note_table(void *context, int columns, char **values, char **names)
{
    (void)context, (void)columns, (void)names;
    if (ntables < MOST_TABLES)
        snprintf(tables[ntables++], sizeof *tables, "%s", values[0]);
    return 0;
}

static sqlite3 *open_raw(const char *path)
{
    sqlite3 *db = NULL;
    if (sqlite3_open(path, &db) != SQLITE_OK)
        abort();
    must(db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
    return db;
}

/* The database with its metrics, then its rows in tables without promises, under the views that the program has. */
static void make(const char *strict, const char *loose)
{
    il_err e = { 0 };
    il_store *store = NULL;
    char sql[2 * PATH];
    if (il_store_open(&store, strict, &e) != IL_OK)
        abort();
    il_store_close(store);
    sqlite3 *db = open_raw(strict);
    must(db, rows);
    sqlite3_close(db);
    if (il_store_open(&store, strict, &e) != IL_OK || il_store_rebuild_metrics(store, 0, &e) != IL_OK)
        abort();
    il_store_close(store);
    db = open_raw(loose);
    snprintf(sql, sizeof sql, "ATTACH '%s' AS o; PRAGMA application_id = %d; PRAGMA user_version = %d", strict,
             IL_STORE_ID, il_store_migrations().count);
    must(db, sql);
    sqlite3_exec(db, "SELECT name FROM o.sqlite_schema WHERE type = 'table' ORDER BY name", note_table, NULL, NULL);
    static const char *const steps[] = {
        ("SELECT 'CREATE TABLE ' || t.name || ' (' || group_concat(c.name || iif(c.type = 'INTEGER', ' INT', '')) || ')'"
         " FROM o.sqlite_schema t, pragma_table_info(t.name, 'o') c WHERE t.type = 'table' GROUP BY t.name"),
        "SELECT 'INSERT INTO main.' || name || ' SELECT * FROM o.' || name FROM o.sqlite_schema WHERE type = 'table'",
        "SELECT sql FROM o.sqlite_schema WHERE type = 'view'",
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (sqlite3_exec(db, steps[i], obey, db, NULL) != SQLITE_OK) {
            fprintf(stderr, "%s: %s\n", steps[i], sqlite3_errmsg(db));
            abort();
        }
    sqlite3_close(db);
}

/* ---- changes ---- */

struct input {
    const uint8_t *at, *end;
};

static uint8_t next(struct input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

static size_t take(uint8_t *to, struct input *in, size_t size)
{
    size_t left = (size_t)(in->end - in->at), n = size < left ? size : left;
    memcpy(to, in->at, n);
    in->at += n;
    return n;
}

enum kind { NOTHING, WHOLE, SMALL, REAL, TEXT, BLOB, LONG, FEW, DOUBLE, DROP, VERSION, KINDS };

static void bind(sqlite3_stmt *s, enum kind kind, struct input *in)
{
    static uint8_t bytes[256];
    static char all[1 << 16];
    int64_t whole = 0;
    double real = 0;
    size_t size;
    switch (kind) {
    case WHOLE:
        take((uint8_t *)&whole, in, sizeof whole);
        sqlite3_bind_int64(s, 1, whole);
        break;
    case SMALL: sqlite3_bind_int(s, 1, (int8_t)next(in)); break;
    case REAL:
        take((uint8_t *)&real, in, sizeof real);
        sqlite3_bind_double(s, 1, real);
        break;
    case TEXT:
        size = take(bytes, in, next(in));
        sqlite3_bind_text(s, 1, (const char *)bytes, (int)size, SQLITE_TRANSIENT);
        break;
    case BLOB:
        size = take(bytes, in, next(in));
        sqlite3_bind_blob(s, 1, bytes, (int)size, SQLITE_TRANSIENT);
        break;
    case LONG:
        memset(all, next(in), sizeof all);
        sqlite3_bind_text(s, 1, all, sizeof all, SQLITE_STATIC);
        break;
    default: sqlite3_bind_null(s, 1); break;
    }
}

static void name_column(char out[64], sqlite3 *db, const char *table, int column)
{
    sqlite3_stmt *s = NULL;
    *out = '\0';
    if (sqlite3_prepare_v2(db, "SELECT name, COUNT(*) OVER () AS n FROM pragma_table_info(?1) ORDER BY cid", -1, &s,
                           NULL))
        abort();
    sqlite3_bind_text(s, 1, table, -1, SQLITE_STATIC);
    for (int i = 0; sqlite3_step(s) == SQLITE_ROW && i <= column % sqlite3_column_int(s, 1); i++)
        snprintf(out, 64, "%s", (const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
}

/* Those there were, and others far from them. */
static int version_of(int value)
{
    return value >= 0 && value < 16 ? value : value * (1 << 24);
}

static void change(sqlite3 *db, struct input *in)
{
    char sql[PATH * 2], column[64];
    const char *table = tables[next(in) % ntables];
    name_column(column, db, table, next(in));
    int row = next(in);
    enum kind kind = next(in) % KINDS;
    sqlite3_stmt *s = NULL;
    const char *where = row == 255 ? "1" : "rowid = 1 + ?2 % (SELECT max(1, COUNT(*)) FROM";
    if (kind == DROP)
        snprintf(sql, sizeof sql, "DELETE FROM %s WHERE %s %s", table, where, row == 255 ? "" : table);
    else if (kind == DOUBLE)
        snprintf(sql, sizeof sql, "INSERT INTO %s SELECT * FROM %s WHERE %s %s", table, table, where,
                 row == 255 ? "" : table);
    else if (kind == VERSION)
        snprintf(sql, sizeof sql, "PRAGMA user_version = %d", version_of((int8_t)next(in)));
    else
        snprintf(sql, sizeof sql, "UPDATE %s SET \"%s\" = ?1 WHERE %s %s", table, column, where,
                 row == 255 ? "" : table);
    if (row != 255 && kind != VERSION)
        strcat(sql, ")");
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
        abort();
    bind(s, kind, in);
    sqlite3_bind_int(s, 2, row);
    sqlite3_step(s);
    sqlite3_finalize(s);
}

/* ---- readers ---- */

static bool changed;

/* Without a change everything can be read. */
static void told(int rc, const il_err *e)
{
    fuzz_told(rc, e);
    if (rc && !changed) {
        fprintf(stderr, "%s\n", e->message);
        abort();
    }
}

static FILE *nowhere;

static void tables_in(il_store *s, il_format format)
{
    static const char *const published[] = { "1", "2", "3", "text", NULL };
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        il_err e = { 0 };
        told(il_report_tables(nowhere, s, published[i], i % 2 ? "x" : NULL, format, &e), &e);
    }
    il_err e = { 0 };
    told(il_report_robustness(nowhere, s, NULL, format, &e), &e);
}

static void text(il_store *s)
{
    tables_in(s, IL_FORMAT_TEXT);
    tables_in(s, IL_FORMAT_MD);
}

static void latex(il_store *s)
{
    tables_in(s, IL_FORMAT_LATEX);
}

static void data(il_store *s)
{
    tables_in(s, IL_FORMAT_CSV);
    tables_in(s, IL_FORMAT_JSON);
}

static void measure(il_store *s)
{
    static const char *const metrics[] = { "f1", "auc", "mcc" };
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        il_err e = { 0 };
        il_measure m = { 0 };
        int rc = il_measure_find(&m, s, NULL, metrics[i], &e);
        if (!rc)
            rc = il_report_measure(nowhere, s, &m, NULL, true, (il_format)i, &e);
        told(rc, &e);
    }
}

static void page(il_store *s)
{
    il_err e = { 0 };
    told(il_report_html(nowhere, s, NULL, &e), &e);
}

static void compare(il_store *s)
{
    static const char *const names[][3] = { { "1", "3", "5" }, { "run*", "x", NULL } };
    for (int metric = IL_METRIC_IOU; metric <= IL_METRIC_AUC; metric++) {
        il_err e = { 0 };
        il_comparison c = { 0 };
        int rc = il_compare_cells(&c, s, names[metric % 2], metric % 2 ? 1 : 3, (il_metric)metric, &e);
        if (!rc)
            rc = il_compare_print(nowhere, &c, (il_format)metric, &e);
        told(rc, &e);
        il_compare_free(&c);
    }
}

static void pick(il_store *s)
{
    static const char *const wanted[] = { NULL, "1", "run2", "r*3" };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        il_card card = { 0 };
        il_err e = { 0 };
        char *config = NULL, *params = NULL;
        int rc = il_select_run(&card, &config, &params, s, wanted[i], &e);
        told(rc, &e);
        free(config);
        free(params);
        il_card_free(&card);
    }
}

static int count_files(const char *folder)
{
    int n = 0;
    DIR *d = opendir(folder);
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

/* Nothing may be written outside the folder, which lies two below the one that is looked at. */
static void export(il_store *s)
{
    char outer[PATH], inner[2 * PATH];
    snprintf(outer, sizeof outer, "%s/out", fuzz_folder());
    int before = count_files(fuzz_folder());
    for (int format = IL_EXPORT_CSV; format <= IL_EXPORT_TENSORBOARD; format++) {
        il_err e = { 0 };
        snprintf(inner, sizeof inner, "%s/inner", outer);
        if (mkdir(outer, 0777) != 0 || mkdir(inner, 0777) != 0)
            abort();
        told(il_export_database(inner, s, NULL, (il_export_format)format, &e), &e);
        if (count_files(outer) != 3 || count_files(fuzz_folder()) != before + 1) /* ".", ".." and inner */
            abort();
        nftw(outer, fuzz_remove_one, 8, FTW_DEPTH | FTW_PHYS);
    }
}

/* As `plan` and `run` do: the same run, and one of the same name that was changed since. */
static void resume(il_store *s)
{
    static il_run run;
    static char manifest[] = "{\"train\":{\"digest\":\"e\"},\"padding\":1}";
    static const char *const hashes[] = { "h1", "changed since then, by its settings" };
    if (!run.name) {
        run = *fuzz_run();
        run.name = "run1";
        run.ntests = 0;
    }
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
        il_job job = { .run = &run, .manifest = manifest };
        il_job_view view = { 0 };
        il_err e = { 0 };
        snprintf(job.hash, sizeof job.hash, "%s", hashes[i]);
        told(il_job_look(&view, &job, "x", s, fuzz_folder(), &e), &e);
        il_job_left_free(&view.left);
    }
    char *versions = NULL, *rebuilt = NULL;
    json_t *anew = NULL;
    il_err e = { 0 };
    int rc = il_store_run_versions(&versions, s, hashes[0], &e);
    if (!rc && versions)
        rc = il_builds_compare(&anew, &rebuilt, &run, versions, &e);
    told(rc, &e);
    json_decref(anew);
    free(rebuilt);
    free(versions);
}

static void copy(const char *to, const char *from);

/* As `run` opens it: a copy, since older ones are brought up to date. */
static void migrate(il_store *s)
{
    char from[PATH], to[PATH];
    il_err e = { 0 };
    il_store *own = NULL;
    (void)s;
    snprintf(from, sizeof from, "%s/x.sqlite", fuzz_folder());
    snprintf(to, sizeof to, "%s/own.sqlite", fuzz_folder());
    copy(to, from);
    told(il_store_open(&own, to, &e), &e);
    il_store_close(own);
}

/* Into an empty database, twice; what the other has must be sound. */
static void merge(il_store *s)
{
    static char target[PATH], runs[2 * PATH];
    il_err e = { 0 };
    il_store *to = NULL;
    il_merge_source *from = NULL;
    il_merge_sum sum = { 0 };
    int64_t bad = 0;
    snprintf(target, sizeof target, "%s/merged/t.sqlite", fuzz_folder());
    int rc = il_merge_source_open(&from, il_store_path(s), &e);
    told(rc, &e);
    if (rc)
        return;
    if (il_store_open(&to, target, &e) != IL_OK)
        abort();
    for (int i = 0; i < 2 && !rc; i++) {
        rc = il_merge(&sum, to, from, &(il_merge_opts){ .keep = i ? IL_KEEP_SHARD : IL_KEEP_UNSAID }, &e);
        told(rc, &e);
    }
    if (il_store_exec(&bad, to, "SELECT COUNT(*) FROM pragma_foreign_key_check", NULL, &e) != IL_OK || bad)
        abort();
    il_merge_source_close(from);
    il_store_close(to);
    snprintf(runs, sizeof runs, "%s/merged", fuzz_folder());
    nftw(runs, fuzz_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- the target ---- */

static void copy(const char *to, const char *from)
{
    static uint8_t bytes[4 << 20];
    FILE *file = fopen(from, "rb");
    size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (!file || !size || size == sizeof bytes)
        abort();
    fclose(file);
    file = fopen(to, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        abort();
}

static void (*const readers[])(il_store *) = { text, latex,  data,   measure, page, compare,
                                               pick, export, resume, migrate, merge };
enum { READERS = sizeof readers / sizeof *readers };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char strict[PATH], loose[PATH], path[PATH];
    struct input in = { data, data + size };
    il_store *store = NULL;
    il_err e = { 0 };
    if (!*path) {
        snprintf(strict, sizeof strict, "%s/strict.sqlite", fuzz_folder());
        snprintf(loose, sizeof loose, "%s/loose.sqlite", fuzz_folder());
        snprintf(path, sizeof path, "%s/x.sqlite", fuzz_folder());
        make(strict, loose);
        nowhere = fopen("/dev/null", "w");
        if (!nowhere)
            abort();
    }
    copy(path, loose);
    sqlite3 *db = open_raw(path);
    must(db, "BEGIN");
    size_t which = next(&in);
    changed = in.at < in.end;
    for (int i = 0; i < MOST_CHANGES && in.at < in.end; i++)
        change(db, &in);
    must(db, "COMMIT");
    sqlite3_close(db);
    int rc = il_store_open_readonly(&store, path, &e);
    told(rc, &e);
    for (size_t i = 0; !rc && i < READERS; i++)
        if (which == 0 ? readers[i] != migrate : (which - 1) % READERS == i)
            readers[i](store);
    il_store_close(store);
    return 0;
}
