/* job_files.c - the files of a job's run, and who may write them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>
#include "base/draft.h"
#include "base/file.h"
#include "base/network_disk.h"
#include "train/job.h"

enum { LOCK_TRIES = 5, LOCK_PAUSE_NS = 20 * 1000 * 1000 };

il_job_path il_job_file(const il_job *j, const char *folder, const char *name)
{
    return il_run_files_path(folder, j->hash, name);
}

static il_job_path claim_file(const char *hash, const char *folder)
{
    il_job_path p;
    snprintf(p.text, sizeof p.text, "%s/claims/%s", folder, hash);
    return p;
}

/* Returns 0 or errno. Retries, since `plan` holds the lock for an instant when it looks. */
static int lock_file(int fd)
{
    for (int tries = 0;; tries++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return 0;
        if (errno != EWOULDBLOCK || tries == LOCK_TRIES)
            return errno;
        nanosleep(&(struct timespec){ .tv_nsec = LOCK_PAUSE_NS }, NULL);
    }
}

static int lock(int *fd, const il_job *j, const char *folder, il_err *e)
{
    il_job_path path = il_job_file(j, folder, "lock");
    int got = open(path.text, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (got < 0)
        return il_fail(e, IL_EIO, "cannot open %s: %s", path.text, strerror(errno));
    int why = lock_file(got);
    if (why) {
        close(got);
        if (why == EWOULDBLOCK)
            return il_fail(e, IL_EBUSY, "another process is executing this run (it holds %s)", path.text);
        return il_fail(e, IL_EIO, "cannot lock %s: %s", path.text, strerror(why));
    }
    *fd = got;
    return IL_OK;
}

static int claim(il_claim **out, const il_job *j, const char *folder, il_err *e)
{
    il_job_path path = claim_file(j->hash, folder);
    int rc = il_file_make_parents(path.text, e);
    if (!rc)
        rc = il_claim_take(out, path.text, e);
    return rc == IL_EBUSY ? il_fail_in(e, "another process is executing this run") : rc;
}

int il_job_lock(il_job_hold *out, const il_job *j, const char *folder, il_err *e)
{
    il_job_path own = il_job_file(j, folder, "");
    *out = (il_job_hold){ .fd = -1 };
    int rc = il_file_make_folders(own.text, e);
    if (!rc)
        rc = il_network_disk(own.text) ? claim(&out->claim, j, folder, e) : lock(&out->fd, j, folder, e);
    if (rc)
        return rc;
    il_draft_sweep(own.text, IL_RUN_CHECKPOINT);
    il_draft_sweep(own.text, IL_RUN_WEIGHTS);
    return IL_OK;
}

void il_job_unlock(il_job_hold *hold)
{
    if (hold->fd >= 0)
        close(hold->fd);
    il_claim_release(hold->claim);
    *hold = (il_job_hold){ .fd = -1 };
}

bool il_job_is_locked(const char *hash, const char *folder)
{
    if (il_network_disk(folder))
        return il_claim_is_held(claim_file(hash, folder).text);
    int fd = open(il_run_files_path(folder, hash, "lock").text, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool locked = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return locked;
}
