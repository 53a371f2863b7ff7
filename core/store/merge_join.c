/* merge_join.c - joins a shard into a database. Its rows are read from a private copy, attached to the target's connection: a
 * shard may be of an older version, lie in a folder that is read-only, or change meanwhile. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "base/text.h"
#include "store/merge_parts.h"

enum { MOST_TRIES = 20, IN_MEMORY = 128 << 20 };

int il_merge_source_open(il_merge_source **out, const char *path, il_err *e)
{
    il_merge_source *s = calloc(1, sizeof *s);
    if (!s)
        return il_fail_oom(e);
    int rc = il_run_files_folder(&s->folder, path, e);
    if (!rc)
        rc = il_store_open_readonly(&s->store, path, e);
    if (!rc) /* until it is closed: what is checked is what is copied */
        rc = il_store_script(s->store, "BEGIN", e);
    if (!rc)
        rc = il_store_check(s->store, il_store_migrations(), e);
    if (!rc)
        rc = il_merge_check(s->store, e);
    if (rc) {
        il_merge_source_close(s);
        return rc;
    }
    *out = s;
    return IL_OK;
}

void il_merge_source_close(il_merge_source *s)
{
    if (!s)
        return;
    il_store_close(s->store);
    free(s);
}

/* A copy in memory, or of a large shard in a temporary file, which goes with the connection. */
static int attach(il_store *target, const il_merge_source *shard, il_err *e)
{
    int64_t bytes = 0;
    int rc = il_store_exec(&bytes, shard->store,
                           "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()", NULL, e);
    sqlite3_limit(target->db, SQLITE_LIMIT_ATTACHED, 1);
    if (!rc)
        rc = il_store_script(target, bytes <= IN_MEMORY ? "ATTACH ':memory:' AS shard" : "ATTACH '' AS shard", e);
    sqlite3_backup *backup = rc ? NULL : sqlite3_backup_init(target->db, "shard", shard->store->db, "main");
    int result = backup ? sqlite3_backup_step(backup, -1) : SQLITE_DONE;
    if (!rc && !backup)
        result = sqlite3_errcode(target->db);
    sqlite3_backup_finish(backup);
    return rc || result == SQLITE_DONE ? rc : il_store_fail(target, result, e);
}

/* What is not wanted goes from the copy. */
static int keep_only(il_store *target, const char *const *hashes, il_err *e)
{
    sqlite3_stmt *statement = NULL;
    il_text list = { 0 };
    int more = 0;
    for (const char *const *hash = hashes; *hash; hash++)
        il_text_add(&list, "%s\"%s\"", hash == hashes ? "[" : ",", *hash);
    il_text_add(&list, "%s]", *hashes ? "" : "[");
    int rc = list.failed
                 ? il_fail_oom(e)
                 : il_store_prepare(&statement, target,
                                    "DELETE FROM shard.runs WHERE hash NOT IN (SELECT value FROM json_each(?1))", e);
    if (!rc)
        rc = il_store_bind(target, statement, (il_bind[]){ il_bind_text(list.data), { 0 } }, e);
    if (!rc)
        rc = il_store_step(&more, target, statement, e);
    sqlite3_finalize(statement);
    il_text_free(&list);
    return rc;
}

static void detach(il_store *target)
{
    static const char *const tables[] = { "chosen", "again", "measured", "asked", "named", "places" };
    char sql[60];
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        snprintf(sql, sizeof sql, "DROP TABLE IF EXISTS temp.%s", tables[i]);
        sqlite3_exec(target->db, sql, NULL, NULL, NULL);
    }
    sqlite3_exec(target->db, "DETACH shard", NULL, NULL, NULL);
    sqlite3_limit(target->db, SQLITE_LIMIT_ATTACHED, 0);
}

/* Files without a lock on the database, for they may be many; then the rows, if it is still as it was. */
static int join_once(bool *done, il_merge_sum *sum, il_store *target, const char *folder, const il_merge_source *shard,
                     const il_merge_opts *opts, il_err *e)
{
    bool keep_shard = opts->keep == IL_KEEP_SHARD;
    il_merge_sum new = { 0 };
    int rc = il_merge_decide(target, "chosen", keep_shard, e);
    if (!rc)
        rc = il_merge_files(&new, target, folder, shard, opts, e);
    if (!rc)
        rc = il_store_begin(target, e);
    if (rc)
        return rc;
    rc = il_merge_decide(target, "again", keep_shard, e);
    if (!rc)
        rc = il_merge_same(done, target, e);
    if (!rc && *done)
        rc = il_merge_rows(&new, target, folder, e);
    rc = il_store_end(target, rc, e);
    if (!rc && *done) {
        sum->runs += new.runs;
        sum->tests += new.tests;
        sum->known += new.known;
        sum->conflicts += new.conflicts;
        sum->lost += new.lost;
    }
    return rc;
}

static int join(il_merge_sum *sum, il_store *target, const il_merge_source *shard, const il_merge_opts *opts, il_err *e)
{
    il_run_path folder;
    bool done = false;
    int rc = il_run_files_folder(&folder, target->path, e);
    for (int i = 0; !rc && !done && i < MOST_TRIES; i++)
        rc = join_once(&done, sum, target, folder.text, shard, opts, e);
    if (!rc && !done)
        rc = il_fail(e, IL_EBUSY, "%s: other programs write to it all the time; merge when they are done",
                     target->path);
    if (rc == IL_EDB && (target->trouble == SQLITE_CONSTRAINT || target->trouble == SQLITE_ERROR))
        il_fail_in(e, "%s", shard->store->path);
    return rc;
}

int il_merge(il_merge_sum *sum, il_store *target, const il_merge_source *shard, const il_merge_opts *opts, il_err *e)
{
    struct stat st;
    if (target->file && stat(shard->store->path, &st) == 0 && st.st_ino == target->file && st.st_dev == target->device)
        return il_fail(e, IL_EUSAGE, "%s: is the database that the others are merged into", shard->store->path);
    int rc = attach(target, shard, e);
    if (!rc && opts->only)
        rc = keep_only(target, opts->only, e);
    if (!rc)
        rc = join(sum, target, shard, opts, e);
    detach(target);
    return rc;
}
