/* test_open.c - the database of results: whose it is, which version, and every file that is refused. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include "base/sha256.h"
#include "base/text.h"
#include "support/results.h"

static struct folder folder;
static struct file path;
static il_store *store;

static void set_up(void)
{
    folder = new_folder();
    path = in_folder(folder, "sub/results.sqlite");
    GOOD(il_store_open(&store, path.path, &e));
}

static void tear_down(void)
{
    il_store_close(store);
    remove_folder(folder);
}

TestSuite(store, .init = set_up, .fini = tear_down);

/* ---- opening ---- */

Test(store, new_database_is_marked_and_filled)
{
    ANSWERS(store, "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version",
            "1229742434|9");
    ANSWERS(store, "SELECT journal_mode FROM pragma_journal_mode", "wal");
    ANSWERS(store, "SELECT COUNT(*), SUM(published_table = 'text'), MAX(iou) FROM published", "36|3|0.95");
    ANSWERS(store,
            "SELECT iou FROM published WHERE published_table = '7' AND trained_on = 'fakefake'"
            " AND tested_on = 'realfake'",
            "0.011");
    ANSWERS(store, "SELECT SUM(count), COUNT(*) FROM published_splits", "49696|9");
}

Test(store, opening_again_changes_nothing)
{
    il_digest before, after;
    experiment(store, "x");
    il_store_close(store);
    GOOD(il_sha256_file(&before, path.path, &e));
    GOOD(il_store_open(&store, path.path, &e));
    il_store_close(store);
    GOOD(il_sha256_file(&after, path.path, &e));
    cr_assert_str_eq(before.hex, after.hex);
    GOOD(il_store_open(&store, path.path, &e));
    ANSWERS(store, "SELECT name, title FROM experiments", "x|a title");
}

Test(store, corrected_figures_replace_old_ones)
{
    GOOD(il_store_script(store, "UPDATE published SET iou = 0.5; UPDATE sources SET text = 'older'", &e));
    il_store_close(store);
    GOOD(il_store_open(&store, path.path, &e));
    ANSWERS(store, "SELECT COUNT(*), MAX(iou) FROM published", "36|0.95");
    ANSWERS(store, "SELECT SUM(count) FROM published_splits", "49696");
}

