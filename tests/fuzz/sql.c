/* sql.c - every SQL function of the program on blobs, numbers and texts: SQL first, then a NUL, then the blob ?1. */
#include <sqlite3.h>
#include "fuzz.h"
#include "store/sql/functions.h"

static int late(void *count)
{
    return ++*(int *)count > 20;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sqlite3 *db;
    const uint8_t *end = memchr(data, 0, size);
    sqlite3_stmt *s = NULL;
    int ticks = 0;
    if (!end)
        return 0;
    if (!db && (sqlite3_open(":memory:", &db) != SQLITE_OK || il_sql_register(db) != SQLITE_OK))
        abort();
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 1 << 20);
    sqlite3_progress_handler(db, 10000, late, &ticks);
    if (sqlite3_prepare_v2(db, (const char *)data, -1, &s, NULL) == SQLITE_OK && s && sqlite3_stmt_readonly(s)) {
        sqlite3_bind_blob(s, 1, end + 1, (int)(size - (size_t)(end + 1 - data)), SQLITE_STATIC);
        for (int i = 0; i < 1000 && sqlite3_step(s) == SQLITE_ROW; i++) {
        }
    }
    sqlite3_finalize(s);
    return 0;
}
