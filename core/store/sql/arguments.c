/* arguments.c - arguments of SQL functions: type checks, and errors that name the function and the argument. */
#include <math.h>
#include <stdarg.h>
#include "store/sql/arguments.h"

void il_sql_complain(sqlite3_context *c, const il_sql_function *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = sqlite3_vmprintf(format, args);
    va_end(args);
    char *whole = text ? sqlite3_mprintf("%s: %s", f->name, text) : NULL;
    if (whole)
        sqlite3_result_error(c, whole, -1);
    else
        sqlite3_result_error_nomem(c);
    sqlite3_free(text);
    sqlite3_free(whole);
}

void il_sql_return(sqlite3_context *c, double value)
{
    if (isnan(value))
        sqlite3_result_null(c);
    else
        sqlite3_result_double(c, value);
}

bool il_sql_any_null(int n, sqlite3_value **values)
{
    bool any = false;
    for (int i = 0; i < n; i++)
        any = any || sqlite3_value_type(values[i]) == SQLITE_NULL;
    return any;
}

static const char *type_of(sqlite3_value *value)
{
    switch (sqlite3_value_type(value)) {
    case SQLITE_TEXT: return "text";
    case SQLITE_BLOB: return "a BLOB";
    case SQLITE_NULL: return "NULL";
    default: return "a number";
    }
}

bool il_sql_number(double *out, sqlite3_context *c, const il_sql_function *f, int i, sqlite3_value *value)
{
    int type = sqlite3_value_type(value);
    if (type != SQLITE_INTEGER && type != SQLITE_FLOAT) {
        il_sql_complain(c, f, "%s is %s; expected a number", f->arguments[i], type_of(value));
        return false;
    }
    double number = sqlite3_value_double(value);
    if (!isfinite(number)) {
        il_sql_complain(c, f, "%s is infinite; expected a number", f->arguments[i]);
        return false;
    }
    *out = number;
    return true;
}

const char *il_sql_text(sqlite3_context *c, const il_sql_function *f, int i, sqlite3_value *value)
{
    if (sqlite3_value_type(value) == SQLITE_BLOB) {
        il_sql_complain(c, f, "%s is a BLOB; expected a name", f->arguments[i]);
        return NULL;
    }
    const char *text = (const char *)sqlite3_value_text(value);
    if (!text)
        sqlite3_result_error_nomem(c);
    return text;
}

bool il_sql_histogram(il_bins *out, sqlite3_context *c, const il_sql_function *f, int i, sqlite3_value *value)
{
    if (sqlite3_value_type(value) != SQLITE_BLOB) {
        il_sql_complain(c, f, "%s is %s; expected a histogram (a BLOB)", f->arguments[i], type_of(value));
        return false;
    }
    const void *bytes = sqlite3_value_blob(value);
    if (il_histogram_decode(out, bytes, (size_t)sqlite3_value_bytes(value)) == IL_OK)
        return true;
    il_sql_complain(c, f, "the histogram is damaged");
    return false;
}
