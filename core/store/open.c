/* open.c - opens the database of results: checks its owner and version, migrates it, fills in the published figures. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/claim.h"
#include "base/clock.h"
#include "base/draft.h"
#include "base/file.h"
#include "base/network_disk.h"
#include "base/text.h"
#include "store/database.h"
#include "store/sql/functions.h"

extern const char il_embedded_results_sql[], il_embedded_results_2_sql[], il_embedded_results_3_sql[],
    il_embedded_results_4_sql[], il_embedded_results_5_sql[], il_embedded_results_6_sql[], il_embedded_results_7_sql[],
    il_embedded_results_8_sql[], il_embedded_results_9_sql[];

/* ---- identity and version ---- */

il_migrations il_store_migrations(void)
{
    static const char *const texts[] = { il_embedded_results_sql,   il_embedded_results_2_sql,
                                         il_embedded_results_3_sql, il_embedded_results_4_sql,
                                         il_embedded_results_5_sql, il_embedded_results_6_sql,
                                         il_embedded_results_7_sql, il_embedded_results_8_sql,
                                         il_embedded_results_9_sql };
    return (il_migrations){ texts, sizeof texts / sizeof *texts, il_store_fill_metrics };
}

struct marks {
    int64_t id, version, objects;
};

static int read_marks(struct marks *out, il_store *s, il_err *e)
{
    int rc = il_store_exec(&out->id, s, "PRAGMA application_id", NULL, e);
    if (!rc)
        rc = il_store_exec(&out->version, s, "PRAGMA user_version", NULL, e);
    if (!rc)
        rc = il_store_exec(&out->objects, s, "SELECT COUNT(*) FROM sqlite_schema", NULL, e);
    return rc;
}

static int check_marks(il_store *s, const struct marks *m, il_migrations all, il_err *e)
{
    s->foreign = m->id != IL_STORE_ID && (m->id != 0 || m->version != 0 || m->objects != 0);
    if (s->foreign)
        return il_fail(e, IL_EDB, "%s: the database belongs to another program; it was not changed", s->path);
    if (m->version < 0)
        return il_fail(e, IL_EDB, "%s: schema version %lld is not one of inpaintlab's; expected 1 to %d", s->path,
                       (long long)m->version, all.count);
    if (m->version > all.count)
        return il_fail(e, IL_EDB, "%s: made by a newer inpaintlab (schema version %lld; expected at most %d)", s->path,
                       (long long)m->version, all.count);
    return il_store_check_schema(s, all, m->version, e);
}

/* *version is 0 for an empty database. Marks and schema come from one snapshot: another process may be filling it. */
static int identify(int64_t *version, il_store *s, il_migrations all, il_err *e)
{
    struct marks m = { 0 };
    bool alone = sqlite3_get_autocommit(s->db);
    int rc = alone ? il_store_script(s, "BEGIN", e) : IL_OK;
    if (rc)
        return rc;
    rc = read_marks(&m, s, e);
    if (!rc)
        rc = check_marks(s, &m, all, e);
    if (alone)
        rc = il_store_end(s, rc, e);
    if (!rc)
        *version = m.version;
    return rc;
}

int il_store_check(il_store *s, il_migrations all, il_err *e)
{
    int64_t version = 0;
    int rc = identify(&version, s, all, e);
    s->foreign = s->foreign || (!rc && version == 0);
    if (!rc && version == 0)
        return il_fail(e, IL_EDB, "%s: the database is empty; `inpaintlab run` fills it", s->path);
    if (!rc && version < all.count)
        return il_fail(e, IL_EDB, "%s: made by an older inpaintlab; the next `inpaintlab run` updates it", s->path);
    return rc;
}

static int migrate_from(int64_t version, il_store *s, il_migrations all, il_err *e)
{
    char marks[96];
    int rc = IL_OK;
    for (; version < all.count && !rc; version++) {
        snprintf(marks, sizeof marks, "PRAGMA application_id = %d; PRAGMA user_version = %d", IL_STORE_ID,
                 (int)version + 1);
        rc = il_store_script(s, all.texts[version], e);
        if (!rc && version + 1 == all.count && all.finish)
            rc = all.finish(s, e);
        if (!rc)
            rc = il_store_script(s, marks, e);
        if (rc)
            il_fail_in(e, "schema version %d", (int)version + 1);
    }
    return rc;
}

/* In one transaction: an older program never finds half of it. The version is read under the lock, since another process
 * may have migrated in the meantime. */
int il_store_migrate(il_store *s, il_migrations all, il_err *e)
{
    int64_t version = 0;
    int rc = identify(&version, s, all, e);
    if (rc || version == all.count)
        return rc;
    rc = il_store_begin(s, e);
    if (rc)
        return rc;
    rc = identify(&version, s, all, e);
    return il_store_end(s, rc ? rc : migrate_from(version, s, all, e), e);
}

/* ---- opening ---- */

/* SQLite takes a device for an empty database. */
static int check_regular(const char *path, il_err *e)
{
    struct stat st;
    if (stat(path, &st) != 0 || S_ISREG(st.st_mode))
        return IL_OK;
    return il_fail(e, IL_EIO, "%s is a %s; expected a database file", path, il_file_kind(st.st_mode));
}

