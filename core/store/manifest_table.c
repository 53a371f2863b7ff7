/* manifest_table.c - the manifest of a built data set as a temporary table, to be queried with the measurements. */
#include <stdio.h>
#include "dataset/manifest.h"
#include "store/database.h"

static const char table[] =
    "CREATE TEMP TABLE IF NOT EXISTS samples (data TEXT NOT NULL, split TEXT NOT NULL, id TEXT NOT NULL, photo TEXT,"
    " photo_sha256 TEXT, tile INTEGER, seed TEXT, masker TEXT, rule TEXT, area REAL, core REAL, prompt TEXT,"
    " inpainted_by TEXT, inpainted_sha256 TEXT, reconstructed_by TEXT, reconstructed_sha256 TEXT, settings TEXT,"
    " PRIMARY KEY (data, split, id)) WITHOUT ROWID";

static int add(il_store *s, sqlite3_stmt *insert, const char *folder, const il_sample *x, il_err *e)
{
    char seed[24];
    int more = 0;
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)x->seed);
    il_bind values[] = { il_bind_text(folder),
                         il_bind_text(x->split),
                         il_bind_text(x->id),
                         il_bind_text(x->photo),
                         il_bind_text(x->photo_sha256),
                         il_bind_int(x->tile),
                         il_bind_text(seed),
                         il_bind_text(x->masker),
                         il_bind_text(x->rule),
                         il_bind_real(x->area),
                         il_bind_real(x->core),
                         il_bind_text(x->prompt),
                         il_bind_text(x->inpainted_by),
                         il_bind_text(x->inpainted_sha256),
                         il_bind_text(x->reconstructed_by),
                         il_bind_text(x->reconstructed_sha256),
                         il_bind_text(x->settings),
                         { 0 } };
    int rc = il_store_bind(s, insert, values, e);
    return rc ? rc : il_store_step(&more, s, insert, e);
}

static int fill(il_store *s, const char *folder, const il_manifest *m, il_err *e)
{
    sqlite3_stmt *insert = NULL;
    int rc = il_store_script(s, table, e);
    if (!rc)
        rc = il_store_prepare(&insert, s,
                              "INSERT INTO samples VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, -1), ?7, ?8, ?9, ?10,"
                              " ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
                              e);
    for (size_t i = 0; !rc && i < m->count; i++)
        rc = add(s, insert, folder, &m->list[i], e);
    sqlite3_finalize(insert);
    return rc;
}

int il_store_samples(il_store *s, const char *folder, il_err *e)
{
    il_manifest m = { 0 };
    int64_t only = 0;
    int rc = il_manifest_of(&m, folder, e);
    if (!rc)
        rc = il_store_exec(&only, s, "PRAGMA query_only", NULL, e);
    if (!rc)
        rc = il_store_script(s, "PRAGMA query_only = OFF; SAVEPOINT samples", e);
    if (!rc) {
        rc = fill(s, folder, &m, e);
        int end = il_store_script(s, "RELEASE samples", !rc ? e : NULL);
        rc = rc ? rc : end;
    }
    if (only) /* a reader may create only this temporary table */
        il_store_script(s, "PRAGMA query_only = ON", !rc ? e : NULL);
    il_manifest_free(&m);
    return rc;
}
