/* query.c - one SELECT -> rows of text. A statement that would write is refused before it runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "store/expect.h"

/* PRAGMAs that only read; those after WITH_VALUE only as long as no value is given. */
static bool is_harmless_pragma(const char *name, const char *value)
{
    static const char *const telling[] = { "table_info",     "table_xinfo",      "table_list",      "index_list",
                                           "index_info",     "foreign_key_list", "integrity_check", "user_version",
                                           "application_id", "journal_mode",     "synchronous",     "function_list" };
    enum { WITH_VALUE = 7 };
    for (size_t i = 0; i < sizeof telling / sizeof *telling; i++)
        if (sqlite3_stricmp(name, telling[i]) == 0)
            return i < WITH_VALUE || !value;
    return false;
}

/* What the authorizer did not allow. */
struct refusals {
    int count;
    char function[64]; /* the first; "": none */
};

/* SQLite's authorizer. Covers what sqlite3_stmt_readonly, which detects writes to tables, does not. */
static int authorize(void *context, int action, const char *first, const char *second, const char *database,
                     const char *trigger)
{
    (void)database, (void)trigger;
    struct refusals *refused = context;
    bool denied = action == SQLITE_FUNCTION && il_store_is_denied(second);
    bool bad = denied || action == SQLITE_ATTACH || action == SQLITE_DETACH || action == SQLITE_TRANSACTION ||
               action == SQLITE_SAVEPOINT || (action == SQLITE_PRAGMA && !is_harmless_pragma(first, second));
    if (denied && !refused->count)
        snprintf(refused->function, sizeof refused->function, "%s", second);
    refused->count += bad;
    return bad ? SQLITE_DENY : SQLITE_OK;
}

static int fail_writing(il_err *e)
{
    return il_fail(e, IL_EPARAM, "query: only SELECT is allowed; this would do more than read");
}

static int fail_refused(const struct refusals *r, il_err *e)
{
    return r->function[0] ? il_fail(e, IL_EPARAM, "query: the function %s is not allowed here", r->function)
                          : fail_writing(e);
}

static int fail_size(const il_store *s, il_err *e)
{
    return il_fail(e, IL_EPARAM, "query: needs more than %lld MB of memory; --limit shows the first rows alone",
                   (long long)(s->memory >> 20));
}

/* What a caller wants of a query. */
struct wish {
    const char *expected; /* NULL: any rows */
    size_t most;          /* rows; 0: all */
    bool more;            /* set: there are others */
};

/* "query, character 8: no such column: iuo" */
static int fail_query(il_store *s, int result, il_err *e)
{
    if ((result & 0xff) == SQLITE_AUTH)
        return fail_writing(e);
    if ((result & 0xff) == SQLITE_NOMEM && s->memory)
        return fail_size(s, e);
    if ((result & 0xff) == SQLITE_TOOBIG)
        return il_fail(e, IL_EPARAM, "query: a text or BLOB of more than %d MB",
                       sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, -1) >> 20);
    if ((result & 0xff) != SQLITE_ERROR)
        return il_store_fail(s, result, e);
    int at = sqlite3_error_offset(s->db);
    if (at < 0)
        return il_fail(e, IL_EPARAM, "query: %s", sqlite3_errmsg(s->db));
    return il_fail(e, IL_EPARAM, "query, character %d: %s", at + 1, sqlite3_errmsg(s->db));
}

/* Of a query of our own: what is wrong is in the database. */
static int fail_read(il_store *s, int result, const struct wish *wish, il_err *e)
{
    const char *table = wish->expected;
    if (!table)
        return fail_query(s, result, e);
    if ((result & 0xff) != SQLITE_ERROR)
        return il_store_fail(s, result, e);
    return il_fail(e, IL_EDB, "%s: table %.*s: %s", s->path, (int)strcspn(table, ":"), table, sqlite3_errmsg(s->db));
}

/* Whether anything but spaces, semicolons and comments follows the first statement. */
static bool has_more(il_store *s, const char *rest)
{
    while (rest && *rest) {
        sqlite3_stmt *next = NULL;
        const char *from = rest;
        int result = sqlite3_prepare_v2(s->db, from, -1, &next, &rest);
        sqlite3_finalize(next);
        if (result != SQLITE_OK || next)
            return true;
        if (rest == from)
            break;
    }
    return false;
}

static int prepare(sqlite3_stmt **out, il_store *s, const char *sql, const struct refusals *refused,
                   const struct wish *wish, il_err *e)
{
    const char *rest = NULL;
    int result = sqlite3_prepare_v2(s->db, sql, -1, out, &rest);
    if (refused->count)
        return fail_refused(refused, e);
    if (result != SQLITE_OK)
        return fail_read(s, result, wish, e);
    if (!*out)
        return il_fail(e, IL_EPARAM, "query: it is empty; expected a SELECT");
    if (!sqlite3_stmt_readonly(*out) || sqlite3_column_count(*out) == 0)
        return fail_writing(e);
    if (has_more(s, rest))
        return il_fail(e, IL_EPARAM, "query: more than one statement; expected one SELECT");
    return IL_OK;
}

/* A BLOB as an SQL literal. */
static char *copy_blob(sqlite3_stmt *statement, int column)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = sqlite3_column_blob(statement, column);
    size_t size = (size_t)sqlite3_column_bytes(statement, column);
    char *text = malloc(2 * size + 4), *to = text;
    if (!text)
        return NULL;
    *to++ = 'x';
    *to++ = '\'';
    for (size_t i = 0; i < size; i++) {
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
    }
    *to++ = '\'';
    *to = '\0';
    return text;
}

