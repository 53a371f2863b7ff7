/* submission.c - the files of a submission. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/array.h"
#include "base/atomic_file.h"
#include "base/file.h"
#include "base/text.h"
#include "cluster/submission.h"

int il_submission_paths(il_submission *out, const char *folder, int number, il_err *e)
{
    il_submission s = { .number = number };
    const struct {
        char *path;
        const char *ending;
    } files[] = { { s.tasks, ".tasks" }, { s.script, ".sh" }, { s.record, ".submitted" } };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (snprintf(files[i].path, IL_SHARD_PATH, "%s/%d%s", folder, number, files[i].ending) >= IL_SHARD_PATH)
            return il_fail(e, IL_EUSAGE, "--db: the path is too long");
    if (snprintf(s.logs, sizeof s.logs, "%s/logs", folder) >= IL_SHARD_PATH)
        return il_fail(e, IL_EUSAGE, "--db: the path is too long");
    *out = s;
    return IL_OK;
}

int il_submission_next(il_submission *out, const char *folder, bool take, il_err *e)
{
    int rc = take ? il_file_make_folders(folder, e) : IL_OK;
    for (int number = 1; !rc; number++) {
        rc = il_submission_paths(out, folder, number, e);
        if (!rc && !take && access(out->tasks, F_OK) != 0)
            return IL_OK;
        int fd = !rc && take ? open(out->tasks, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) : -1;
        if (fd >= 0) {
            close(fd);
            return IL_OK;
        }
        if (!rc && take && errno != EEXIST)
            rc = il_fail(e, IL_EIO, "cannot create %s: %s", out->tasks, strerror(errno));
    }
    return rc;
}

/* ---- which jobs ---- */

static int add(il_submission *s, il_submitted array, il_err *e)
{
    il_submitted *more = il_array_grow(s->arrays, s->narrays, sizeof *more);
    if (!more)
        return il_fail_oom(e);
    s->arrays = more;
    more[s->narrays++] = array;
    return IL_OK;
}

int il_submission_add(il_submission *s, il_submitted array, il_err *e)
{
    il_text text = { 0 };
    int rc = add(s, array, e);
    for (size_t i = 0; i < s->narrays; i++)
        il_text_add(&text, "%ld %zu %zu\n", s->arrays[i].job, s->arrays[i].before, s->arrays[i].count);
    if (!rc)
        rc = text.failed ? il_fail_oom(e) : il_atomic_file_write(s->record, text.data, text.size, e);
    il_text_free(&text);
    return rc;
}

/* A whole number from `least` that ends at `end`; *at moves behind it. */
static bool take_number(long *out, const char **at, long least, long most, char end)
{
    char *stop;
    *out = strtol(*at, &stop, 10);
    bool good = stop > *at && *stop == end && *out >= least && *out <= most;
    *at = good ? stop + 1 : *at;
    return good;
}

/* Lines "JOB BEFORE COUNT". */
static int read_record(il_submission *s, il_err *e)
{
    char *text = NULL;
    size_t size;
    if (access(s->record, F_OK) != 0)
        return IL_OK; /* it was written down, and then not submitted */
    int rc = il_file_read(&text, &size, s->record, IL_FILE_SETTINGS, e);
    for (const char *at = text; !rc && *at;) {
        long job, before, count;
        if (!take_number(&job, &at, 1, LONG_MAX, ' ') || !take_number(&before, &at, 0, IL_SHARDS_MOST, ' ') ||
            !take_number(&count, &at, 1, IL_SHARDS_MOST, '\n'))
            rc = il_fail(e, IL_EFORMAT, "%s:%zu: expected the number of a job and of its tasks", s->record,
                         s->narrays + 1);
        else
            rc = add(s, (il_submitted){ job, (size_t)before, (size_t)count }, e);
    }
    free(text);
    return rc;
}

int il_submission_read(bool *found, il_submission *out, const char *folder, int number, il_err *e)
{
    il_submission s = { 0 };
    int rc = il_submission_paths(&s, folder, number, e);
    *found = !rc && access(s.tasks, F_OK) == 0;
    if (!rc && *found)
        rc = read_record(&s, e);
    if (rc)
        il_submission_free(&s);
    else
        *out = s;
    return rc;
}

bool il_submission_find(long *job, int *index, const il_submission *s, size_t number)
{
    for (size_t i = 0; i < s->narrays; i++) {
        const il_submitted *a = &s->arrays[i];
        if (number > a->before && number <= a->before + a->count) {
            *job = a->job;
            *index = (int)(number - a->before);
            return true;
        }
    }
    return false;
}

void il_submission_free(il_submission *s)
{
    free(s->arrays);
    s->arrays = NULL;
    s->narrays = 0;
}