static int connect(il_store **out, const char *path, const char *name, int flags, il_err *e)
{
    il_store *s = calloc(1, sizeof *s);
    if (!s)
        return il_fail_oom(e);
    s->path = il_text_copy(path);
    int rc = s->path ? IL_OK : il_fail_oom(e);
    if (!rc) {
        int result = sqlite3_open_v2(name, &s->db, flags | SQLITE_OPEN_FULLMUTEX, NULL);
        if (result == SQLITE_OK)
            result = il_store_harden(s->db);
        if (result == SQLITE_OK)
            result = il_sql_register(s->db);
        if (result == SQLITE_OK)
            result = il_store_put_printf(s->db);
        if (result != SQLITE_OK)
            rc = s->db ? il_store_fail(s, result, e) : il_fail_oom(e);
    }
    if (rc) {
        il_store_close(s);
        return rc;
    }
    sqlite3_extended_result_codes(s->db, 1);
    s->patience_ms = IL_STORE_PATIENCE_MS;
    sqlite3_busy_handler(s->db, il_store_wait, s);
    il_store_keep_log(s, true);
    il_store_note_log(s);
    *out = s;
    return IL_OK;
}

/* Without a log, which would need memory that all hosts share. Alone at it, SQLite needs none to take in a log that an earlier
 * program left. */
static int use_no_wal(il_store *s, il_err *e)
{
    int rc = il_store_script(
        s, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL", e);
    return rc ? rc : il_store_exec(NULL, s, "SELECT COUNT(*) FROM sqlite_schema", NULL, e); /* lets go of the lock */
}

/* Switching to WAL needs exclusive access for a moment, and SQLite does not always wait for it. */
static int use_wal(il_store *s, il_err *e)
{
    il_err busy = { 0 };
    int rc = IL_EBUSY, tries = 0;
    double end = il_clock_seconds() + 1e-3 * IL_STORE_PATIENCE_MS;
    do
        rc = il_store_script(s, "PRAGMA journal_mode = WAL", &busy);
    while (rc == IL_EBUSY && il_clock_seconds() < end && il_store_wait(s, tries++));
    if (rc && e)
        *e = busy;
    return rc;
}

static int set_up(il_store *s, il_err *e)
{
    int64_t version = 0;
    int rc = identify(&version, s, il_store_migrations(), e);
    if (!rc && sqlite3_db_readonly(s->db, "main") == 1)
        rc = il_store_fail(s, SQLITE_READONLY, e);
    if (rc)
        return rc;
    il_store_keep_log(s, false);
    rc = s->claim ? use_no_wal(s, e) : use_wal(s, e);
    if (!rc)
        rc = il_store_migrate(s, il_store_migrations(), e);
    if (!rc)
        rc = il_store_script(s, "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL",
                             e); /* whatever this SQLite was built with */
    if (!rc)
        rc = il_store_refresh_metrics(s, e);
    return rc ? rc : il_store_publish(s, e);
}

void il_store_checkpoint(il_store *s)
{
    sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
                              NULL); /* the log has it, whatever comes of this */
}

/* One writer at a time where SQLite's locks and ours may not reach: by a claim beside the file that links lead to. */
static int claim_if_shared(il_claim **out, const char *path, il_err *e)
{
    char *target = NULL;
    il_text name = { 0 };
    il_err who = { 0 };
    const char *disk = strcmp(path, ":memory:") != 0 ? il_network_disk(path) : NULL;
    if (!disk)
        return IL_OK;
    int rc = il_draft_target(&target, path, &who);
    if (!rc) {
        il_text_add(&name, "%s.claim", target);
        rc = name.failed ? il_fail_oom(&who) : il_claim_take(out, name.data, &who);
    }
    il_text_free(&name);
    free(target);
    if (rc == IL_EBUSY)
        return il_fail(
            e, rc,
            "%s: lies on a network file system (%s), where one process at a time may write to a database, and %s"
            " does; run with --shard I/N and a --db of its own, and join them with 'inpaintlab merge'",
            path, disk, who.message);
    return rc ? il_fail(e, rc, "%s", who.message) : IL_OK;
}

int il_store_open(il_store **out, const char *path, il_err *e)
{
    il_store *s = NULL;
    il_claim *claim = NULL;
    int rc = check_regular(path, e);
    if (!rc)
        rc = il_file_make_parents(path, e);
    if (!rc)
        rc = claim_if_shared(&claim, path, e);
    if (!rc)
        rc = connect(&s, path, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, e);
    if (!rc) {
        s->claim = claim;
        rc = set_up(s, e);
    }
    if (rc) {
        if (!s)
            il_claim_release(claim);
        il_store_let_go(s);
        return rc;
    }
    struct stat st;
    if (stat(path, &st) == 0) {
        s->device = st.st_dev;
        s->file = st.st_ino;
    }
    il_store_checkpoint(s);
    *out = s;
    return IL_OK;
}

