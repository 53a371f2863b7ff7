/* database.c - statements, transactions and error messages: the use of sqlite3 that all parts of the store share. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/text.h"
#include "store/database.h"

/* The database, or its log beside it: SQLite keeps what the system said. */
static int fail_opening(const il_store *s, il_err *e)
{
    int why = s->db ? sqlite3_system_errno(s->db) : 0;
    if (why && why != EACCES && why != EPERM && why != EROFS && why != ENOENT)
        return il_fail(e, IL_EDB, "cannot open %s or a file beside it: %s", s->path, strerror(why));
    return il_fail(e, IL_EDB, "cannot open %s: no permission to read or write the database or a file beside it",
                   s->path);
}

/* Where opening for writing fails, SQLite opens for reading, and does not say why. */
static int fail_writing(const il_store *s, int result, il_err *e)
{
    const char *slash = strrchr(s->path, '/');
    il_text folder = { 0 };
    il_text_add(&folder, "%.*s", slash ? (int)(slash - s->path + 1) : 1, slash ? s->path : ".");
    bool may = folder.data && access(s->path, W_OK) == 0 && access(folder.data, W_OK) == 0;
    il_text_free(&folder);
    const char *why =
        result == SQLITE_READONLY_DBMOVED ? "it was moved or removed while it was in use"
        : !may                            ? "the file or its folder is read-only"
        : sqlite3_db_readonly(s->db, "main") == 1
            ? "it can be opened for reading only, although its permissions allow writing; is the disk failing?"
            : "it is open for reading only";
    return il_fail(e, IL_EDB, "cannot write %s: %s", s->path, why);
}

static int fail_disk(const il_store *s, il_err *e)
{
    int why = s->db ? sqlite3_system_errno(s->db) : 0;
    return il_fail(e, IL_EDB, "%s, or a file beside it, cannot be read or written: %s", s->path,
                   strerror(why ? why : EIO));
}

int il_store_fail(il_store *s, int result, il_err *e)
{
    s->trouble = result & 0xff;
    switch (s->trouble) {
    case SQLITE_NOMEM: return il_fail_oom(e);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return il_fail(e, IL_EBUSY, "%s: another program keeps the database locked; try again when it is done",
                       s->path);
    case SQLITE_NOTADB: return il_fail(e, IL_EDB, "%s: not an SQLite database", s->path);
    case SQLITE_CORRUPT: return il_fail(e, IL_EDB, "%s: the database is damaged (%s)", s->path, sqlite3_errmsg(s->db));
    case SQLITE_READONLY: return fail_writing(s, result, e);
    case SQLITE_CANTOPEN: return fail_opening(s, e);
    case SQLITE_INTERRUPT: return il_fail(e, IL_ECANCEL, "%s: the query was stopped", s->path);
    case SQLITE_FULL: return il_fail(e, IL_EDB, "%s: the disk is full", s->path);
    case SQLITE_IOERR: return fail_disk(s, e);
    default: return il_fail(e, IL_EDB, "%s: %s", s->path, sqlite3_errmsg(s->db));
    }
}

int il_store_prepare(sqlite3_stmt **out, il_store *s, const char *sql, il_err *e)
{
    int result = sqlite3_prepare_v2(s->db, sql, -1, out, NULL);
    return result == SQLITE_OK ? IL_OK : il_store_fail(s, result, e);
}

int il_store_bind(il_store *s, sqlite3_stmt *statement, const il_bind *values, il_err *e)
{
    sqlite3_reset(statement);
    for (int i = 0; values && values[i].kind != IL_BIND_END; i++) {
        int result = SQLITE_OK;
        if (values[i].kind == IL_BIND_INT)
            result = sqlite3_bind_int64(statement, i + 1, values[i].whole);
        else if (values[i].kind == IL_BIND_TEXT)
            result = sqlite3_bind_text(statement, i + 1, values[i].text, -1, SQLITE_STATIC);
        else if (values[i].kind == IL_BIND_BYTES)
            result = sqlite3_bind_blob64(statement, i + 1, values[i].text, (sqlite3_uint64)values[i].whole,
                                         SQLITE_STATIC);
        else if (isnan(values[i].real))
            result = sqlite3_bind_null(statement, i + 1);
        else
            result = sqlite3_bind_double(statement, i + 1, values[i].real);
        if (result != SQLITE_OK)
            return il_store_fail(s, result, e);
    }
    return IL_OK;
}

int il_store_step(int *row, il_store *s, sqlite3_stmt *statement, il_err *e)
{
    int result = sqlite3_step(statement);
    *row = result == SQLITE_ROW;
    return result == SQLITE_ROW || result == SQLITE_DONE ? IL_OK : il_store_fail(s, result, e);
}

int il_store_exec(int64_t *out, il_store *s, const char *sql, const il_bind *values, il_err *e)
{
    sqlite3_stmt *statement = NULL;
    int row = 0;
    int64_t first = 0;
    int rc = il_store_prepare(&statement, s, sql, e);
    if (!rc)
        rc = il_store_bind(s, statement, values, e);
    if (!rc)
        rc = il_store_step(&row, s, statement, e);
    if (!rc && row && out && sqlite3_column_type(statement, 0) != SQLITE_INTEGER)
        rc = il_fail(e, IL_EDB, "%s: column %s holds something else than a whole number", s->path,
                     sqlite3_column_name(statement, 0));
    if (!rc && row) {
        first = sqlite3_column_int64(statement, 0);
        rc = il_store_step(&row, s, statement, e); /* RETURNING takes effect when the statement has finished */
    }
    sqlite3_finalize(statement);
    if (!rc && out)
        *out = first;
    return rc;
}

int il_store_script(il_store *s, const char *sql, il_err *e)
{
    int result = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? IL_OK : il_store_fail(s, result, e);
}

/* SQLite would keep writing to a deleted file, and everything would be lost at the end. */
static int check_place(const il_store *s, il_err *e)
{
    struct stat st;
    if (!s->file || (stat(s->path, &st) == 0 && st.st_ino == s->file && st.st_dev == s->device))
        return IL_OK;
    return il_fail(e, IL_EDB, "%s: the database was removed or replaced while it was in use", s->path);
}

int il_store_begin(il_store *s, il_err *e)
{
    int rc = check_place(s, e);
    return rc ? rc : il_store_script(s, "BEGIN IMMEDIATE", e);
}

int il_store_end(il_store *s, int rc, il_err *e)
{
    if (!rc)
        rc = il_store_script(s, "COMMIT", e);
    if (rc && !sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

void il_store_text(char *to, size_t size, sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    snprintf(to, size, "%s", text ? text : "");
}

static const char *const status_names[] = {
    [IL_RUN_NONE] = "none",     [IL_RUN_RUNNING] = "running", [IL_RUN_DONE] = "done",
    [IL_RUN_FAILED] = "failed", [IL_RUN_STOPPED] = "stopped",
};

const char *il_store_status_name(il_status status)
{
    return status_names[status];
}

il_status il_store_status(const char *name)
{
    for (int i = IL_RUN_RUNNING; i <= IL_RUN_STOPPED; i++)
        if (name && strcmp(name, status_names[i]) == 0)
            return (il_status)i;
    return IL_RUN_NONE;
}
