/* expect.h - what a row must hold. A schema promises it, but a database may come from strangers, and SQLite reads what
 * is there.
 *
 * "runs: id int, name text, seconds real?, tested_epoch count?" names the table, for messages, and of each column the
 * kind of its value; with '?' it may be NULL. Columns that are not named may hold anything.
 *   int    a whole number; where it comes first, it is the row's id in messages
 *   count  one from 0 to 2^53
 *   small  one from 0 to 2^31 - 1
 *   real   a finite number
 *   loss   any number, infinity too
 *   text   without NUL bytes
 *   blob   */
#ifndef IL_STORE_EXPECT_H
#define IL_STORE_EXPECT_H

#include "store/database.h"

/* Checks the row that the statement stands on, the `row`th of its result. IL_EDB says what is wrong where:
 * "results.sqlite: table runs, id 3: column name is NULL; expected text". */
int il_store_expect(il_store *s, sqlite3_stmt *statement, const char *expected, size_t row, il_err *e);

#endif