/* Whether its header says that it has a log (WAL). */
static bool is_logged(il_store *s)
{
    unsigned char version = 0;
    sqlite3_file *file = il_store_handle(s);
    return file && file->pMethods->xRead(file, &version, 1, 19) == SQLITE_OK && version == 2;
}

/* A file without a log beside it is opened as immutable, where a log cannot be read: why. */
static int connect_frozen(il_store **out, const char *path, const char *why, il_err *e)
{
    il_text name = { 0 };
    struct stat st;
    il_text_add(&name, "%s-wal", path);
    if (name.failed)
        return il_fail_oom(e);
    int logged = stat(name.data, &st) == 0 && st.st_size > 0;
    il_text_free(&name);
    if (logged)
        return il_fail(e, IL_EDB, "cannot read %s: another program has written to it, and %s", path, why);

    name = (il_text){ 0 };
    il_text_add(&name, "file:");
    for (const char *c = path; *c; c++)
        il_text_add(&name, strchr("%?#", *c) ? "%%%02X" : "%c", (unsigned char)*c);
    il_text_add(&name, "?immutable=1");
    int rc = name.failed ? il_fail_oom(e) : connect(out, path, name.data, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, e);
    il_text_free(&name);
    return rc;
}

/* SQLITE_OPEN_READONLY would leave the log's files behind. */
static int connect_to_read(il_store **out, const char *path, il_err *e)
{
    il_store *s = NULL;
    int rc = connect(&s, path, path, SQLITE_OPEN_READWRITE, e);
    if (!rc && il_network_disk(path) && is_logged(s)) {
        il_store_close(s); /* nothing was read, so that no log was made */
        return connect_frozen(out, path, "a log cannot be shared on a network file system", e);
    }
    if (!rc)
        *out = s;
    return rc;
}

/* Puts a copy in memory, brought up to date, in the place of a database that an older program made: that stays as it is. */
static int read_copy(il_store *s, il_err *e)
{
    il_store *copy = NULL;
    int rc = connect(&copy, s->path, ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, e);
    if (rc)
        return rc;
    sqlite3_backup *backup = sqlite3_backup_init(copy->db, "main", s->db, "main");
    int result = backup ? sqlite3_backup_step(backup, -1) : sqlite3_errcode(copy->db);
    sqlite3_backup_finish(backup);
    if (result != SQLITE_DONE)
        rc = il_store_fail(copy, result, e);
    if (!rc)
        rc = il_store_migrate(copy, il_store_migrations(), e);
    if (!rc)
        rc = il_store_publish(copy, e);
    sqlite3 *old = s->db;
    if (!rc) {
        s->db = copy->db;
        copy->db = old;
        sqlite3_busy_handler(s->db, il_store_wait, s);
        sqlite3_busy_handler(old, il_store_wait, copy);
        il_store_keep_log(copy, false);
    }
    il_store_close(copy);
    return rc;
}

static int set_up_readonly(il_store *s, il_err *e)
{
    il_migrations all = il_store_migrations();
    int64_t version = 0;
    int rc = identify(&version, s, all, e);
    if (!rc && version == 0)
        rc = il_store_check(s, all, e);
    else if (!rc && version < all.count)
        rc = read_copy(s, e);
    if (!rc)
        rc = il_store_script(s, "PRAGMA query_only = ON", e);
    if (!rc)
        il_store_keep_log(s, false);
    return rc;
}

/* *foreign: it is refused as one that is empty or of another program. */
static int open_to_read(il_store **out, bool *foreign, const char *path, il_err *e)
{
    il_store *s = NULL;
    struct stat st;
    if (stat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return il_fail(e, IL_EIO, "%s: the database does not exist; `inpaintlab run` creates one", path);
    int rc = check_regular(path, e);
    if (!rc)
        rc = connect_to_read(&s, path, e);
    if (!rc)
        rc = set_up_readonly(s, e);
    if (rc && s && (s->trouble == SQLITE_CANTOPEN || s->trouble == SQLITE_READONLY)) {
        /* no place to create the shared-memory file that WAL needs */
        il_store_let_go(s);
        s = NULL;
        rc = connect_frozen(&s, path, "its folder is read-only", e);
        if (!rc)
            rc = set_up_readonly(s, e);
    }
    if (rc) {
        *foreign = s && s->foreign;
        il_store_let_go(s);
        return rc;
    }
    *out = s;
    return IL_OK;
}

int il_store_open_readonly(il_store **out, const char *path, il_err *e)
{
    bool ignored = false;
    return open_to_read(out, &ignored, path, e);
}

int il_store_open_beside(il_store **out, const char *path, il_err *e)
{
    il_err why = { 0 };
    bool foreign = false;
    *out = NULL;
    int rc = open_to_read(out, &foreign, path, &why);
    if (!rc || foreign)
        return IL_OK;
    if (e)
        *e = why;
    return rc;
}

void il_store_close(il_store *s)
{
    if (!s)
        return;
    il_store_close(s->memo);
    sqlite3_close_v2(s->db);
    il_claim_release(s->claim);
    free(s->path);
    free(s);
}

const char *il_store_path(const il_store *s)
{
    return s->path;
}
