/* test_query.c - SELECTs: values, and everything that is refused. */
#include <math.h>
#include "support/fixture.h"

TestSuite(query, .init = set_up, .fini = tear_down);

Test(query, values_come_as_text)
{
    il_rows r = { 0 };
    GOOD(il_store_query(&r, store,
                        "SELECT 1 AS a, 0.1 AS b, 'x' AS c, NULL AS d, x'00ff' AS e, 2 AS f"
                        " UNION ALL SELECT NULL, 5.0, 7, NULL, NULL, 'y'",
                        NULL, &e));
    const char *const names[] = { "a", "b", "c", "d", "e", "f" };
    const char *const values[] = { "1", "0.1", "x", NULL, "x'00ff'", "2", NULL, "5.0", "7", NULL, NULL, "y" };
    const bool numeric[] = { true, true, false, false, false, false };
    cr_assert_eq(r.columns, 6);
    cr_assert_eq(r.count, 2);
    for (size_t i = 0; i < 6; i++) {
        cr_assert_str_eq(r.names[i], names[i]);
        cr_assert_eq(r.numeric[i], numeric[i], "%s", names[i]);
    }
    for (size_t i = 0; i < 12; i++) {
        cr_assert_eq(r.values[i] == NULL, values[i] == NULL, "value %zu", i);
        if (values[i])
            cr_assert_str_eq(r.values[i], values[i]);
    }
    il_store_rows_free(&r);
    cr_assert_eq(r.columns, 0);
    il_store_rows_free(&r);
    il_store_rows_free(NULL);
}

Test(query, many_rows_and_none)
{
    il_rows r = { 0 };
    GOOD(il_store_query(&r, store,
                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
                        " SELECT i, i * i FROM n",
                        NULL, &e));
    cr_assert_eq(r.count, 1000);
    cr_assert_str_eq(r.values[1999], "1000000");
    il_store_rows_free(&r);
    GOOD(il_store_query(&r, store, "SELECT * FROM runs", NULL, &e));
    cr_assert_eq(r.count, 0);
    cr_assert_gt(r.columns, 20);
    cr_assert_not(r.numeric[0]);
    il_store_rows_free(&r);
}

Test(query, arguments_are_bound_and_not_pasted)
{
    il_rows r = { 0 };
    const char *args[] = { "'; DROP TABLE runs; --", "4", NULL };
    GOOD(il_store_query(&r, store, "SELECT ?1, COUNT(*), ?3 FROM published WHERE published_table = ?2", args, &e));
    cr_assert_str_eq(r.values[0], args[0]);
    cr_assert_str_eq(r.values[1], "9");
    cr_assert_null(r.values[2]);
    il_store_rows_free(&r);
    BAD(il_store_query(&r, store, "SELECT ?1", args, &e), IL_EPARAM, "query: ");
}

Test(query, allowed)
{
    const char *const good[] = { "SELECT 1;",
                                 "  SELECT 1 ; ; -- and no more\n /* really */ ",
                                 "-- first\nSELECT 1",
                                 "VALUES (1)",
                                 "WITH a AS (SELECT 1 AS x) SELECT * FROM a",
                                 "PRAGMA table_info(cells)",
                                 "SELECT name FROM pragma_table_info('runs')",
                                 "SELECT sql FROM sqlite_schema",
                                 "EXPLAIN QUERY PLAN SELECT * FROM cells" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        il_rows r = { 0 };
        il_err e = { 0 };
        cr_assert_eq(il_store_query(&r, store, good[i], NULL, &e), IL_OK, "%s: %s", good[i], e.message);
        cr_assert_gt(r.count, 0, "%s", good[i]);
        il_store_rows_free(&r);
    }
}

