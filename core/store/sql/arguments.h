/* arguments.h - shared by the SQL functions: a row of the table of functions, and checks of arguments. */
#ifndef IL_STORE_SQL_ARGUMENTS_H
#define IL_STORE_SQL_ARGUMENTS_H

#include <sqlite3ext.h>
#include <stdbool.h>
#include "store/stats/histogram.h"
#ifdef IL_SQL_MAIN
SQLITE_EXTENSION_INIT1
#else
SQLITE_EXTENSION_INIT3
#endif

enum { IL_SQL_MOST = 5 }; /* arguments */

/* An SQL function. The row itself is passed as its user data. */
typedef struct il_sql_function {
    const char *name;
    const char *arguments[IL_SQL_MOST]; /* names in messages */
    int least;                          /* number of required arguments */
    union {
        double (*counts)(const double *c);
        double (*pair)(const il_bins *tampered, const il_bins *clean);
        int what; /* a constant of the file that implements it */
    } by;
    void (*scalar)(sqlite3_context *, int, sqlite3_value **);
    void (*step)(sqlite3_context *, int, sqlite3_value **);
    void (*final)(sqlite3_context *);
    const char *call, *about; /* for people */
} il_sql_function;

/* "il_iou: tp is text; expected a number" */
void il_sql_complain(sqlite3_context *c, const il_sql_function *f, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Sets the result; NAN becomes NULL. */
void il_sql_return(sqlite3_context *c, double value);

bool il_sql_any_null(int n, sqlite3_value **values);
/* Reads argument i; false after reporting an error. */
bool il_sql_number(double *out, sqlite3_context *c, const il_sql_function *f, int i, sqlite3_value *value);
/* Reads argument i as text; NULL after reporting an error. Valid until the function returns. */
const char *il_sql_text(sqlite3_context *c, const il_sql_function *f, int i, sqlite3_value *value);
bool il_sql_histogram(il_bins *out, sqlite3_context *c, const il_sql_function *f, int i, sqlite3_value *value);

/* The parts of the table; each ends with {0}. */
extern const il_sql_function il_sql_counts[], il_sql_histograms[], il_sql_samples[];

#endif
