/* functions.h - the SQL functions il_*, registered on every connection of the program and by the loadable extension. */
#ifndef IL_STORE_SQL_FUNCTIONS_H
#define IL_STORE_SQL_FUNCTIONS_H

#include <stddef.h>

typedef struct sqlite3 sqlite3;

/* Returns SQLite's result code. */
int il_sql_register(sqlite3 *db);

/* From now on a bootstrap within a query ends once *when is set: SQLite itself looks only between its steps. */
void il_sql_stop(const volatile int *when);

/* Help on function i: "il_iou(tp, fp, fn)" and its description; NULL after the last. */
const char *il_sql_call(const char **what, size_t i);

#endif
