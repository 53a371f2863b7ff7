/* expect.c - checks rows for what their readers rely on. */
#include <assert.h>
#include <math.h>
#include <string.h>
#include "store/expect.h"

enum kind { INT, COUNT, SMALL, REAL, LOSS, TEXT, BLOB, KINDS };

static const struct {
    const char *name, *words;
} kinds[KINDS] = {
    [INT] = { "int", "a whole number" },
    [COUNT] = { "count", "a whole number of 0 or more" },
    [SMALL] = { "small", "a whole number from 0 to 2147483647" },
    [REAL] = { "real", "a finite number" },
    [LOSS] = { "loss", "a number" },
    [TEXT] = { "text", "text" },
    [BLOB] = { "blob", "a BLOB" },
};

/* One column of what is expected; the name is lent, without an end of its own. */
struct column {
    const char *name;
    size_t size;
    enum kind kind;
    bool may_be_null;
};

static enum kind find_kind(const char *name, size_t size)
{
    enum kind kind = INT;
    while (kind < KINDS && (strlen(kinds[kind].name) != size || memcmp(kinds[kind].name, name, size) != 0))
        kind++;
    assert(kind < KINDS);
    return kind;
}

/* Reads "the name kind?"; what follows it. */
static const char *read_column(struct column *out, const char *text)
{
    const char *end = text + strcspn(text, ","), *kind = end;
    bool may_be_null = end[-1] == '?';
    while (kind[-1] != ' ')
        kind--;
    *out = (struct column){ .name = text,
                            .size = (size_t)(kind - 1 - text),
                            .kind = find_kind(kind, (size_t)(end - kind) - may_be_null),
                            .may_be_null = may_be_null };
    return end + strspn(end, ", ");
}

static bool is_at(sqlite3_stmt *statement, const struct column *c, int i)
{
    const char *name = sqlite3_column_name(statement, i);
    return name && strncmp(name, c->name, c->size) == 0 && name[c->size] == '\0';
}

/* The place of a column, likely the one that is said; a name that none has is a bug of the caller. */
static int find(sqlite3_stmt *statement, const struct column *c, int likely)
{
    int count = sqlite3_column_count(statement), i = 0;
    if (is_at(statement, c, likely))
        return likely;
    while (i < count && !is_at(statement, c, i))
        i++;
    assert(i < count);
    return i; /* without assertions: of no column, which reads as NULL */
}

static const char *type_words(int type)
{
    switch (type) {
    case SQLITE_TEXT: return "text";
    case SQLITE_BLOB: return "a BLOB";
    case SQLITE_NULL: return "NULL";
    default: return "a number";
    }
}

static const char *number_fault(enum kind kind, sqlite3_stmt *statement, int i)
{
    if (kind == LOSS)
        return NULL;
    if (kind == REAL)
        return isfinite(sqlite3_column_double(statement, i)) ? NULL : "infinite";
    if (sqlite3_column_type(statement, i) == SQLITE_FLOAT)
        return "a fraction or too large";
    int64_t value = sqlite3_column_int64(statement, i), most = kind == SMALL ? INT32_MAX : (int64_t)1 << 53;
    if (kind == INT || (value >= 0 && value <= most))
        return NULL;
    return value < 0 ? "negative" : "too large";
}

/* What is wrong with the value; NULL: nothing. *nomem: it could not be read. */
static const char *fault_of(const struct column *c, sqlite3_stmt *statement, int i, bool *nomem)
{
    int type = sqlite3_column_type(statement, i);
    if (type == SQLITE_NULL)
        return c->may_be_null ? NULL : type_words(type);
    if (c->kind == TEXT && type == SQLITE_TEXT) {
        const unsigned char *value = sqlite3_column_text(statement, i);
        *nomem = !value;
        return value && memchr(value, 0, (size_t)sqlite3_column_bytes(statement, i)) ? "text with a NUL byte" : NULL;
    }
    if (c->kind == BLOB && type == SQLITE_BLOB)
        return NULL;
    if (c->kind >= TEXT || type == SQLITE_TEXT || type == SQLITE_BLOB)
        return type_words(type);
    return number_fault(c->kind, statement, i);
}

static int fail(il_store *s, sqlite3_stmt *statement, const char *expected, const struct column *c, const char *fault,
                size_t row, il_err *e)
{
    struct column id;
    int table = (int)strcspn(expected, ":");
    read_column(&id, expected + table + 2);
    int at = find(statement, &id, 0);
    bool known = id.kind == INT && sqlite3_column_type(statement, at) == SQLITE_INTEGER;
    return il_fail(e, IL_EDB, "%s: table %.*s, %.*s %lld: column %.*s is %s; expected %s", s->path, table, expected,
                   known ? (int)id.size : 3, known ? id.name : "row",
                   known ? (long long)sqlite3_column_int64(statement, at) : (long long)row, (int)c->size, c->name,
                   fault, kinds[c->kind].words);
}

int il_store_expect(il_store *s, sqlite3_stmt *statement, const char *expected, size_t row, il_err *e)
{
    const char *next = strchr(expected, ':');
    int place = 0;
    assert(next);
    for (next += 2; *next; place++) {
        struct column c;
        bool nomem = false;
        next = read_column(&c, next);
        const char *fault = fault_of(&c, statement, find(statement, &c, place), &nomem);
        if (nomem)
            return il_fail_oom(e);
        if (fault)
            return fail(s, statement, expected, &c, fault, row, e);
    }
    return IL_OK;
}
