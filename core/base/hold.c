/* hold.c - a lock, or a claim where locks are not to be relied upon. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/hold.h"
#include "base/network_disk.h"

enum { LOCK_TRIES = 5, LOCK_PAUSE_NS = 20 * 1000 * 1000 };

/* Returns 0 or errno. Retries, since who looks holds the lock for an instant. */
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

/* Who held it may have removed the file before it let go. */
static bool is_there_still(int fd, const char *path)
{
    struct stat own, st;
    return fstat(fd, &own) == 0 && stat(path, &st) == 0 && st.st_ino == own.st_ino && st.st_dev == own.st_dev;
}

static int lock(int *fd, const char *path, il_err *e)
{
    for (;;) {
        int got = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (got < 0)
            return il_fail(e, IL_EIO, "cannot open %s: %s", path, strerror(errno));
        int why = lock_file(got);
        if (!why && is_there_still(got, path)) {
            *fd = got;
            return IL_OK;
        }
        close(got);
        if (why == EWOULDBLOCK)
            return il_fail(e, IL_EBUSY, "it holds %s", path);
        if (why)
            return il_fail(e, IL_EIO, "cannot lock %s: %s", path, strerror(why));
    }
}

int il_hold_take(il_hold *out, const char *lock_path, const char *claim_path, il_err *e)
{
    *out = IL_UNHELD;
    return il_network_disk(lock_path) ? il_claim_take(&out->claim, claim_path, e) : lock(&out->fd, lock_path, e);
}

void il_hold_release(il_hold *hold)
{
    if (hold->fd >= 0)
        close(hold->fd);
    il_claim_release(hold->claim);
    *hold = IL_UNHELD;
}

bool il_hold_is_taken(const char *lock_path, const char *claim_path)
{
    if (il_network_disk(lock_path))
        return il_claim_is_held(claim_path);
    int fd = open(lock_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool locked = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return locked;
}

void il_hold_share(const il_hold *hold)
{
    if (hold->fd >= 0)
        fcntl(hold->fd, F_SETFD, 0);
}
