/* merge_files.c - weights and checkpoints of the runs that come in: linked where the file system can, else copied. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/atomic_file.h"
#include "base/sha256.h"
#include "base/text.h"
#include "store/expect.h"
#include "store/merge_parts.h"

/* ---- one file ---- */

static int copy_open(il_atomic_file *to, int fd, uint64_t left, const char *from, il_err *e)
{
    char room[1 << 16];
    size_t got = 0;
    int rc = IL_OK;
    for (; !rc && left; left -= got)
        if ((rc = il_file_next(&got, fd, room, sizeof room, left, from, e)) == IL_OK)
            rc = il_atomic_file_put(to, room, got, e);
    return rc;
}

static int copy_file(const char *to, const char *from, il_err *e)
{
    il_atomic_file out;
    uint64_t size = 0;
    int fd = -1, rc = il_file_open(&fd, &size, from, IL_FILE_ANY, e);
    if (rc)
        return rc;
    rc = il_atomic_file_begin(&out, to, e);
    if (!rc)
        rc = il_atomic_file_end(&out, to, true, copy_open(&out, fd, size, from, e), e);
    close(fd);
    return rc;
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static bool has_hash(const char *path, const char *sha256)
{
    il_digest d;
    il_err ignored = { 0 };
    return is_there(path) && il_sha256_file(&d, path, &ignored) == IL_OK && strcmp(d.hex, sha256) == 0;
}

/* A link is there whole or not at all; nobody writes into files of runs, new ones take their places. */
static int place(const char *to, const char *from, il_err *e)
{
    struct stat st;
    int rc = il_file_make_parents(to, e);
    bool plain = !rc && lstat(from, &st) == 0 && S_ISREG(st.st_mode);
    if (rc || (plain && link(from, to) == 0))
        return rc;
    return copy_file(to, from, e);
}

/* ---- weights ---- */

/* One row of `chosen`. */
struct run {
    char hash[65], sha256[65], before[65], name[200];
    bool taken, done, apart, conflict;
};

/* Where the weights lie, by their hash; false: nowhere. */
static bool find_weights(il_run_path *out, const char *folder, const struct run *r)
{
    il_run_path plain = il_run_files_path(folder, r->hash, IL_RUN_WEIGHTS),
                aside = il_run_files_aside(folder, r->hash, r->sha256);
    *out = plain;
    if (has_hash(plain.text, r->sha256))
        return true;
    *out = aside;
    return has_hash(aside.text, r->sha256);
}

/* A path of weights -> that of their calibration, or of others'. */
static il_run_path calibration_of(const char *weights)
{
    il_run_path p;
    snprintf(p.text, sizeof p.text, "%.*s" IL_RUN_CALIBRATION, (int)(sizeof p.text - sizeof IL_RUN_CALIBRATION),
             weights);
    return p;
}

/* Other weights in the place where those of the run belong are renamed, as `run` does, and their calibration with them. */
static int put_aside(const char *folder, const struct run *r, il_err *e)
{
    il_digest d;
    il_run_path there = il_run_files_path(folder, r->hash, IL_RUN_WEIGHTS), calibration = calibration_of(there.text);
    if (!is_there(there.text))
        return IL_OK;
    int rc = il_sha256_file(&d, there.text, e);
    if (rc)
        return rc;
    il_run_path aside = il_run_files_aside(folder, r->hash, d.hex);
    if (rename(there.text, aside.text) != 0 ||
        (is_there(calibration.text) && rename(calibration.text, calibration_of(aside.text).text) != 0))
        return il_fail(e, IL_EIO, "cannot rename %s: %s", there.text, strerror(errno));
    return IL_OK;
}

/* What `detect --calibrate` left beside the weights; one that is there already stays. */
static int place_calibration(const char *to, const char *from, const struct run *r, il_err *e)
{
    il_run_path source = calibration_of(from), target = calibration_of(to);
    bool wanted = is_there(source.text) && !is_there(target.text);
    return wanted && has_hash(to, r->sha256) ? place(target.text, source.text, e) : IL_OK;
}

static int place_weights(bool *lost, const char *folder, const il_merge_source *shard, const struct run *r, il_err *e)
{
    il_run_path from, to = il_run_files_path(folder, r->hash, IL_RUN_WEIGHTS),
                      aside = il_run_files_aside(folder, r->hash, r->sha256);
    const char *wanted = r->apart ? aside.text : to.text;
    if (!r->taken && !r->apart && (is_there(to.text) || is_there(aside.text))) /* of a run that was known */
        return place_calibration(to.text, il_run_files_path(shard->folder.text, r->hash, IL_RUN_WEIGHTS).text, r, e);
    if (!find_weights(&from, shard->folder.text, r)) {
        *lost = !has_hash(wanted, r->sha256);
        return IL_OK;
    }
    bool own = is_same_file(shard->folder.text, folder); /* a folder that databases share has them all */
    if (own && r->apart)
        return IL_OK;
    if (is_same_file(wanted, from.text) || has_hash(wanted, r->sha256))
        return place_calibration(wanted, from.text, r, e);
    int rc = r->apart ? IL_OK : put_aside(folder, r, e);
    if (!rc && !r->apart && has_hash(aside.text, r->sha256)) { /* kept by an earlier merge, or by that database */
        if (rename(aside.text, to.text) != 0)
            rc = il_fail(e, IL_EIO, "cannot rename %s: %s", aside.text, strerror(errno));
    } else if (!rc)
        rc = place(wanted, from.text, e);
    return rc ? rc : place_calibration(wanted, from.text, r, e);
}

/* Whether the run's weights lie beside others in the folder, whose checkpoint it is then. */
static bool is_aside(const char *folder, const struct run *r)
{
    return is_there(il_run_files_aside(folder, r->hash, r->sha256).text);
}

/* An unfinished run goes on from the checkpoint of the sitting that stands; from the last one of a finished run, runs of more
 * epochs do. */
static int place_checkpoint(const char *folder, const il_merge_source *shard, const struct run *r, il_err *e)
{
    const char *name = r->done ? IL_RUN_FINISHED : IL_RUN_CHECKPOINT;
    il_run_path from = il_run_files_path(shard->folder.text, r->hash, name),
                to = il_run_files_path(folder, r->hash, name);
    bool there = is_there(from.text) && !is_aside(shard->folder.text, r);
    if (is_aside(folder, r) || is_same_file(from.text, to.text))
        return IL_OK;
    if (!there && r->taken && r->conflict && is_there(to.text) && unlink(to.text) != 0)
        return il_fail(e, IL_EIO, "cannot remove %s: %s", to.text, strerror(errno));
    if (!there || (is_there(to.text) && !r->taken))
        return IL_OK;
    return is_there(to.text) ? copy_file(to.text, from.text, e) : place(to.text, from.text, e);
}

/* ---- all ---- */

static void tell(const il_merge_opts *opts, const il_merge_source *shard, const il_store *target, const char *folder,
                 const struct run *r, bool lost)
{
    il_text line = { 0 };
    const char *other = r->apart ? r->sha256 : r->before;
    if (r->conflict)
        il_text_add(&line,
                    "%s: run %s [%.12s] has other weights than in %s; the run of %s stands, and the other's weights"
                    " are kept as %s",
                    shard->store->path, r->name, r->hash, target->path, r->apart ? target->path : shard->store->path,
                    il_run_files_aside(folder, r->hash, other).text);
    else if (lost)
        il_text_add(
            &line,
            "%s: run %s [%.12s] has no weights in %s, or other ones than it was tested with; its results come without them",
            shard->store->path, r->name, r->hash, il_run_files_path(shard->folder.text, r->hash, "").text);
    if (line.data && !line.failed && opts->say)
        opts->say(opts->context, line.data);
    il_text_free(&line);
}

static int bring(il_merge_sum *sum, const il_store *target, const char *folder, const il_merge_source *shard,
                 const struct run *r, const il_merge_opts *opts, il_err *e)
{
    bool lost = false;
    int rc = IL_OK;
    if (*r->sha256)
        rc = place_weights(&lost, folder, shard, r, e);
    if (!rc && !r->apart)
        rc = place_checkpoint(folder, shard, r, e);
    if (rc)
        return rc;
    sum->lost += lost;
    tell(opts, shard, target, folder, r, lost);
    return IL_OK;
}

static struct run read_run(sqlite3_stmt *statement)
{
    struct run r = { .taken = sqlite3_column_int(statement, 4),
                     .done = sqlite3_column_int(statement, 5),
                     .apart = sqlite3_column_int(statement, 6),
                     .conflict = sqlite3_column_int(statement, 7) };
    il_store_text(r.hash, sizeof r.hash, statement, 0);
    il_store_text(r.sha256, sizeof r.sha256, statement, 1);
    il_store_text(r.before, sizeof r.before, statement, 2);
    il_store_text(r.name, sizeof r.name, statement, 3);
    return r;
}

int il_merge_files(il_merge_sum *sum, il_store *target, const char *folder, const il_merge_source *shard,
                   const il_merge_opts *opts, il_err *e)
{
    sqlite3_stmt *statement = NULL;
    int more = 0;
    int rc = il_store_prepare(&statement, target,
                              "SELECT hash, sha256, before, name, verdict IN ('new', 'replace'), status = 'done',"
                              " verdict = 'apart', conflict FROM temp.chosen"
                              " WHERE verdict <> 'known' OR status = 'done' ORDER BY theirs",
                              e);
    while (!rc && (rc = il_store_step(&more, target, statement, e)) == IL_OK && more) {
        struct run r = read_run(statement);
        rc = bring(sum, target, folder, shard, &r, opts, e);
    }
    sqlite3_finalize(statement);
    return rc;
}
