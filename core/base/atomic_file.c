/* atomic_file.c - files that appear complete or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/atomic_file.h"
#include "base/draft.h"

static int write_failed(il_err *e)
{
    return il_fail(e, IL_EIO, "cannot write the file: %s", strerror(errno));
}

/* *mode: of the file that is there; -1 where there is none. */
static int look_at(int *mode, const char *path, il_err *e)
{
    struct stat st;
    *mode = -1;
    if (stat(path, &st) != 0)
        return IL_OK; /* what is wrong there shows when the draft is created */
    if (!S_ISREG(st.st_mode))
        return il_fail(e, IL_EIO, "%s: cannot write the file: %s", path,
                       S_ISDIR(st.st_mode) ? strerror(EISDIR) : "it is not a regular one");
    *mode = st.st_mode & 0777;
    return IL_OK;
}

int il_atomic_file_begin(il_atomic_file *w, const char *path, il_err *e)
{
    il_atomic_file new = { .fd = -1 };
    int rc = il_draft_target(&new.target, path, e);
    if (!rc)
        rc = look_at(&new.mode, new.target, e);
    if (!rc) /* nobody else may read meanwhile what nobody else could read before */
        rc = il_draft_file(&new.draft, &new.fd, new.target, new.mode < 0 ? 0666 : 0600, e);
    if (rc)
        free(new.target);
    else
        *w = new;
    return rc;
}

int il_atomic_file_put(il_atomic_file *w, const void *data, size_t size, il_err *e)
{
    const char *from = data;
    while (size > 0) {
        ssize_t n = write(w->fd, from, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return write_failed(e);
        from += n;
        size -= (size_t)n;
    }
    return IL_OK;
}

/* Makes the rename survive a power cut. Some file systems cannot sync a folder; the file itself is complete even so. */
static void sync_folder(const char *path)
{
    char *folder = strdup(path);
    if (!folder)
        return;
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder ? 1 : 0] = '\0';
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    free(folder);
}

int il_atomic_file_end(il_atomic_file *w, const char *path, bool lasting, int rc, il_err *e)
{
    int lock = fcntl(w->fd, F_DUPFD_CLOEXEC, 0); /* held until the file has its name; closing may tell of a full disk */
    if (!rc && w->mode >= 0)
        (void)fchmod(w->fd, (mode_t)w->mode); /* some file systems have no permissions */
    if (!rc && lasting && fsync(w->fd) != 0)
        rc = write_failed(e);
    if (close(w->fd) != 0 && !rc)
        rc = write_failed(e);
    if (!rc && rename(w->draft, w->target) != 0)
        rc = write_failed(e);
    if (rc) {
        unlink(w->draft);
        il_fail_in(e, "%s", path);
    } else if (lasting) {
        sync_folder(w->target);
    }
    if (lock >= 0)
        close(lock);
    free(w->draft);
    free(w->target);
    return rc;
}

int il_atomic_file_write(const char *path, const void *data, size_t size, il_err *e)
{
    il_atomic_file w;
    int rc = il_atomic_file_begin(&w, path, e);
    return rc ? rc : il_atomic_file_end(&w, path, true, il_atomic_file_put(&w, data, size, e), e);
}
