/* printf.c - SQLite's printf and format give NULL where a text would be longer than the connection allows. Here that is an error, as
 * it is everywhere else in SQLite: the built-in function is asked, on a connection of its own. */
#include <stdlib.h>
#include "base/text.h"
#include "store/database.h"

struct printer {
    sqlite3 *db; /* NULL until needed */
    sqlite3_stmt *statement;
    int arguments; /* of the statement */
};

static void printer_free(void *printer)
{
    struct printer *p = printer;
    sqlite3_finalize(p->statement);
    sqlite3_close(p->db);
    free(p);
}

/* 'x' before the format: a NULL then never means that there was nothing to print. */
static int prepare(struct printer *p, int arguments)
{
    if (p->statement && p->arguments == arguments)
        return sqlite3_reset(p->statement);
    il_text sql = { 0 };
    int result = p->db ? SQLITE_OK : sqlite3_open(":memory:", &p->db);
    if (result != SQLITE_OK) { /* for want of memory: the next call may have it */
        sqlite3_close(p->db);
        p->db = NULL;
        return result;
    }
    sqlite3_finalize(p->statement);
    p->statement = NULL;
    il_text_add(&sql, "SELECT printf('x' || ?1");
    for (int i = 2; i <= arguments; i++)
        il_text_add(&sql, ", ?%d", i);
    il_text_add(&sql, ")");
    result = sql.failed ? SQLITE_NOMEM : sqlite3_prepare_v2(p->db, sql.data, -1, &p->statement, NULL);
    p->arguments = arguments;
    il_text_free(&sql);
    return result;
}

static int print(struct printer *p, int count, sqlite3_value **values, int longest)
{
    int result = prepare(p, count);
    for (int i = 0; i < count && result == SQLITE_OK; i++)
        result = sqlite3_bind_value(p->statement, i + 1, values[i]);
    if (result != SQLITE_OK)
        return result;
    sqlite3_limit(p->db, SQLITE_LIMIT_LENGTH, longest);
    result = sqlite3_step(p->statement);
    return result != SQLITE_ROW ? result : sqlite3_column_text(p->statement, 0) ? SQLITE_OK : SQLITE_TOOBIG;
}

static void call(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct printer *p = sqlite3_user_data(context);
    if (count == 0 || sqlite3_value_bytes(values[0]) == 0) /* NULL, as the built-in one */
        return;
    int result = print(p, count, values, sqlite3_limit(sqlite3_context_db_handle(context), SQLITE_LIMIT_LENGTH, -1));
    if (result == SQLITE_OK)
        sqlite3_result_text(context, (const char *)sqlite3_column_text(p->statement, 0) + 1, -1, SQLITE_TRANSIENT);
    else
        sqlite3_result_error_code(context, result);
    sqlite3_reset(p->statement);
}

int il_store_put_printf(sqlite3 *db)
{
    static const char *const names[] = { "printf", "format" };
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int result = SQLITE_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names && result == SQLITE_OK; i++) {
        struct printer *p = calloc(1, sizeof *p);
        /* which frees it, also where it fails */
        result = p ? sqlite3_create_function_v2(db, names[i], -1, flags, p, call, NULL, NULL, printer_free)
                   : SQLITE_NOMEM;
    }
    return result;
}
