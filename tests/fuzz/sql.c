/* sql.c - one query as `inpaintlab sql` runs it, on a connection as every part of the program opens it: SQL, then a NUL,
 * then a BLOB that stands for each ?1. */
#include "fuzz.h"
#include "store/store.h"

enum { LONGEST = 1 << 16, MOST_ROWS = 100, MEMORY = 64 << 20 };

/* The query with the BLOB as a literal. */
static const char *put_blob(const char *sql, const uint8_t *blob, size_t size)
{
    static char text[LONGEST];
    size_t used = 0;
    for (; *sql; sql++) {
        if (used + 2 * size + 4 > sizeof text)
            return NULL;
        if (sql[0] != '?' || sql[1] != '1') {
            text[used++] = *sql;
            continue;
        }
        used += (size_t)sprintf(text + used, "x'");
        for (size_t i = 0; i < size; i++)
            used += (size_t)sprintf(text + used, "%02x", blob[i]);
        text[used++] = '\'';
        sql++;
    }
    text[used] = '\0';
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static il_store *store;
    const uint8_t *end = memchr(data, 0, size);
    il_err e = { 0 };
    il_rows rows = { 0 };
    bool more = false;
    if (!store && il_store_open(&store, ":memory:", &e) != IL_OK)
        abort();
    const char *sql = end ? put_blob((const char *)data, end + 1, size - (size_t)(end + 1 - data)) : NULL;
    if (!sql)
        return 0;
    il_store_guard(store, fuzz_late(), MEMORY);
    fuzz_told(il_store_query_first(&rows, &more, store, sql, MOST_ROWS, &e), &e);
    il_store_rows_free(&rows);
    return 0;
}
