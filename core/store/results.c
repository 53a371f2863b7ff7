/* results.c - tests with their counts per image, cells, split sizes and file hashes as rows. */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "store/expect.h"
#include "store/stats/histogram.h"

enum { CACHE_PATIENCE_MS = 1000 }; /* for a lock on the cache of file hashes */

#define NOW "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"

int il_store_find_test(int64_t *id, il_store *s, int64_t run, const char *digest, const char *split, int batch,
                       il_err *e)
{
    return il_store_exec(
        id, s, "SELECT id FROM tests WHERE run = ?1 AND digest = ?2 AND split = ?3 AND batch = ?4 AND status = 'done'",
        (il_bind[]){ il_bind_int(run), il_bind_text(digest), il_bind_text(split), il_bind_int(batch), { 0 } }, e);
}

static il_bind level_of(const char *degradation, double level)
{
    return il_bind_real(degradation ? level : NAN);
}

/* unknown: only where nothing was noted before. */
static int put_fit(il_store *s, int64_t id, const il_test_record *t, bool unknown, il_err *e)
{
    il_bind values[] = { il_bind_int(id),
                         il_bind_text(t->fit),
                         il_bind_int(t->tile),
                         il_bind_int(t->overlap),
                         il_bind_text(t->padding),
                         il_bind_int(t->no_truth),
                         il_bind_text(t->no_truth_example),
                         t->leaked < 0 ? il_bind_text(NULL) : il_bind_int(t->leaked),
                         il_bind_text(t->leaked_example),
                         il_bind_int(unknown),
                         { 0 } };
    return il_store_exec(
        NULL, s,
        "UPDATE tests SET fit = ?2, tile = NULLIF(?3, 0), overlap = CASE WHEN ?3 > 0 THEN ?4 END, padding = ?5,"
        " no_truth = ?6, no_truth_example = ?7, leaked = ?8, leaked_example = ?9"
        " WHERE id = ?1 AND NOT (?10 AND fit IS NOT NULL)",
        values, e);
}

int il_store_note_fit(il_store *s, int64_t test, const il_test_record *t, il_err *e)
{
    return put_fit(s, test, t, true, e);
}

/* An older row of the same identity keeps its id, so that the cells that refer to it remain valid. */
static int put_test(int64_t *id, il_store *s, int64_t run, const il_test_record *t, il_err *e)
{
    il_bind values[] = { il_bind_int(run),
                         il_bind_text(t->dataset),
                         il_bind_text(t->images),
                         il_bind_text(t->split),
                         il_bind_text(t->digest),
                         il_bind_int(t->batch),
                         il_bind_text(il_store_status_name(t->status)),
                         il_bind_text(t->message),
                         il_bind_real(t->seconds),
                         il_bind_int(t->left_out),
                         il_bind_text(t->degradation),
                         level_of(t->degradation, t->level),
                         il_bind_text(t->settings),
                         { 0 } };
    int rc = il_store_exec(
        id, s,
        "INSERT INTO tests (run, dataset, images, split, digest, batch, status, message, seconds, left_out, finished_at,"
        " degradation, level, settings) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, " NOW ", ?11, ?12, ?13)"
        " ON CONFLICT (run, dataset, images, split, digest, batch, COALESCE(degradation, ''), COALESCE(level, 0.0))"
        " DO UPDATE SET status = ?7, message = ?8, seconds = ?9, left_out = ?10, settings = ?13, finished_at = " NOW
        " RETURNING id",
        values, e);
    if (!rc)
        rc = il_store_exec(NULL, s, "DELETE FROM images WHERE test = ?1", (il_bind[]){ il_bind_int(*id), { 0 } }, e);
    return rc ? rc : put_fit(s, *id, t, false, e);
}

static int put_images(il_store *s, int64_t test, const il_image_row *images, size_t count, il_err *e)
{
    sqlite3_stmt *insert = NULL;
    int more = 0;
    int rc = il_store_prepare(
        &insert, s,
        "INSERT INTO images (test, id, batch, tp, fp, fn, tn, photo) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", e);
    for (size_t i = 0; !rc && i < count; i++) {
        il_counts c = images[i].counts;
        il_bind values[] = { il_bind_int(test),
                             il_bind_text(images[i].id),
                             il_bind_int(images[i].batch),
                             il_bind_int(c.tp),
                             il_bind_int(c.fp),
                             il_bind_int(c.fn),
                             il_bind_int(c.tn),
                             il_bind_text(images[i].photo),
                             { 0 } };
        rc = il_store_bind(s, insert, values, e);
        if (!rc)
            rc = il_store_step(&more, s, insert, e);
        if (rc)
            il_fail_in(e, "image %s", images[i].id);
    }
    sqlite3_finalize(insert);
    return rc;
}

