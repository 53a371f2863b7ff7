/* harden.c - what any connection may do: a database, or a query, may come from strangers. */
#include <stdio.h>
#include <string.h>
#include "store/database.h"
#include "store/sql/functions.h"

/* Far above what our own statements need, far below what would keep a machine busy. */
static const struct {
    int what, most;
} limits[] = {
    { SQLITE_LIMIT_LENGTH, 64 << 20 }, /* bytes of a text, BLOB or row */
    { SQLITE_LIMIT_SQL_LENGTH, 1 << 20 },  { SQLITE_LIMIT_COLUMN, 500 },
    { SQLITE_LIMIT_EXPR_DEPTH, 200 },      { SQLITE_LIMIT_COMPOUND_SELECT, 100 },
    { SQLITE_LIMIT_VDBE_OP, 100000 },      { SQLITE_LIMIT_FUNCTION_ARG, 100 },
    { SQLITE_LIMIT_ATTACHED, 0 },          { SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000 },
    { SQLITE_LIMIT_VARIABLE_NUMBER, 100 }, { SQLITE_LIMIT_TRIGGER_DEPTH, 10 },
    { SQLITE_LIMIT_WORKER_THREADS, 0 },
};

static const struct {
    int what, on;
} settings[] = {
    { SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0 }, /* takes an address to call from a BLOB */
    { SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
    { SQLITE_DBCONFIG_DEFENSIVE, 1 }, /* no writing of the schema as text, nor of tables behind virtual ones */
};

/* All that SQLite and its shell do not call innocuous, but for JSON's functions. */
bool il_store_is_denied(const char *function)
{
    static const char *const denied[] = { "fts3_tokenizer", "load_extension", "edit",       "readfile",   "writefile",
                                          "fts5",           "bm25",           "highlight",  "snippet",    "match",
                                          "matchinfo",      "offsets",        "optimize",   "rtreecheck", "rtreedepth",
                                          "rtreenode",      "sqlite_offset",  "sha3_query", "zipfile",    "usleep" };
    for (size_t i = 0; function && i < sizeof denied / sizeof *denied; i++)
        if (sqlite3_stricmp(function, denied[i]) == 0)
            return true;
    return false;
}

/* SQLite's authorizer; for functions the name comes second. */
static int authorize(void *context, int action, const char *first, const char *second, const char *database,
                     const char *trigger)
{
    (void)context, (void)first, (void)database, (void)trigger;
    return action == SQLITE_FUNCTION && il_store_is_denied(second) ? SQLITE_DENY : SQLITE_OK;
}

int il_store_authorize(sqlite3 *db)
{
    return sqlite3_set_authorizer(db, authorize, NULL);
}

/* Asked of a database of its own: that which is opened may be locked or damaged. */
static bool is_json_innocuous(void)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    static const char sql[] = "SELECT flags & ?1 FROM pragma_function_list WHERE name = 'json_valid'";
    bool innocuous = sqlite3_open(":memory:", &db) == SQLITE_OK &&
                     sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
                     sqlite3_bind_int(statement, 1, SQLITE_INNOCUOUS) == SQLITE_OK &&
                     sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 0) != 0;
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return innocuous;
}

int il_store_harden(sqlite3 *db)
{
    int result = SQLITE_OK;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        sqlite3_limit(db, limits[i].what, limits[i].most);
    for (size_t i = 0; result == SQLITE_OK && i < sizeof settings / sizeof *settings; i++)
        result = sqlite3_db_config(db, settings[i].what, settings[i].on, NULL);
    /* Views and triggers may then call only what is innocuous. Some versions of SQLite forgot that JSON's functions are, and
     * the schema needs them; there the authorizer has to do. */
    if (result == SQLITE_OK)
        result = sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, !is_json_innocuous(), NULL);
    return result == SQLITE_OK ? il_store_authorize(db) : result;
}

/* ---- its schema ---- */

/* A virtual table reads what lies behind it by code of its own; a trigger changes what was not asked for. By the text, since
 * a schema may call them anything. */
static const char oddities[] =
    "SELECT CASE type WHEN 'trigger' THEN type ELSE 'virtual table' END, coalesce(name, '') FROM sqlite_schema"
    " WHERE sql LIKE 'cr%virtual%table%' OR (type = 'trigger' AND name <> 'runs_new_weights') LIMIT 1";

