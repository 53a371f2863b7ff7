/* prune.c - runs that no experiment asks for any more: their rows, their files and who else needs them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/array.h"
#include "base/draft.h"
#include "base/file.h"
#include "base/text.h"
#include "store/database.h"
#include "store/prune.h"
#include "store/run_files.h"

/* Settling an experiment takes away the cells of stale runs. A run that was not tested yet has none: the latest of its name
 * is asked for. */
#define IS_ASKED_FOR                                                                                                   \
    "(EXISTS (SELECT 1 FROM experiment_cells c WHERE c.run = r.id) OR EXISTS (SELECT 1 FROM experiment_runs n"         \
    " WHERE n.run = r.id AND NOT EXISTS (SELECT 1 FROM experiment_runs o JOIN runs q ON q.id = o.run"                  \
    "  WHERE o.experiment = n.experiment AND o.name = n.name AND (q.started_at, q.id) > (r.started_at, r.id))))"

static int folder_of(il_run_path *out, const il_store *s, const char *hash, il_err *e)
{
    il_run_path runs;
    int rc = il_run_files_folder(&runs, s->path, e);
    if (!rc)
        *out = il_run_files_path(runs.text, hash, "");
    return rc;
}

/* Bytes of the files right in a folder; 0 where there is none. */
static uint64_t bytes_in(const char *folder)
{
    il_file_names names = { 0 };
    il_err ignored = { 0 };
    struct stat st;
    uint64_t bytes = 0;
    (void)il_file_list(&names, folder, &ignored);
    for (size_t i = 0; i < names.count; i++) {
        char *path = il_text_path(folder, names.list[i]);
        if (path && lstat(path, &st) == 0)
            bytes += (uint64_t)st.st_size;
        free(path);
    }
    il_file_names_free(&names);
    return bytes;
}

static int add(il_prune_list *l, il_store *s, const il_rows *rows, size_t i, il_err *e)
{
    il_run_path folder;
    il_pruned p = { .id = il_rows_int(rows, i, "id"), .tests = il_rows_int(rows, i, "tests") };
    const char *hash = il_rows_word(rows, i, "hash");
    if (!il_run_files_is_hash(hash))
        return il_fail(e, IL_EDB,
                       "%s: table runs, id %lld: column hash is not a SHA-256; expected 64 hexadecimal digits", s->path,
                       (long long)p.id);
    memcpy(p.hash, hash, sizeof p.hash);
    snprintf(p.status, sizeof p.status, "%s", il_rows_word(rows, i, "status"));
    int rc = folder_of(&folder, s, hash, e);
    if (rc)
        return rc;
    il_pruned *more = il_array_grow(l->list, l->count, sizeof *more);
    if (!more)
        return il_fail_oom(e);
    l->list = more;
    p.name = il_text_copy(il_rows_word(rows, i, "name"));
    if (!p.name)
        return il_fail_oom(e);
    p.bytes = bytes_in(folder.text);
    more[l->count++] = p;
    return IL_OK;
}

/* ---- databases in the same folder ---- */

/* By its first bytes, or by its name where these are damaged. A file that cannot be read may be one. */
static int look_for_database(bool *yes, const char *path, il_err *e)
{
    static const char magic[] = "SQLite format 3";
    char head[sizeof magic];
    uint64_t size = 0;
    int fd = -1;
    int rc = il_file_open(&fd, &size, path, IL_FILE_ANY, e);
    if (rc)
        return rc;
    if (size >= sizeof head && (rc = il_file_pread(fd, head, sizeof head, 0, e)) != IL_OK)
        il_fail_in(e, "%s", path);
    close(fd);
    *yes = !rc && size > 0 &&
           (il_text_ends(path, ".sqlite") || (size >= sizeof head && memcmp(head, magic, sizeof magic) == 0));
    return rc;
}