/* As in tests.bins. What is damaged is found where it is read. */
static const char *bins_of(const il_scores *c)
{
    il_bins h;
    int rc = il_histogram_decode(&h, c->bytes, c->tampered);
    return !rc && h.layout == IL_BINS_LOGIT ? "logit" : NULL;
}

static int put_scores(il_store *s, int64_t test, const il_image_row *images, size_t count, il_err *e)
{
    sqlite3_stmt *insert = NULL;
    int more = 0;
    int rc = il_store_prepare(&insert, s, "INSERT INTO scores (test, id, tampered, clean) VALUES (?1, ?2, ?3, ?4)", e);
    for (size_t i = 0; !rc && i < count; i++) {
        const il_scores *c = &images[i].scores;
        if (!c->bytes)
            continue;
        il_bind values[] = { il_bind_int(test),
                             il_bind_text(images[i].id),
                             il_bind_bytes(c->bytes, c->tampered),
                             il_bind_bytes(c->bytes + c->tampered, c->clean),
                             { 0 } };
        rc = il_store_bind(s, insert, values, e);
        if (!rc)
            rc = il_store_step(&more, s, insert, e);
        if (rc)
            il_fail_in(e, "scores of image %s", images[i].id);
    }
    sqlite3_finalize(insert);
    for (size_t i = 0; !rc && i < count; i++)
        if (images[i].scores.bytes)
            return il_store_exec(NULL, s, "UPDATE tests SET bins = ?2 WHERE id = ?1",
                                 (il_bind[]){ il_bind_int(test), il_bind_text(bins_of(&images[i].scores)), { 0 } }, e);
    return rc;
}

/* Tiles that a recipe cut are called PHOTO-0, PHOTO-1 and so on. Where all pictures of a test are called so, of more than one
 * photo, and those of one at least are all there, the names tell the photos. What a manifest names has an ending like
 * .jpg, so that no name here does. The same is done in results-8.sql for older tests. */
static const char photos_by_name[] =
    "WITH named AS (SELECT id, COALESCE(photo, id) AS name FROM images WHERE test = ?1),"
    " cut AS MATERIALIZED (SELECT id, rtrim(name, '0123456789') AS stem,"
    "  substr(name, length(rtrim(name, '0123456789')) + 1) AS tile FROM named),"
    " stems AS (SELECT stem, MIN(stem LIKE '_%-' AND tile = CAST(CAST(tile AS INTEGER) AS TEXT)) AS are_tiles,"
    "  MIN(CAST(tile AS INTEGER)) = 0 AND MAX(CAST(tile AS INTEGER)) BETWEEN 1 AND COUNT(*) - 1 AS whole FROM cut GROUP BY stem)"
    " UPDATE images SET photo = substr(cut.stem, 1, length(cut.stem) - 1) FROM cut WHERE images.test = ?1"
    " AND images.id = cut.id AND (SELECT MIN(are_tiles) AND MAX(whole) AND COUNT(*) > 1 FROM stems)";

/* A run whose data are missing. */
#define IS_HOLE "status = 'failed' AND manifest = '{}'"

static int put_cell(il_store *s, const il_cell_record *c, il_err *e)
{
    il_bind values[] = { il_bind_int(c->experiment),
                         il_bind_text(c->run_name),
                         il_bind_int(c->run),
                         il_bind_int(c->test),
                         il_bind_text(c->model),
                         il_bind_text(c->dataset),
                         il_bind_text(c->mask_policy),
                         il_bind_text(c->loss),
                         il_bind_text(c->trained_on),
                         il_bind_text(c->tested_dataset),
                         il_bind_text(c->tested_on),
                         il_bind_text(c->split),
                         il_bind_text(c->published_table),
                         il_bind_text(c->degradation),
                         level_of(c->degradation, c->level),
                         il_bind_int(c->missing),
                         { 0 } };
    return il_store_exec(
        NULL, s,
        "INSERT INTO experiment_cells (experiment, run_name, run, test, model, dataset, mask_policy, loss, trained_on,"
        " tested_dataset, tested_on, split, published_table, degradation, level)"
        " VALUES (?1, ?2, ?3, NULLIF(?4, 0), ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
        " ON CONFLICT (experiment, run_name, tested_dataset, tested_on, split, COALESCE(degradation, ''),"
        " COALESCE(level, 0.0)) DO UPDATE SET run = ?3, test = NULLIF(?4, 0), model = ?5, dataset = ?6,"
        " mask_policy = ?7, loss = ?8, trained_on = ?9, published_table = ?13"
        " WHERE NOT (?16 AND EXISTS (SELECT 1 FROM tests WHERE id = experiment_cells.test AND status = 'done')"
        " AND (experiment_cells.run = ?3 OR EXISTS (SELECT 1 FROM runs WHERE id = ?3 AND " IS_HOLE
        " AND config = (SELECT config FROM runs WHERE id = experiment_cells.run))))",
        values, e);
}