static void make_database(const char *file, const char *sql)
{
    sqlite3 *db = NULL;
    cr_assert_eq(sqlite3_open(file, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void refuse_unchanged(const char *file, const char *message)
{
    il_store *s = NULL;
    il_digest before, after;
    GOOD(il_sha256_file(&before, file, &e));
    BAD(il_store_open(&s, file, &e), IL_EDB, message);
    BAD(il_store_open_readonly(&s, file, &e), IL_EDB, message);
    cr_assert_null(s);
    GOOD(il_sha256_file(&after, file, &e));
    cr_assert_str_eq(before.hex, after.hex, "%s", message);
    struct file log;
    snprintf(log.path, sizeof log.path, "%.150s-wal", file);
    cr_assert_neq(access(log.path, F_OK), 0);
}

Test(store, databases_of_others_are_refused_untouched)
{
    const char *const others[] = { "CREATE TABLE songs (name TEXT)", "PRAGMA application_id = 17",
                                   "PRAGMA user_version = 1",
                                   "CREATE TABLE runs (hash TEXT); PRAGMA application_id = 252006674",
                                   "CREATE VIEW cells AS SELECT 1" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char name[32];
        snprintf(name, sizeof name, "other%zu.db", i);
        struct file f = in_folder(folder, name);
        make_database(f.path, others[i]);
        refuse_unchanged(f.path, "the database belongs to another program; it was not changed");
    }
}

Test(store, newer_database_is_refused_untouched)
{
    struct file f = in_folder(folder, "newer.db");
    make_database(f.path, "CREATE TABLE t (a); PRAGMA application_id = 1229742434; PRAGMA user_version = 10");
    refuse_unchanged(f.path, "newer.db: made by a newer inpaintlab (schema version 10; expected at most 9)");
}

/* Closing a file lets go of all locks that the process has on it, by whatever handle. */
Test(store, what_is_refused_keeps_the_locks_of_other_connections)
{
    struct file f = in_folder(folder, "newer.db");
    sqlite3 *db = NULL;
    il_store *s = NULL;
    make_database(f.path, "CREATE TABLE t (a); PRAGMA application_id = 1229742434; PRAGMA user_version = 99");
    cr_assert_eq(sqlite3_open(f.path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "BEGIN IMMEDIATE; INSERT INTO t VALUES (1)", NULL, NULL, NULL), SQLITE_OK);
    cr_assert(is_locked(f.path, RESERVED_LOCK, 1));
    BAD(il_store_open(&s, f.path, &e), IL_EDB, "made by a newer inpaintlab");
    BAD(il_store_open_readonly(&s, f.path, &e), IL_EDB, "made by a newer inpaintlab");
    cr_expect(is_locked(f.path, RESERVED_LOCK, 1));
    cr_expect_eq(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

Test(store, empty_file_becomes_a_database)
{
    struct file f = in_folder(folder, "empty.db");
    fclose(fopen(f.path, "w"));
    il_store *s = NULL;
    BAD(il_store_open_readonly(&s, f.path, &e), IL_EDB, "empty; `inpaintlab run` fills it");
    GOOD(il_store_open(&s, f.path, &e));
    ANSWERS(s, "SELECT COUNT(*) FROM cells", "0");
    il_store_close(s);
}

Test(store, files_that_are_no_database_are_named)
{
    struct file f = in_folder(folder, "noise.db");
    il_store *s = NULL;
    FILE *to = fopen(f.path, "w");
    for (int i = 0; i < 3000; i++)
        fprintf(to, "this is text, ");
    fclose(to);
    BAD(il_store_open(&s, f.path, &e), IL_EDB, "noise.db: not an SQLite database");
    BAD(il_store_open_readonly(&s, f.path, &e), IL_EDB, "noise.db: not an SQLite database");
    BAD(il_store_open(&s, folder.path, &e), IL_EIO, "is a folder; expected a database file");
    BAD(il_store_open_readonly(&s, folder.path, &e), IL_EIO, "is a folder; expected a database file");
    BAD(il_store_open_readonly(&s, in_folder(folder, "none.db").path, &e), IL_EIO,
        "none.db: the database does not exist; `inpaintlab run` creates one");
    BAD(il_store_open(&s, in_folder(folder, "noise.db/results.sqlite").path, &e), IL_EIO,
        "noise.db is a file; expected a folder");
    cr_assert_null(s);
}

Test(store, damaged_database_is_named)
{
    begin_run(store, "h", "n");
    il_store_close(store);
    FILE *f = fopen(path.path, "r+b");
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    for (long page = 4096; page < size; page += 4096) { /* all but the first page and its list of tables */
        fseek(f, page, SEEK_SET);
        fputs("damage", f);
    }
    fclose(f);
    il_err e = { 0 };
    int rc = il_store_open(&store, path.path, &e);
    cr_assert_eq(rc, IL_EDB, "%d %s", rc, e.message);
    cr_assert(strstr(e.message, "results.sqlite: ") && strstr(e.message, "the database is damaged"), "%s", e.message);
    store = NULL;
}

/* Runs as a user who may only read what the test made; returns the child's verdict. */
static int as_nobody(int (*work)(void))
{
    if (geteuid() != 0)
        return work();
    pid_t child = fork();
    if (child == 0)
        _exit(setgid(65534) == 0 && setuid(65534) == 0 ? work() : 99);
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

static int cannot_write(void)
{
    il_store *s = NULL;
    il_err e = { 0 };
    if (il_store_open(&s, path.path, &e) != IL_EDB || !strstr(e.message, "the file or its folder is read-only"))
        return fprintf(stderr, "%s\n", e.message), 1;
    if (il_store_open(&s, in_folder(folder, "sub/new.sqlite").path, &e) != IL_EDB ||
        !strstr(e.message, "new.sqlite: no permission to read or write the database"))
        return fprintf(stderr, "%s\n", e.message), 2;
    if (il_store_open(&s, in_folder(folder, "sub/deep/new.sqlite").path, &e) != IL_EIO ||
        !strstr(e.message, "sub/deep: Permission denied"))
        return fprintf(stderr, "%s\n", e.message), 3;
    return 0;
}

static int can_read(void)
{
    il_store *s = NULL;
    il_rows rows = { 0 };
    il_err e = { 0 };
    if (il_store_open_readonly(&s, path.path, &e) != IL_OK)
        return fprintf(stderr, "%s\n", e.message), 1;
    if (il_store_query(&rows, s, "SELECT name FROM experiments", NULL, &e) != IL_OK || rows.count != 1)
        return fprintf(stderr, "%s\n", e.message), 2;
    il_store_rows_free(&rows);
    il_store_close(s);
    return 0;
}

Test(store, read_only_files_and_folders)
{
    experiment(store, "kept");
    il_store_close(store);
    store = NULL;
    char sub[200];
    snprintf(sub, sizeof sub, "%s/sub", folder.path);
    cr_assert_eq(chmod(path.path, 0444), 0);
    cr_assert_eq(chmod(sub, 0555), 0);
    cr_assert_eq(as_nobody(cannot_write), 0);
    cr_assert_eq(as_nobody(can_read), 0);
    chmod(sub, 0755);
}

Test(store, read_only_connection_never_writes)
{
    il_store *s = NULL;
    experiment(store, "x");
    GOOD(il_store_open_readonly(&s, path.path, &e));
    int64_t id = 0;
    BAD(il_store_experiment(&id, s, "y", NULL, NULL, NULL, &e), IL_EDB, "open for reading only");
    ANSWERS(s, "SELECT COUNT(*) FROM experiments", "1");
    il_store_close(s);
}

/* Where opening for writing fails, SQLite opens for reading: that is the file's fault only where its permissions say so. */
Test(store, what_cannot_be_written_has_its_cause)
{
    sqlite3 *was = store->db;
    cr_assert_eq(sqlite3_open_v2(path.path, &store->db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    BAD(il_store_fail(store, SQLITE_READONLY, &e), IL_EDB, "although its permissions allow writing");
    BAD(il_store_fail(store, SQLITE_READONLY_DBMOVED, &e), IL_EDB, "moved or removed");
    sqlite3_close(store->db);
    store->db = was;
}

static size_t files_in(const char *path)
{
    char command[300], text[32] = "";
    snprintf(command, sizeof command, "ls '%s' | wc -l", path);
    FILE *from = popen(command, "r");
    cr_assert_not_null(fgets(text, sizeof text, from));
    pclose(from);
    return strtoul(text, NULL, 10);
}

Test(store, reading_leaves_no_files_behind)
{
    struct file sub = in_folder(folder, "sub");
    il_store_close(store);
    store = NULL;
    cr_assert_eq(files_in(sub.path), 1);
    il_store *s = NULL;
    GOOD(il_store_open_readonly(&s, path.path, &e));
    ANSWERS(s, "SELECT COUNT(*) FROM published", "36");
    il_store_close(s);
    cr_assert_eq(files_in(sub.path), 1);
}

/* ---- migrations ---- */

static const char *const steps[] = {
    "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1), (2);",
    "CREATE TABLE b (y INTEGER) STRICT; INSERT INTO b SELECT x * 10 FROM a; DROP TABLE a;",
    "CREATE TABLE c (z INTEGER) STRICT; INSERT INTO b VALUES (7); INSERT INTO nowhere VALUES (1);"
};

static il_store raw(const char *file)
{
    il_store s = { .path = (char *)file };
    cr_assert_eq(sqlite3_open(file, &s.db), SQLITE_OK);
    return s;
}

/* A copy of the file alone, without its log, while another connection is still open. */
Test(store, a_copy_after_a_checkpoint_is_whole)
{
    struct file f = in_folder(folder, "live.db"), copy = in_folder(folder, "copy.db");
    il_store *s = NULL, *other = NULL;
    int64_t id = 0;
    char command[900];
    GOOD(il_store_open(&s, f.path, &e));
    snprintf(command, sizeof command, "cp '%s' '%s'", f.path, copy.path);
    cr_assert_eq(system(command), 0);
    GOOD(il_store_open_readonly(&other, copy.path, &e)); /* never "empty" */
    il_store_close(other);
    GOOD(il_store_experiment(&id, s, "x", "title", "x.yaml", "", &e));
    il_store_checkpoint(s);
    cr_assert_eq(system(command), 0);
    GOOD(il_store_open_readonly(&other, copy.path, &e));
    ANSWERS(other, "SELECT name FROM experiments", "x");
    il_store_close(other);
    il_store_close(s);
}

Test(store, migrations_go_step_by_step)
{
    struct file f = in_folder(folder, "steps.db");
    il_store s = raw(f.path);
    GOOD(il_store_migrate(&s, (il_migrations){ steps, 1, NULL }, &e));
    ANSWERS(&s, "SELECT COUNT(*), user_version FROM a, pragma_user_version", "2|1");
    BAD(il_store_check(&s, (il_migrations){ steps, 2, NULL }, &e), IL_EDB, "made by an older inpaintlab");
    GOOD(il_store_migrate(&s, (il_migrations){ steps, 2, NULL }, &e));
    ANSWERS(&s, "SELECT SUM(y), user_version, application_id FROM b, pragma_user_version, pragma_application_id",
            "30|2|1229742434");
    GOOD(il_store_migrate(&s, (il_migrations){ steps, 2, NULL }, &e));
    GOOD(il_store_check(&s, (il_migrations){ steps, 2, NULL }, &e));
    ANSWERS(&s, "SELECT COUNT(*) FROM b", "2");
    BAD(il_store_migrate(&s, (il_migrations){ steps, 1, NULL }, &e), IL_EDB, "schema version 2; expected at most 1");
    sqlite3_close(s.db);
}

Test(store, failing_migration_leaves_the_version_that_was_there)
{
    struct file f = in_folder(folder, "steps.db");
    il_store s = raw(f.path);
    GOOD(il_store_migrate(&s, (il_migrations){ steps, 1, NULL }, &e));
    BAD(il_store_migrate(&s, (il_migrations){ steps, 3, NULL }, &e), IL_EDB, "schema version 3: ");
    BAD(il_store_migrate(&s, (il_migrations){ steps, 3, NULL }, &e), IL_EDB, "no such table: nowhere");
    ANSWERS(&s, "SELECT SUM(x), user_version FROM a, pragma_user_version", "3|1");
    ANSWERS(&s, "SELECT COUNT(*) FROM sqlite_schema WHERE name IN ('b', 'c')", "0");
    cr_assert(sqlite3_get_autocommit(s.db));
    sqlite3_close(s.db);
}

/* ---- two at once ---- */

/* Opens the file beside another that is just reading what it holds. */
struct rival {
    pthread_t thread;
    const char *path, *head;
    il_err e;
    int rc;
    bool started;
    atomic_bool ended;
};

static struct rival *rival;

static void *fill(void *context)
{
    struct rival *r = context;
    il_store *s = NULL;
    r->rc = il_store_open(&s, r->path, &r->e);
    il_store_close(s);
    r->ended = true;
    return NULL;
}

/* sqlite3_trace_v2: after the first statement with that head, half a second in which the other may fill the file. */
static int give_way(unsigned what, void *context, void *statement, void *nanoseconds)
{
    (void)what, (void)nanoseconds;
    struct rival *r = context;
    if (r->started || strncmp(sqlite3_sql(statement), r->head, strlen(r->head)) != 0)
        return 0;
    r->started = true;
    cr_assert_eq(pthread_create(&r->thread, NULL, fill, r), 0);
    for (int i = 0; i < 50 && !r->ended; i++)
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    return 0;
}

static int watch(sqlite3 *db, char **why, const struct sqlite3_api_routines *api)
{
    (void)why, (void)api;
    if (!rival->started)
        sqlite3_trace_v2(db, SQLITE_TRACE_PROFILE, give_way, rival);
    return SQLITE_OK;
}

/* Marks of an empty file and the schema of a filled one would be another program's database. */
Test(store, what_another_process_fills_meanwhile_is_ours)
{
    static const char *const heads[] = { "PRAGMA application_id", "PRAGMA user_version", "SELECT COUNT(*)",
                                         "SELECT CASE type", "COMMIT" };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct file f = in_folder(folder, "race.db");
        struct rival r = { .path = f.path, .head = heads[i] };
        il_store *s = NULL;
        rival = &r;
        cr_assert_eq(sqlite3_auto_extension((void (*)(void))watch), SQLITE_OK);
        GOOD(il_store_open(&s, f.path, &e));
        sqlite3_cancel_auto_extension((void (*)(void))watch);
        cr_assert(r.started, "%s", heads[i]);
        cr_assert_eq(pthread_join(r.thread, NULL), 0);
        cr_assert_eq(r.rc, IL_OK, "%s: %s", heads[i], r.e.message);
        ANSWERS(s, "SELECT COUNT(*) FROM published", "36");
        il_store_close(s);
        cr_assert_eq(unlink(f.path), 0);
    }
}

/* ---- schemas of others ---- */

static void spoil(sqlite3 *db, const char *sql)
{
    char *why = NULL;
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, &why), SQLITE_OK, "%s: %s", sql, why);
}

/* Opening for writing and for reading. */
static void is_refused(const char *what)
{
    il_store *other = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_store_open_readonly(&other, path.path, &e), IL_EDB, "%s", what);
    cr_assert(strstr(e.message, what), "%s: %s", what, e.message);
    cr_assert_eq(il_store_open(&other, path.path, &e), IL_EDB, "%s", what);
    cr_assert(strstr(e.message, what), "%s: %s", what, e.message);
    cr_assert_null(other);
}

Test(store, a_view_in_the_place_of_any_table_is_refused)
{
    il_rows names = { 0 };
    sqlite3 *db = NULL;
    GOOD(il_store_query(&names, store, "SELECT name FROM sqlite_schema WHERE type = 'table'", NULL, &e));
    cr_assert_gt(names.count, 15);
    cr_assert_eq(sqlite3_open(path.path, &db), SQLITE_OK);
    spoil(db, "PRAGMA legacy_alter_table = ON");
    for (size_t i = 0; i < names.count; i++) {
        char sql[300], what[100];
        const char *name = il_rows_text(&names, i, "name");
        snprintf(sql, sizeof sql, "ALTER TABLE %s RENAME TO old; CREATE VIEW %s AS SELECT * FROM old", name, name);
        spoil(db, sql);
        snprintf(what, sizeof what, "holds a view '%s'", name);
        is_refused(what);
        snprintf(sql, sizeof sql, "DROP VIEW %s; ALTER TABLE old RENAME TO %s", name, name);
        spoil(db, sql);
    }
    sqlite3_close(db);
    il_store_rows_free(&names);
}

Test(store, virtual_tables_foreign_triggers_and_odd_versions_are_refused)
{
    sqlite3 *db = NULL;
    cr_assert_eq(sqlite3_open(path.path, &db), SQLITE_OK);
    spoil(db, "CREATE TRIGGER evil AFTER INSERT ON runs BEGIN DELETE FROM runs; END");
    is_refused("holds a trigger 'evil'");
    spoil(db, "DROP TRIGGER evil; CREATE VIRTUAL TABLE evil USING rtree(id, a, b)");
    is_refused("holds a virtual table 'evil'");
    spoil(db, "PRAGMA writable_schema = ON;"
              "UPDATE sqlite_schema SET sql = replace(sql, 'VIRTUAL', '/**/virtual') WHERE name = 'evil'");
    is_refused("holds a virtual table 'evil'");
    spoil(db, "PRAGMA writable_schema = RESET; DROP TABLE evil; PRAGMA user_version = -1000000000");
    is_refused("schema version -1000000000");
    spoil(db, "PRAGMA user_version = 9; CREATE VIEW mine AS SELECT 1; CREATE INDEX faster ON runs (name)");
    sqlite3_close(db);
    il_store *good = NULL;
    GOOD(il_store_open(&good, path.path, &e)); /* a view or an index of the user's own */
    il_store_close(good);
}

Test(store, every_connection_is_hardened)
{
    static const int off[] = { SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION };
    int on = 0;
    for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
        cr_assert_eq(sqlite3_db_config(store->db, off[i], -1, &on), SQLITE_OK);
        cr_expect_not(on, "%d", off[i]);
    }
    cr_assert_eq(sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, -1, &on), SQLITE_OK);
    cr_expect(on);
    cr_expect_eq(sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, -1), 0);
    cr_expect_neq(sqlite3_exec(store->db, "SELECT fts3_tokenizer('simple')", NULL, NULL, NULL), SQLITE_OK);
    spoil(store->db, "CREATE TEMP VIEW v AS SELECT json_extract('{\"a\": 1}', '$.a'), il_iou(1, 2, 3)");
    spoil(store->db, "SELECT * FROM v");
}
