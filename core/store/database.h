/* database.h - shared by the files of the store: the connection, values to bind, statements, transactions. */
#ifndef IL_STORE_DATABASE_H
#define IL_STORE_DATABASE_H

#include <sqlite3.h>
#include <sys/types.h>
#include "store/store.h"

struct il_store {
    sqlite3 *db;
    char *path;
    int trouble; /* the result code that il_store_fail last reported */
    dev_t device;
    ino_t file;     /* of the open database; 0: in memory or read-only */
    il_store *memo; /* an in-memory database for file hashes that the file cannot take; NULL until needed */
    enum {
        IL_CACHE_OPEN,
        IL_CACHE_LOCKED,
        IL_CACHE_TOLD
    } cache;                  /* whether another program's lock kept hashes out of it */
    const volatile int *stop; /* of il_store_guard; NULL: never set */
    struct il_claim *claim;   /* to be the one writer, on a disk that other hosts share; else NULL */
    int64_t memory;           /* bytes that a query's rows may take; 0: any number */
    int patience_ms;          /* how long it waits for other programs' locks */
    double waits_since;       /* clock when it began to wait for the lock that it waits for now, or waited for last */
    bool told;                /* of waiting */
    bool had_log, had_index;  /* beside it, before it was opened */
};

/* A value for ?1, ?2, …; lists end with {0}. */
typedef struct il_bind {
    enum { IL_BIND_END, IL_BIND_INT, IL_BIND_REAL, IL_BIND_TEXT, IL_BIND_BYTES } kind;
    int64_t whole; /* an integer; for bytes: their number */
    double real;
    const void *text; /* text or bytes; borrowed until the statement has run; NULL binds NULL */
} il_bind;

static inline il_bind il_bind_int(int64_t v)
{
    return (il_bind){ .kind = IL_BIND_INT, .whole = v };
}

/* NAN binds NULL. */
static inline il_bind il_bind_real(double v)
{
    return (il_bind){ .kind = IL_BIND_REAL, .real = v };
}

static inline il_bind il_bind_text(const char *v)
{
    return (il_bind){ .kind = IL_BIND_TEXT, .text = v };
}

static inline il_bind il_bind_bytes(const void *v, size_t size)
{
    return (il_bind){ .kind = IL_BIND_BYTES, .whole = (int64_t)size, .text = v };
}

enum { IL_STORE_PATIENCE_MS = 60000 }; /* for other programs' locks */

/* Limits and switches for a connection whose database or statements may come from strangers. SQLite's result code. */
int il_store_harden(sqlite3 *db);
/* Installs the authorizer of every connection: it denies the functions that reach beyond the database. */
int il_store_authorize(sqlite3 *db);
/* printf and format that fail where SQLite's give NULL. */
int il_store_put_printf(sqlite3 *db);
bool il_store_is_denied(const char *function);
/* SQLite's busy handler: waits a moment and returns 1, or 0 when s->patience_ms have passed since its call with tries 0. */
int il_store_wait(void *store, int tries);

/* Until we know that the database is ours, closing must not even checkpoint its log. */
void il_store_keep_log(il_store *s, bool yes);
/* Notes which of both are there: SQLite puts them beside the file that links lead to, when it first reads. */
void il_store_note_log(il_store *s);
/* Closes one that was refused, and leaves nothing that opening it made: an empty log, the index of one that another program
 * wrote. That log stays. */
void il_store_let_go(il_store *s);

/* Converts the connection's error to a message; `result` is the code that sqlite3 returned. */
int il_store_fail(il_store *s, int result, il_err *e);

int il_store_prepare(sqlite3_stmt **out, il_store *s, const char *sql, il_err *e);
/* Resets, then binds. */
int il_store_bind(il_store *s, sqlite3_stmt *statement, const il_bind *values, il_err *e);
/* *row is 1 while the statement has a row. */
int il_store_step(int *row, il_store *s, sqlite3_stmt *statement, il_err *e);
/* Runs one statement that returns at most one row; *out (NULL is allowed) is its first column, 0 without a row. */
int il_store_exec(int64_t *out, il_store *s, const char *sql, const il_bind *values, il_err *e);
/* Runs statements that bind and return nothing. */
int il_store_script(il_store *s, const char *sql, il_err *e);

/* il_store_end commits if rc is IL_OK, otherwise rolls back; returns the overall result. */
int il_store_begin(il_store *s, il_err *e);
int il_store_end(il_store *s, int rc, il_err *e);

/* Copies a text column; "" where it is NULL. */
void il_store_text(char *to, size_t size, sqlite3_stmt *statement, int column);
/* The text for the column `status`. */
const char *il_store_status_name(il_status status);
il_status il_store_status(const char *name);

/* Records that the experiment's plan gives the run this name. */
int il_store_name_run(il_store *s, int64_t experiment, const char *name, int64_t run, il_err *e);

/* Within a transaction: replaces the test's examples. */
int il_store_write_examples(il_store *s, int64_t test, const il_example *examples, size_t count, il_err *e);

/* The history of the schema: text i brings a database from user_version i to i + 1. */
typedef struct il_migrations {
    const char *const *texts;
    int count;
    int (*finish)(il_store *s, il_err *e); /* work that SQL cannot do, in the last text's transaction; NULL: none */
} il_migrations;
enum { IL_STORE_ID = 0x494c6162 }; /* application_id: "ILab" */
/* IL_EDB where the schema has what could run, or show other things than ours; `version` is what it claims to be. */
int il_store_check_schema(il_store *s, il_migrations all, int64_t version, il_err *e);
/* IL_EDB for a database of another program or a newer version; it is then unchanged. */
int il_store_migrate(il_store *s, il_migrations all, il_err *e);
/* IL_EDB also for an older or empty database; never writes. */
int il_store_check(il_store *s, il_migrations all, il_err *e);
il_migrations il_store_migrations(void);

/* Replaces the sums and metrics of a finished test by those computed from the rows of its images; an unfinished test
 * has none. Runs in the caller's transaction, like il_store_fill_metrics, which does this for every test whose rows
 * are missing or of a revision before IL_METRICS_REVISION. */
int il_store_put_metrics(il_store *s, int64_t test, il_err *e);
int il_store_fill_metrics(il_store *s, il_err *e);
/* The same in a transaction of its own; without one where nothing is missing or old. */
int il_store_refresh_metrics(il_store *s, il_err *e);

/* Fills `published` and `published_splits` from the embedded texts, if these differ from what is there. */
int il_store_publish(il_store *s, il_err *e);

#endif