/* A NUL byte would end the text: it becomes U+2400, the symbol for it. */
static char *copy_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    size_t size = (size_t)sqlite3_column_bytes(statement, column), nuls = 0;
    for (size_t i = 0; text && i < size; i++)
        nuls += text[i] == '\0';
    char *copy = text ? malloc(size + 2 * nuls + 1) : NULL, *to = copy;
    for (size_t i = 0; copy && i < size; i++)
        if (text[i])
            *to++ = text[i];
        else
            to = (char *)memcpy(to, "\xe2\x90\x80", 3) + 3;
    if (copy)
        *to = '\0';
    return copy;
}

static int add_row(il_rows *r, size_t *room, sqlite3_stmt *statement, il_err *e)
{
    if (r->count == *room) {
        size_t more = *room ? *room * 2 : 16;
        char **grown = realloc(r->values, more * r->columns * sizeof *grown);
        if (!grown)
            return il_fail_oom(e);
        r->values = grown;
        *room = more;
    }
    char **row = r->values + r->count * r->columns;
    memset(row, 0, r->columns * sizeof *row);
    r->count++;
    for (size_t i = 0; i < r->columns; i++) {
        int type = sqlite3_column_type(statement, (int)i);
        if (type == SQLITE_NULL)
            continue;
        row[i] = type == SQLITE_BLOB ? copy_blob(statement, (int)i) : copy_text(statement, (int)i);
        if (!row[i])
            return il_fail_oom(e);
        if (type != SQLITE_INTEGER && type != SQLITE_FLOAT)
            r->numeric[i] = false;
    }
    return IL_OK;
}

/* A column without any value is not numeric. */
static void settle_numeric(il_rows *r)
{
    for (size_t i = 0; i < r->columns; i++) {
        bool any = false;
        for (size_t row = 0; !any && row < r->count; row++)
            any = r->values[row * r->columns + i] != NULL;
        r->numeric[i] = r->numeric[i] && any;
    }
}

static int name_columns(il_rows *r, sqlite3_stmt *statement, il_err *e)
{
    size_t columns = (size_t)sqlite3_column_count(statement);
    r->names = calloc(columns, sizeof *r->names);
    r->numeric = calloc(columns, sizeof *r->numeric);
    if (!r->names || !r->numeric)
        return il_fail_oom(e);
    r->columns = columns;
    for (size_t i = 0; i < columns; i++) {
        r->numeric[i] = true;
        r->names[i] = il_text_copy(sqlite3_column_name(statement, (int)i));
        if (!r->names[i])
            return il_fail_oom(e);
    }
    return IL_OK;
}

static int64_t size_of(const il_rows *r)
{
    int64_t size = 0;
    for (size_t i = 0; i < r->columns; i++) {
        const char *text = r->values[(r->count - 1) * r->columns + i];
        size += (int64_t)sizeof text + (text ? (int64_t)strlen(text) + 1 : 0);
    }
    return size;
}

static int read_rows(il_rows *r, il_store *s, sqlite3_stmt *statement, struct wish *wish, il_err *e)
{
    size_t room = 0;
    int64_t size = 0;
    int rc = name_columns(r, statement, e);
    while (!rc) {
        int result = sqlite3_step(statement);
        if (result == SQLITE_DONE)
            break;
        wish->more = result == SQLITE_ROW && wish->most && r->count == wish->most;
        if (wish->more)
            break;
        if (result != SQLITE_ROW)
            rc = fail_read(s, result, wish, e);
        if (!rc && wish->expected)
            rc = il_store_expect(s, statement, wish->expected, r->count + 1, e);
        if (!rc)
            rc = add_row(r, &room, statement, e);
        if (!rc && s->memory && (size += size_of(r)) > s->memory)
            rc = fail_size(s, e);
    }
    if (!rc)
        settle_numeric(r);
    return rc;
}

static int query(il_rows *out, il_store *s, const char *sql, const char *const *args, struct wish *wish, il_err *e)
{
    il_rows rows = { 0 };
    sqlite3_stmt *statement = NULL;
    struct refusals refused = { 0 };
    sqlite3_set_authorizer(s->db, authorize, &refused);
    int rc = prepare(&statement, s, sql, &refused, wish, e);
    for (int i = 0; !rc && args && args[i]; i++)
        if (sqlite3_bind_text(statement, i + 1, args[i], -1, SQLITE_STATIC) != SQLITE_OK)
            rc = il_fail(e, IL_EPARAM, "query: %s", sqlite3_errmsg(s->db));
    if (!rc)
        rc = read_rows(&rows, s, statement, wish, e);
    sqlite3_finalize(statement);
    il_store_authorize(s->db);
    if (rc) {
        il_store_rows_free(&rows);
        return rc;
    }
    *out = rows;
    return IL_OK;
}

int il_store_query(il_rows *out, il_store *s, const char *sql, const char *const *args, il_err *e)
{
    return query(out, s, sql, args, &(struct wish){ 0 }, e);
}

int il_store_query_first(il_rows *out, bool *more, il_store *s, const char *sql, size_t most, il_err *e)
{
    struct wish wish = { .most = most };
    int rc = query(out, s, sql, NULL, &wish, e);
    if (!rc)
        *more = wish.more;
    return rc;
}

int il_store_read(il_rows *out, il_store *s, const char *expected, const char *sql, const char *const *args, il_err *e)
{
    return query(out, s, sql, args, &(struct wish){ .expected = expected }, e);
}

void il_store_rows_free(il_rows *rows)
{
    if (!rows)
        return;
    for (size_t i = 0; i < rows->columns; i++)
        free(rows->names ? rows->names[i] : NULL);
    for (size_t i = 0; i < rows->count * rows->columns; i++)
        free(rows->values[i]);
    free(rows->names);
    free(rows->values);
    free(rows->numeric);
    *rows = (il_rows){ 0 };
}