Test(query, refused)
{
    const char *const writes = "only SELECT is allowed; this would do more than read";
    char attach[200];
    snprintf(attach, sizeof attach, "ATTACH '%s/new.db' AS other", folder.path);
    const struct {
        const char *sql, *message;
    } cases[] = {
        { "DELETE FROM published", writes },
        { "INSERT INTO experiments (name) VALUES ('x')", writes },
        { "INSERT INTO experiments (name) VALUES ('x') RETURNING id", writes },
        { "UPDATE published SET iou = 1", writes },
        { "WITH a AS (SELECT 1) DELETE FROM published", writes },
        { "DROP TABLE images", writes },
        { "CREATE TABLE t (a)", writes },
        { "CREATE TEMP TABLE t (a)", writes },
        { "PRAGMA user_version = 9", writes },
        { "PRAGMA journal_mode = DELETE", writes },
        { attach, writes },
        { "VACUUM", writes },
        { "BEGIN", writes },
        { "REINDEX", writes },
        { "ANALYZE", writes },
        { "SAVEPOINT a", writes },
        { "SELECT * FROM pragma_optimize", writes },
        { "PRAGMA wal_checkpoint", writes },
        { "DROP TABLE IF EXISTS nowhere", writes },
        { "SELECT 1; SELECT 2", "more than one statement; expected one SELECT" },
        { "SELECT 1; DROP TABLE images", "more than one statement; expected one SELECT" },
        { "SELECT 1; nonsense", "more than one statement" },
        { "", "it is empty; expected a SELECT" },
        { "  -- nothing", "it is empty; expected a SELECT" },
        { "SELECT iuo FROM cells", "query, character 8: no such column: iuo" },
        { "SELECT c.iuo FROM cells c", "no such column: c.iuo" },
        { "SELECT * FROM cellls", "no such table: cellls" },
        { "SELECT FROM cells", "near \"FROM\": syntax error" },
        { "SELECT 'open", "unrecognized token" },
        { "SELECT nonsense(1)", "no such function: nonsense" },
        { "SELECT load_extension('x')", "the function load_extension is not allowed here" },
        { "SELECT FTS3_tokenizer('simple')", "the function fts3_tokenizer is not allowed here" },
        { "SELECT fts3_tokenizer('simple', x'4141414141414141'), (SELECT count(*) FROM pragma_table_info('fts3tokenize'))",
          "the function fts3_tokenizer is not allowed here" },
        { "SELECT zeroblob(100000000)", "a text or BLOB of more than 64 MB" },
        { "SELECT json_extract('{', '$')", "malformed JSON" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_rows r = { 0 };
        il_err e = { 0 };
        int rc = il_store_query(&r, store, cases[i].sql, NULL, &e);
        cr_assert_eq(rc, IL_EPARAM, "%s: %d %s", cases[i].sql, rc, e.message);
        cr_assert(strstr(e.message, cases[i].message), "%s: %s", cases[i].sql, e.message);
        cr_assert_null(strchr(e.message, '\n'));
        cr_assert_null(r.values);
    }
    cr_assert_neq(access(in_folder(folder, "new.db").path, F_OK), 0);
    ANSWERS(store, "SELECT (SELECT COUNT(*) FROM published), (SELECT COUNT(*) FROM experiments)", "36|0");
    int64_t id = 0;
    GOOD(il_store_experiment(&id, store, "x", NULL, NULL, NULL, &e)); /* the connection itself may still write */
}

Test(query, rows_that_are_relied_on_hold_what_is_expected)
{
    static const struct {
        const char *expected, *sql, *fault; /* NULL: none */
    } cases[] = {
        { "t: id int, a text", "SELECT 3 AS id, 'x' AS a", NULL },
        { "t: a text?, b c real", "SELECT NULL AS a, 1 AS 'b c'", NULL },
        { "t: id int, a text", "SELECT 3 AS id, NULL AS a", "table t, id 3: column a is NULL; expected text" },
        { "t: a text", "SELECT 'x' AS a UNION ALL SELECT x'00'", "table t, row 2: column a is a BLOB; expected text" },
        { "t: a text", "SELECT 1 AS a", "column a is a number; expected text" },
        { "t: a text", "SELECT 'x' || char(0) AS a", "column a is text with a NUL byte; expected text" },
        { "t: b c int", "SELECT '../x' AS 'b c'", "row 1: column b c is text; expected a whole number" },
        { "t: a int", "SELECT 1.5 AS a", "column a is a fraction or too large; expected a whole number" },
        { "t: a count", "SELECT 1 << 53 AS a", NULL },
        { "t: a count", "SELECT (1 << 53) + 1 AS a", "column a is too large; expected a whole number of 0 or more" },
        { "t: a count", "SELECT -1 AS a", "column a is negative; expected a whole number of 0 or more" },
        { "t: a small?", "SELECT 2147483648 AS a",
          "column a is too large; expected a whole number from 0 to 2147483647" },
        { "t: a real", "SELECT 9e999 AS a", "column a is infinite; expected a finite number" },
        { "t: a loss", "SELECT 9e999 AS a", NULL },
        { "t: a loss", "SELECT 'x' AS a", "column a is text; expected a number" },
        { "t: a blob", "SELECT 'x' AS a", "column a is text; expected a BLOB" },
        { "t: a int", "SELECT json_extract('{', '$') AS a", "table t: malformed JSON" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_rows r = { 0 };
        il_err e = { 0 };
        int rc = il_store_read(&r, store, cases[i].expected, cases[i].sql, NULL, &e);
        cr_expect_eq(rc, cases[i].fault ? IL_EDB : IL_OK, "%s: %d %s", cases[i].sql, rc, e.message);
        cr_expect(!cases[i].fault || strstr(e.message, cases[i].fault), "%s: %s", cases[i].sql, e.message);
        il_store_rows_free(&r);
    }
}

Test(query, the_first_rows_and_a_guard)
{
    static const char numbers[] = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c";
    il_rows r = { 0 };
    bool more = false;
    int stop = 0;
    il_err e = { 0 };
    GOOD(il_store_query_first(&r, &more, store, numbers, 3, &e));
    cr_assert(more && r.count == 3);
    il_store_rows_free(&r);
    GOOD(il_store_query_first(&r, &more, store, "SELECT 1", 1, &e));
    cr_assert(!more && r.count == 1);
    il_store_rows_free(&r);
    il_store_guard(store, &stop, 1 << 20);
    cr_assert_eq(il_store_query(&r, store, numbers, NULL, &e), IL_EPARAM);
    cr_assert(strstr(e.message, "needs more than 1 MB of memory"), "%s", e.message);
    stop = 1;
    cr_assert_eq(il_store_query(&r, store, numbers, NULL, &e), IL_ECANCEL);
}

Test(query, values_are_read_by_name)
{
    il_rows r = { 0 };
    GOOD(il_store_query(&r, store, "SELECT 'x' AS text, 0.25 AS real, 7 AS whole UNION ALL SELECT NULL, NULL, NULL",
                        NULL, &e));
    cr_expect_eq(il_rows_column(&r, "real"), 1);
    cr_expect_str_eq(il_rows_text(&r, 0, "text"), "x");
    cr_expect_eq(il_rows_real(&r, 0, "real"), 0.25);
    cr_expect_eq(il_rows_int(&r, 0, "whole"), 7);
    cr_expect_null(il_rows_text(&r, 1, "text"));
    cr_expect_str_eq(il_rows_word(&r, 1, "text"), "");
    cr_expect(isnan(il_rows_real(&r, 1, "real")));
    cr_expect_eq(il_rows_int(&r, 1, "whole"), 0);
    il_store_rows_free(&r);
}
