/* atomic_file.c - files that appear complete or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/atomic_file.h"
#include "base/file.h"
#include "base/text.h"

enum { NAME_TRIES = 100 };

static int write_failed(il_err *e)
{
    return il_fail(e, IL_EIO, "cannot write the file: %s", strerror(errno));
}

int il_atomic_file_begin(il_atomic_file *w, const char *path, il_err *e)
{
    for (int i = 0; i < NAME_TRIES; i++) {
        il_text name = { 0 };
        il_text_add(&name, "%s.%ld-%d.tmp", path, (long)getpid(), i);
        if (name.failed)
            return il_fail_oom(e);
        int fd = open(name.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0) {
            *w = (il_atomic_file){ name.data, fd };
            return IL_OK;
        }
        int why = errno;
        il_text_free(&name);
        errno = why;
        if (why != EEXIST)
            break;
    }
    return il_fail(e, IL_EIO, "cannot create %s: %s", path, strerror(errno));
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
    if (!rc && lasting && fsync(w->fd) != 0)
        rc = write_failed(e);
    if (close(w->fd) != 0 && !rc)
        rc = write_failed(e);
    if (!rc && rename(w->draft, path) != 0)
        rc = write_failed(e);
    if (rc) {
        unlink(w->draft);
        il_fail_in(e, "%s", path);
    } else if (lasting) {
        sync_folder(path);
    }
    free(w->draft);
    return rc;
}

int il_atomic_file_write(const char *path, const void *data, size_t size, il_err *e)
{
    il_atomic_file w;
    int rc = il_atomic_file_begin(&w, path, e);
    return rc ? rc : il_atomic_file_end(&w, path, true, il_atomic_file_put(&w, data, size, e), e);
}

/* Whether `file` is named like il_atomic_file_begin's temporary file for `name`; NULL: for any file. */
static bool is_draft(const char *file, const char *name)
{
    size_t size = name ? strlen(name) : 0, whole = strlen(file);
    bool fits = !name || (strncmp(file, name, size) == 0 && file[size] == '.');
    return fits && whole > size + 4 && strcmp(file + whole - 4, ".tmp") == 0;
}

void il_atomic_file_sweep(const char *folder, const char *name)
{
    il_file_names names = { 0 };
    il_err ignored = { 0 };
    (void)il_file_list(&names, folder, &ignored);
    for (size_t i = 0; i < names.count; i++) {
        char *path = is_draft(names.list[i], name) ? il_text_path(folder, names.list[i]) : NULL;
        if (path)
            unlink(path);
        free(path);
    }
    il_file_names_free(&names);
}