static int fail_odd(const il_store *s, const char *what, const char *name, il_err *e)
{
    return il_fail(e, IL_EDB, "%s: holds a %s '%s', which is not inpaintlab's; it was not read", s->path, what, name);
}

/* A view in a table's place shows anything. Views and indices beside ours are nobody's harm. */
static int check_tables(il_store *s, il_err *e)
{
    static const char *const tables[] = {
        "experiments",      "runs",     "experiment_runs",    "epochs",    "tests",        "images",
        "scores",           "examples", "experiment_cells",   "splits",    "files",        "published",
        "published_splits", "sources",  "published_settings", "test_sums", "test_metrics", "metric_definitions"
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        char sql[64];
        sqlite3_stmt *statement = NULL;
        if (sqlite3_table_column_metadata(s->db, "main", tables[i], NULL, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK)
            continue;
        snprintf(sql, sizeof sql, "SELECT 1 FROM main.%s", tables[i]); /* older versions have fewer tables */
        int result = sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL);
        sqlite3_finalize(statement);
        if (result == SQLITE_OK)
            return fail_odd(s, "view", tables[i], e);
    }
    return IL_OK;
}

/* "CREATE VIEW NAME" with what follows in the last of our texts that has it; name may have an end of its own. */
static const char *find_view(il_migrations all, int64_t version, const char *name)
{
    char head[100];
    int size = (int)strcspn(name, " ");
    snprintf(head, sizeof head, "CREATE VIEW %.*s AS", size, name);
    for (int64_t i = version; i-- > 0;) {
        const char *at = strstr(all.texts[i], head);
        if (at)
            return at;
    }
    return NULL;
}

/* SQLite keeps the text that created a view, from CREATE to before the semicolon. */
static int check_view(il_store *s, const char *ours, const char *name, int size, il_err *e)
{
    sqlite3_stmt *statement = NULL;
    int row = 0;
    int rc = il_store_prepare(&statement, s, "SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = ?1", e);
    if (!rc && sqlite3_bind_text(statement, 1, name, size, SQLITE_STATIC) != SQLITE_OK)
        rc = il_store_fail(s, sqlite3_errcode(s->db), e);
    if (!rc)
        rc = il_store_step(&row, s, statement, e);
    const char *theirs = row ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    size_t length = theirs ? strlen(theirs) : 0;
    if (!rc && (!theirs || strncmp(ours, theirs, length) != 0 || ours[length] != ';'))
        rc = il_fail(e, IL_EDB, "%s: its view %.*s is %s; it was not read", s->path, size, name,
                     theirs ? "not inpaintlab's own" : "missing");
    sqlite3_finalize(statement);
    return rc;
}

/* Ours say what tests came to: another in the place of one could say anything. */
static int check_views(il_store *s, il_migrations all, int64_t version, il_err *e)
{
    static const char head[] = "\nCREATE VIEW ";
    int rc = IL_OK;
    for (int64_t i = 0; i < version && !rc; i++)
        for (const char *at = all.texts[i]; !rc && (at = strstr(at, head)) != NULL;) {
            const char *name = at + sizeof head - 1;
            if (find_view(all, version, name) == ++at) /* later texts replace some */
                rc = check_view(s, at, name, (int)strcspn(name, " "), e);
        }
    return rc;
}

int il_store_check_schema(il_store *s, il_migrations all, int64_t version, il_err *e)
{
    sqlite3_stmt *statement = NULL;
    int row = 0;
    int rc = il_store_prepare(&statement, s, oddities, e);
    if (!rc)
        rc = il_store_step(&row, s, statement, e);
    if (!rc && row)
        rc = fail_odd(s, (const char *)sqlite3_column_text(statement, 0),
                      (const char *)sqlite3_column_text(statement, 1), e);
    sqlite3_finalize(statement);
    if (!rc)
        rc = check_tables(s, e);
    return rc ? rc : check_views(s, all, version, e);
}

static int is_stopped(void *store)
{
    return *((const il_store *)store)->stop;
}

void il_store_guard(il_store *s, const volatile int *stop, int64_t memory)
{
    enum { STEPS = 1000 };
    s->memory = memory;
    s->stop = stop;
    il_sql_stop(stop);
    sqlite3_hard_heap_limit64(sqlite3_memory_used() + memory);
    sqlite3_progress_handler(s->db, STEPS, is_stopped, s);
}
