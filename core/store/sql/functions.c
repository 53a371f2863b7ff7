/* functions.c - the table of SQL functions il_*, and the entry point when built as a loadable extension. */
#define IL_SQL_MAIN
#include "store/sql/arguments.h"
#include "store/sql/functions.h"

static const il_sql_function *const parts[] = { il_sql_counts, il_sql_histograms, il_sql_samples };

enum { PARTS = sizeof parts / sizeof parts[0] };

static int most_arguments(const il_sql_function *f)
{
    int n = 0;
    while (n < IL_SQL_MOST && f->arguments[n])
        n++;
    return n;
}

int il_sql_register(sqlite3 *db)
{
    /* innocuous, so views may call them even where the schema is not trusted */
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int result = SQLITE_OK;
    for (int i = 0; i < PARTS; i++)
        for (const il_sql_function *f = parts[i]; f->name; f++)
            for (int n = f->least; result == SQLITE_OK && n <= most_arguments(f); n++)
                result = sqlite3_create_function_v2(db, f->name, n, flags, (void *)f, f->scalar, f->step, f->final,
                                                    NULL);
    return result;
}

const char *il_sql_call(const char **what, size_t i)
{
    for (int part = 0; part < PARTS; part++)
        for (const il_sql_function *f = parts[part]; f->name; f++)
            if (i-- == 0) {
                *what = f->about;
                return f->call;
            }
    return NULL;
}

#ifndef SQLITE_CORE
/* SQLite derives the entry point's name from the file name, inpaintlab_sql.so. */
__attribute__((visibility("default"))) int sqlite3_inpaintlabsql_init(sqlite3 *db, char **message,
                                                                      const sqlite3_api_routines *api)
{
    (void)message;
    SQLITE_EXTENSION_INIT2(api);
    return il_sql_register(db);
}
#endif
