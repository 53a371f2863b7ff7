/* published.c - loads the paper's figures from the embedded CSV texts into the database. */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "store/database.h"

extern const char il_embedded_published_csv[];
extern const char il_embedded_published_splits_csv[];
extern const char il_embedded_published_settings_csv[];

enum { FIELDS = 7 };

struct source {
    const char *name, *text;
    const char *empty, *insert; /* SQL; insert binds the fields of one line */
    int fields;
};

/* Splits a line at its commas, in place; our own texts use no quotes. */
static int split_fields(char *line, il_bind out[FIELDS + 1])
{
    int count = 0;
    for (char *field = line; field; count++) {
        char *comma = strchr(field, ',');
        if (comma)
            *comma++ = '\0';
        if (count < FIELDS)
            out[count] = il_bind_text(field);
        field = comma;
    }
    if (count <= FIELDS)
        out[count] = (il_bind){ 0 };
    return count;
}

static int fill_line(il_store *s, sqlite3_stmt *insert, const struct source *source, char *line, int number, il_err *e)
{
    il_bind fields[FIELDS + 1];
    if (split_fields(line, fields) != source->fields)
        return il_fail(e, IL_EFORMAT, "%s:%d: expected %d fields", source->name, number, source->fields);
    int row = 0;
    int rc = il_store_bind(s, insert, fields, e);
    if (!rc)
        rc = il_store_step(&row, s, insert, e);
    return rc ? il_fail_in(e, "%s:%d", source->name, number) : IL_OK;
}

static int fill_lines(il_store *s, const struct source *source, il_err *e)
{
    sqlite3_stmt *insert = NULL;
    char *text = il_text_copy(source->text), *rest = NULL;
    int rc = text ? il_store_prepare(&insert, s, source->insert, e) : il_fail_oom(e);
    if (!rc)
        strtok_r(text, "\r\n", &rest); /* the header */
    for (int number = 2; !rc; number++) {
        char *line = strtok_r(NULL, "\r\n", &rest);
        if (!line)
            break;
        rc = fill_line(s, insert, source, line, number, e);
    }
    sqlite3_finalize(insert);
    free(text);
    return rc;
}

static int fill(il_store *s, const struct source *source, il_err *e)
{
    int64_t same = 0;
    il_bind values[] = { il_bind_text(source->name), il_bind_text(source->text), { 0 } };
    int rc = il_store_exec(&same, s, "SELECT COUNT(*) FROM sources WHERE name = ?1 AND text = ?2", values, e);
    if (rc || same)
        return rc;

    rc = il_store_begin(s, e);
    if (rc)
        return rc;
    rc = il_store_script(s, source->empty, e);
    if (!rc)
        rc = fill_lines(s, source, e);
    if (!rc)
        rc = il_store_exec(NULL, s, "INSERT OR REPLACE INTO sources (name, text) VALUES (?1, ?2)", values, e);
    return il_store_end(s, rc, e);
}

int il_store_publish(il_store *s, il_err *e)
{
    const struct source sources[] = {
        { "published.csv", il_embedded_published_csv, "DELETE FROM published",
          "INSERT INTO published (published_table, dataset, model, mask_policy, trained_on, tested_on, iou)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
          7 },
        { "published-splits.csv", il_embedded_published_splits_csv, "DELETE FROM published_splits",
          "INSERT INTO published_splits (dataset, split, count, ran) VALUES (?1, ?2, ?3, NULLIF(?4, ''))", 4 },
        { "published-settings.csv", il_embedded_published_settings_csv, "DELETE FROM published_settings",
          "INSERT INTO published_settings (published_table, model, mask_policy, key, value)"
          " VALUES (?1, ?2, ?3, ?4, CASE WHEN ?5 GLOB '*[^0-9.]*' THEN ?5 ELSE CAST(?5 AS NUMERIC) END)",
          5 },
    };
    int rc = IL_OK;
    for (size_t i = 0; !rc && i < sizeof sources / sizeof *sources; i++)
        rc = fill(s, &sources[i], e);
    return rc;
}
