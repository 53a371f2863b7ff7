/* expect.c - checks rows for what their readers rely on. */
#include <assert.h>
#include <math.h>
#include <string.h>
#include "store/expect.h"

/* One column of the text: "name text?" */
struct column {
    const char *name;
    int name_size;
    char kind[8];
    bool may_be_null;
};

static const struct {
    const char *name, *words;
} kinds[] = { { "int", "a whole number" },
              { "count", "a whole number of 0 or more" },
              { "small", "a whole number from 0 to 2147483647" },
              { "real", "a finite number" },
              { "loss", "a number" },
              { "text", "text" },
              { "blob", "a BLOB" } };

static const char *words_of(const char *kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kind, kinds[i].name) == 0)
            return kinds[i].words;
    assert(!"the kind is not known");
    return "";
}

/* Reads "the name kind?"; what follows it. */
static const char *read_column(struct column *out, const char *text)
{
    const char *end = text + strcspn(text, ","), *kind = end;
    while (kind[-1] != ' ')
        kind--;
    *out = (struct column){ .name = text, .name_size = (int)(kind - 1 - text), .may_be_null = end[-1] == '?' };
    size_t size = (size_t)(end - kind) - out->may_be_null;
    assert(size < sizeof out->kind);
    memcpy(out->kind, kind, size);
    return end + strspn(end, ", ");
}

static int find(sqlite3_stmt *statement, const struct column *c)
{
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        const char *name = sqlite3_column_name(statement, i);
        if (name && strlen(name) == (size_t)c->name_size && memcmp(name, c->name, strlen(name)) == 0)
            return i;
    }
    return -1;
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

static const char *number_fault(const char *kind, sqlite3_stmt *statement, int i)
{
    if (strcmp(kind, "loss") == 0)
        return NULL;
    if (strcmp(kind, "real") == 0)
        return isfinite(sqlite3_column_double(statement, i)) ? NULL : "infinite";
    if (sqlite3_column_type(statement, i) == SQLITE_FLOAT)
        return "a fraction or too large";
    int64_t value = sqlite3_column_int64(statement, i);
    int64_t most = strcmp(kind, "small") == 0 ? INT32_MAX : (int64_t)1 << 53;
    if (strcmp(kind, "int") == 0 || (value >= 0 && value <= most))
        return NULL;
    return value < 0 ? "negative" : "too large";
}

/* What is wrong with the value; NULL: nothing. *nomem: it could not be read. */
static const char *fault_of(const struct column *c, sqlite3_stmt *statement, int i, bool *nomem)
{
    int type = sqlite3_column_type(statement, i);
    bool text = strcmp(c->kind, "text") == 0, blob = strcmp(c->kind, "blob") == 0;
    if (type == SQLITE_NULL)
        return c->may_be_null ? NULL : type_words(type);
    if (text && type == SQLITE_TEXT) {
        const unsigned char *value = sqlite3_column_text(statement, i);
        *nomem = !value;
        return value && memchr(value, 0, (size_t)sqlite3_column_bytes(statement, i)) ? "text with a NUL byte" : NULL;
    }
    if (blob && type == SQLITE_BLOB)
        return NULL;
    if (text || blob || type == SQLITE_TEXT || type == SQLITE_BLOB)
        return type_words(type);
    return number_fault(c->kind, statement, i);
}

static int fail(il_store *s, sqlite3_stmt *statement, const char *expected, const struct column *c, const char *fault,
                size_t row, il_err *e)
{
    struct column id;
    int table = (int)strcspn(expected, ":");
    read_column(&id, expected + table + 2);
    int at = find(statement, &id);
    bool known = strcmp(id.kind, "int") == 0 && sqlite3_column_type(statement, at) == SQLITE_INTEGER;
    return il_fail(e, IL_EDB, "%s: table %.*s, %.*s %lld: column %.*s is %s; expected %s", s->path, table, expected,
                   known ? id.name_size : 3, known ? id.name : "row",
                   known ? (long long)sqlite3_column_int64(statement, at) : (long long)row, c->name_size, c->name,
                   fault, words_of(c->kind));
}

int il_store_expect(il_store *s, sqlite3_stmt *statement, const char *expected, size_t row, il_err *e)
{
    struct column c;
    const char *next = strchr(expected, ':');
    assert(next);
    for (next += 2; *next;) {
        bool nomem = false;
        next = read_column(&c, next);
        int i = find(statement, &c);
        assert(i >= 0);
        const char *fault = i < 0 ? "missing" : fault_of(&c, statement, i, &nomem);
        if (nomem)
            return il_fail_oom(e);
        if (fault)
            return fail(s, statement, expected, &c, fault, row, e);
    }
    return IL_OK;
}