/* The run that the cell refers to so far; 0 where there is none. */
static int find_shown(int64_t *run, il_store *s, const il_cell_record *c, il_err *e)
{
    il_bind values[] = { il_bind_int(c->experiment),
                         il_bind_text(c->run_name),
                         il_bind_text(c->tested_dataset),
                         il_bind_text(c->tested_on),
                         il_bind_text(c->split),
                         il_bind_text(c->degradation),
                         level_of(c->degradation, c->level),
                         { 0 } };
    return il_store_exec(
        run, s,
        "SELECT run FROM experiment_cells WHERE experiment = ?1 AND run_name = ?2 AND tested_dataset = ?3 AND tested_on = ?4"
        " AND split = ?5 AND COALESCE(degradation, '') = COALESCE(?6, '') AND COALESCE(level, 0.0) = COALESCE(?7, 0.0)",
        values, e);
}

/* Removes a run that was recorded only because its data were missing, once no cell refers to it. */
static int drop_hole(il_store *s, int64_t run, il_err *e)
{
    return il_store_exec(NULL, s,
                         "DELETE FROM runs WHERE id = ?1 AND " IS_HOLE
                         " AND NOT EXISTS (SELECT 1 FROM experiment_cells WHERE run = ?1)",
                         (il_bind[]){ il_bind_int(run), { 0 } }, e);
}

static int write_cell(il_store *s, const il_cell_record *c, il_err *e)
{
    int64_t shown = 0;
    int rc = find_shown(&shown, s, c, e);
    if (!rc)
        rc = put_cell(s, c, e);
    if (!rc)
        rc = il_store_name_run(s, c->experiment, c->run_name, c->run, e);
    return !rc && shown && shown != c->run ? drop_hole(s, shown, e) : rc;
}

int il_store_cell(il_store *s, const il_cell_record *c, il_err *e)
{
    int rc = il_store_begin(s, e);
    return rc ? rc : il_store_end(s, write_cell(s, c, e), e);
}

static int write_test(int64_t *id, il_store *s, int64_t run, const il_test_record *t, const il_image_row *images,
                      size_t count, il_err *e)
{
    int rc = put_test(id, s, run, t, e);
    if (!rc)
        rc = put_images(s, *id, images, count, e);
    if (!rc)
        rc = il_store_exec(NULL, s, photos_by_name, (il_bind[]){ il_bind_int(*id), { 0 } }, e);
    if (!rc)
        rc = put_scores(s, *id, images, count, e);
    if (!rc)
        rc = il_store_put_metrics(s, *id, e);
    if (!rc)
        rc = il_store_write_examples(s, *id, t->examples, t->nexamples, e);
    if (rc || !t->cell)
        return rc;
    il_cell_record cell = *t->cell;
    cell.test = *id;
    return write_cell(s, &cell, e);
}

int il_store_test(int64_t *id, il_store *s, int64_t run, const il_test_record *t, const il_image_row *images,
                  size_t count, il_err *e)
{
    int64_t test = 0;
    int rc = il_store_begin(s, e);
    if (!rc)
        rc = il_store_end(s, write_test(&test, s, run, t, images, count, e), e);
    if (!rc)
        *id = test;
    return rc;
}

int il_store_settle(il_store *s, int64_t experiment, const char *run_name, int64_t run, il_err *e)
{
    il_bind values[] = { il_bind_int(experiment), il_bind_text(run_name), il_bind_int(run), { 0 } };
    int rc = il_store_begin(s, e);
    if (rc)
        return rc;
    rc = il_store_exec(NULL, s,
                       "DELETE FROM experiment_cells WHERE experiment = ?1 AND run_name = ?2 AND run <> ?3"
                       " AND NOT EXISTS (SELECT 1 FROM runs WHERE id = ?3 AND " IS_HOLE ")",
                       values, e);
    if (!rc) /* tests that only recorded missing data, whose cells refer to earlier measurements */
        rc = il_store_exec(NULL, s,
                           "DELETE FROM tests WHERE run = ?1 AND status = 'failed' AND digest = ''"
                           " AND NOT EXISTS (SELECT 1 FROM experiment_cells WHERE test = tests.id)",
                           (il_bind[]){ il_bind_int(run), { 0 } }, e);
    if (!rc)
        rc = drop_hole(s, run, e);
    return il_store_end(s, rc, e);
}