static int mark_shared(il_prune_list *l, const char *path, il_err *e)
{
    il_store *other = NULL;
    int rc = il_store_open_beside(&other, path, e);
    for (size_t i = 0; i < l->count && !rc && other; i++) {
        il_run_row row;
        rc = il_store_find_run(&row, other, l->list[i].hash, e);
        l->list[i].shared = l->list[i].shared || (!rc && row.status != IL_RUN_NONE);
    }
    il_store_close(other);
    return rc;
}

/* Neither our own database nor what SQLite keeps beside one is opened here: to close it would let go of SQLite's locks. */
static int look_at(il_prune_list *l, const char *path, const struct stat *own, il_err *e)
{
    static const char *const parts[] = { "-wal", "-shm", "-journal" };
    struct stat st;
    bool is_database = false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (il_text_ends(path, parts[i]))
            return IL_OK;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_ino == own->st_ino && st.st_dev == own->st_dev))
        return IL_OK;
    int rc = look_for_database(&is_database, path, e);
    if (!rc && is_database)
        rc = mark_shared(l, path, e);
    if (!rc || rc == IL_ENOMEM || !e)
        return rc;
    return il_fail(e, rc, "%s; nothing was removed, since it may need files of runs here", e->message);
}

static int look_beside(il_prune_list *l, const il_store *s, il_err *e)
{
    const char *slash = strrchr(s->path, '/');
    char *folder = slash ? strndup(s->path, (size_t)(slash - s->path + 1)) : il_text_copy(".");
    il_file_names names = { 0 };
    struct stat own;
    int rc = folder ? il_file_list(&names, folder, e) : il_fail_oom(e);
    if (!rc && stat(s->path, &own) != 0)
        rc = il_fail(e, IL_EIO, "%s: %s", s->path, strerror(errno));
    for (size_t i = 0; i < names.count && !rc; i++) {
        char *path = il_text_path(folder, names.list[i]);
        rc = path ? look_at(l, path, &own, e) : il_fail_oom(e);
        free(path);
    }
    il_file_names_free(&names);
    free(folder);
    return rc;
}

/* ---- all ---- */

static int by_size(const void *a, const void *b)
{
    const il_pruned *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return (x->id > y->id) - (x->id < y->id);
}

int il_prune_find(il_prune_list *out, il_store *s, il_err *e)
{
    il_prune_list l = { 0 };
    il_rows rows = { 0 };
    int rc = il_store_read(&rows, s, "runs: id int, hash text, name text, status text, tests count",
                           "SELECT id, hash, name, status, (SELECT COUNT(*) FROM tests WHERE run = r.id) AS tests"
                           " FROM runs r WHERE NOT " IS_ASKED_FOR,
                           NULL, e);
    for (size_t i = 0; i < rows.count && !rc; i++)
        rc = add(&l, s, &rows, i, e);
    il_store_rows_free(&rows);
    if (!rc && l.count)
        rc = look_beside(&l, s, e);
    if (rc) {
        il_prune_free(&l);
        return rc;
    }
    if (l.count)
        qsort(l.list, l.count, sizeof *l.list, by_size);
    *out = l;
    return IL_OK;
}

void il_prune_free(il_prune_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->list[i].name);
    free(l->list);
    *l = (il_prune_list){ 0 };
}

int il_prune_remove(bool *removed, il_store *s, const il_pruned *run, il_err *e)
{
    il_run_path folder;
    int64_t gone = 0;
    int rc = folder_of(&folder, s, run->hash, e);
    if (!rc)
        rc = il_store_begin(s, e);
    if (rc)
        return rc;
    rc = il_store_exec(&gone, s,
                       "DELETE FROM runs AS r WHERE r.id = ?1 AND r.hash = ?2 AND NOT " IS_ASKED_FOR " RETURNING id",
                       (il_bind[]){ il_bind_int(run->id), il_bind_text(run->hash), { 0 } }, e);
    if (!rc && gone && !run->shared && access(folder.text, F_OK) == 0) {
        il_draft_remove(folder.text);
        if (access(folder.text, F_OK) == 0)
            rc = il_fail(e, IL_EIO, "cannot remove %s: no permission to write to it", folder.text);
    }
    rc = il_store_end(s, rc, e);
    *removed = !rc && gone;
    return rc;
}