int il_store_split(il_store *s, const char *dataset, const char *images, const char *split, int64_t count,
                   int64_t left_out, const char *digest, il_err *e)
{
    il_bind values[] = { il_bind_text(dataset),
                         il_bind_text(images),
                         il_bind_text(split),
                         il_bind_int(count),
                         il_bind_int(left_out),
                         il_bind_text(digest),
                         { 0 } };
    return il_store_exec(NULL, s,
                         "INSERT OR REPLACE INTO splits (dataset, images, split, count, left_out, digest, seen_at)"
                         " VALUES (?1, ?2, ?3, ?4, ?5, ?6, " NOW ")",
                         values, e);
}

static bool is_fact(il_store *s, sqlite3_stmt *statement)
{
    return il_store_expect(s, statement, "files: sha256 text, width small?, height small?, levels text?", 1, NULL) ==
           IL_OK;
}

int il_store_file_facts(bool *found, il_file_facts *f, il_store *s, const char *path, int64_t size, int64_t mtime_ns,
                        il_err *e)
{
    sqlite3_stmt *statement = NULL;
    int more = 0;
    int rc = il_store_prepare(
        &statement, s,
        "SELECT sha256, width, height, levels FROM files WHERE path = ?1 AND size = ?2 AND mtime_ns = ?3", e);
    if (!rc)
        rc = il_store_bind(s, statement,
                           (il_bind[]){ il_bind_text(path), il_bind_int(size), il_bind_int(mtime_ns), { 0 } }, e);
    if (!rc)
        rc = il_store_step(&more, s, statement, e);
    if (!rc && more && !is_fact(s, statement)) /* damaged: as if it were not there */
        more = 0;
    if (!rc && more) {
        *f = (il_file_facts){ .width = sqlite3_column_int(statement, 1), .height = sqlite3_column_int(statement, 2) };
        il_store_text(f->sha256, sizeof f->sha256, statement, 0);
        il_store_text(f->levels, sizeof f->levels, statement, 3);
    }
    *found = !rc && more;
    sqlite3_finalize(statement);
    return !rc && !more && s->memo ? il_store_file_facts(found, f, s->memo, path, size, mtime_ns, e) : rc;
}

/* Many runs share their files, so facts that the database cannot take are kept while it is open. */
static int remember(il_store *s, const char *path, int64_t size, int64_t mtime_ns, const il_file_facts *f, il_err *e)
{
    int rc = s->memo ? IL_OK : il_store_open(&s->memo, ":memory:", e);
    return rc ? rc : il_store_put_file_facts(s->memo, path, size, mtime_ns, f, e);
}

/* A lost row is simply computed again, so this does not wait for the disk: there may be tens of thousands. */
static int put_row(il_store *s, const char *path, int64_t size, int64_t mtime_ns, const il_file_facts *f, il_err *e)
{
    int rc = il_store_script(s, "PRAGMA synchronous = NORMAL", e);
    if (!rc)
        rc = il_store_exec(NULL, s,
                           "INSERT OR REPLACE INTO files (path, size, mtime_ns, sha256, width, height, levels)"
                           " VALUES (?1, ?2, ?3, ?4, NULLIF(?5, 0), NULLIF(?6, 0), NULLIF(?7, ''))",
                           (il_bind[]){ il_bind_text(path),
                                        il_bind_int(size),
                                        il_bind_int(mtime_ns),
                                        il_bind_text(f->sha256),
                                        il_bind_int(f->width),
                                        il_bind_int(f->height),
                                        il_bind_text(f->levels),
                                        { 0 } },
                           e);
    int back = il_store_script(s, "PRAGMA synchronous = FULL", !rc ? e : NULL);
    return rc ? rc : back;
}

/* Nor for other programs, once one of them has held the lock for long: it may do so for hours. */
int il_store_put_file_facts(il_store *s, const char *path, int64_t size, int64_t mtime_ns, const il_file_facts *f,
                            il_err *e)
{
    int64_t only_read = 0;
    il_err busy = { 0 };
    int rc = il_store_exec(&only_read, s, "PRAGMA query_only", NULL, e);
    if (!rc && only_read)
        return remember(s, path, size, mtime_ns, f, e);
    if (rc)
        return rc;
    int patience = s->patience_ms;
    s->patience_ms = s->cache == IL_CACHE_OPEN ? CACHE_PATIENCE_MS : 0;
    rc = put_row(s, path, size, mtime_ns, f, &busy);
    s->patience_ms = patience;
    if (rc == IL_EBUSY) {
        s->cache = s->cache == IL_CACHE_OPEN ? IL_CACHE_LOCKED : s->cache;
        return remember(s, path, size, mtime_ns, f, e);
    }
    return rc ? il_fail(e, rc, "%s", busy.message) : IL_OK;
}

bool il_store_cache_locked(il_store *s)
{
    bool news = s->cache == IL_CACHE_LOCKED;
    if (news)
        s->cache = IL_CACHE_TOLD;
    return news;
}
