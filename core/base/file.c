/* file.c - reading files, creating and listing folders. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/array.h"
#include "base/file.h"
#include "base/text.h"

int il_file_code(int why)
{
    return why == ENOMEM ? IL_ENOMEM : IL_EIO;
}

int il_file_pread(int fd, void *out, size_t count, uint64_t at, il_err *e)
{
    char *to = out;
    while (count > 0) {
        ssize_t n = pread(fd, to, count, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return il_fail(e, IL_EIO, "cannot read the file: %s", strerror(errno));
        if (n == 0)
            return il_fail(e, IL_EFORMAT, "the file ends too early");
        to += n;
        at += (uint64_t)n;
        count -= (size_t)n;
    }
    return IL_OK;
}

/* ---- whole files ---- */

enum { PIPE_PATIENCE_S = 5, PIPE_CHUNK = 65536 };

/* "1536 bytes", "16 MiB", "5.4 GiB": rounded up, since a limit is never exceeded by 0.0. */
struct amount {
    char text[32];
};

static struct amount amount(uint64_t bytes)
{
    struct amount a;
    static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
    int unit = 0;
    uint64_t one = 1024;
    while (unit < 3 && bytes / one >= 1024) {
        one *= 1024;
        unit++;
    }
    uint64_t tenths = bytes / one * 10 + (bytes % one * 10 + one - 1) / one;
    if (bytes < 10240)
        snprintf(a.text, sizeof a.text, "%u bytes", (unsigned)bytes);
    else if (tenths % 10 == 0)
        snprintf(a.text, sizeof a.text, "%u %s", (unsigned)(tenths / 10), units[unit]);
    else
        snprintf(a.text, sizeof a.text, "%u.%u %s", (unsigned)(tenths / 10), (unsigned)(tenths % 10), units[unit]);
    return a;
}

static int fail_size(const char *path, uint64_t size, uint64_t most, il_err *e)
{
    return il_fail(e, IL_EFORMAT, "%s: has %s; expected at most %s", path, amount(size).text, amount(most).text);
}

const char *il_file_kind(mode_t mode)
{
    return S_ISREG(mode)    ? "file"
           : S_ISDIR(mode)  ? "folder"
           : S_ISFIFO(mode) ? "pipe"
           : S_ISSOCK(mode) ? "socket"
                            : "device";
}

static int check_kind(const struct stat *st, const char *path, il_err *e)
{
    if (S_ISREG(st->st_mode))
        return IL_OK;
    return il_fail(e, IL_EIO, "%s: is a %s; expected a regular file", path, il_file_kind(st->st_mode));
}

/* Whatever lies there; a pipe that nobody writes does not block. */
static int open_any(int *out, struct stat *st, const char *path, il_err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int why = errno;
    if (fd < 0 && why == ENXIO && stat(path, st) == 0)
        return check_kind(st, path, e); /* a socket */
    if (fd < 0 || fstat(fd, st) != 0) {
        why = fd < 0 ? why : errno;
        if (fd >= 0)
            close(fd);
        return il_fail(e, il_file_code(why), "cannot open %s: %s", path, strerror(why));
    }
    *out = fd;
    return IL_OK;
}

static int check_regular(int fd, const struct stat *st, const char *path, uint64_t most, il_err *e)
{
    int rc = check_kind(st, path, e);
    if (!rc && (uint64_t)st->st_size > most)
        rc = fail_size(path, (uint64_t)st->st_size, most, e);
    if (!rc && fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) != 0)
        rc = il_fail(e, IL_EIO, "cannot open %s: %s", path, strerror(errno));
    return rc;
}

int il_file_open(int *out, uint64_t *size, const char *path, uint64_t most, il_err *e)
{
    int fd = -1;
    struct stat st;
    int rc = open_any(&fd, &st, path, e);
    if (rc)
        return rc;
    rc = check_regular(fd, &st, path, most, e);
    if (rc) {
        close(fd);
        return rc;
    }
    *out = fd;
    *size = (uint64_t)st.st_size;
    return IL_OK;
}

int il_file_next(size_t *got, int fd, void *out, size_t room, uint64_t left, const char *path, il_err *e)
{
    ssize_t n;
    do
        n = read(fd, out, room);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return il_fail(e, il_file_code(errno), "cannot read %s: %s", path, strerror(errno));
    if ((uint64_t)n > left || (n == 0 && left > 0))
        return il_fail(e, IL_EIO, "%s: became %s while it was being read", path, n ? "longer" : "shorter");
    *got = (size_t)n;
    return IL_OK;
}

int il_file_read_open(char **out, int fd, size_t size, const char *path, il_err *e)
{
    char *data = malloc(size + 1); /* the last byte finds out whether the file has grown */
    int rc = data ? IL_OK : il_fail_oom(e);
    for (size_t at = 0, got = 1; !rc && got > 0; at += got)
        rc = il_file_next(&got, fd, data + at, size + 1 - at, size - at, path, e);
    if (rc) {
        free(data);
        return rc;
    }
    data[size] = '\0';
    *out = data;
    return IL_OK;
}

int il_file_read(char **data, size_t *size, const char *path, uint64_t most, il_err *e)
{
    int fd = -1;
    uint64_t bytes = 0;
    int rc = il_file_open(&fd, &bytes, path, most < SIZE_MAX ? most : SIZE_MAX - 1, e);
    if (rc)
        return rc;
    rc = il_file_read_open(data, fd, (size_t)bytes, path, e);
    close(fd);
    if (!rc)
        *size = (size_t)bytes;
    return rc;
}

/* *got is 0 at the end. */
static int read_pipe_part(size_t *got, int fd, char *to, const char *path, il_err *e)
{
    struct pollfd one = { .fd = fd, .events = POLLIN };
    int ready = poll(&one, 1, PIPE_PATIENCE_S * 1000);
    if (ready == 0)
        return il_fail(e, IL_EIO, "%s: is a pipe that nobody has written to for %d s; write a file first", path,
                       PIPE_PATIENCE_S);
    ssize_t n = ready < 0 ? -1 : read(fd, to, PIPE_CHUNK);
    if (n < 0)
        return il_fail(e, errno == EINTR ? IL_ECANCEL : IL_EIO, "cannot read %s: %s", path, strerror(errno));
    *got = (size_t)n;
    return IL_OK;
}

static int read_pipe(char **out, size_t *size, int fd, const char *path, uint64_t most, il_err *e)
{
    char *data = NULL;
    size_t used = 0, room = 0, got = 1;
    int rc = IL_OK;
    while (!rc && got > 0) {
        if (room - used < PIPE_CHUNK + 1) {
            room = 2 * room + PIPE_CHUNK + 1;
            char *more = realloc(data, room);
            if (!more) {
                rc = il_fail_oom(e);
                break;
            }
            data = more;
        }
        rc = read_pipe_part(&got, fd, data + used, path, e);
        used += rc ? 0 : got;
        if (!rc && used > most)
            rc = il_fail(e, IL_EFORMAT, "%s: has more than %s; expected at most that", path, amount(most).text);
    }
    if (rc) {
        free(data);
        return rc;
    }
    data[used] = '\0';
    *out = data;
    *size = used;
    return IL_OK;
}

int il_file_read_argument(char **data, size_t *size, const char *path, uint64_t most, il_err *e)
{
    int fd = -1;
    struct stat st;
    int rc = open_any(&fd, &st, path, e);
    if (rc)
        return rc;
    if (S_ISFIFO(st.st_mode))
        rc = read_pipe(data, size, fd, path, most, e);
    else if (!(rc = check_regular(fd, &st, path, most, e)) &&
             !(rc = il_file_read_open(data, fd, (size_t)st.st_size, path, e)))
        *size = (size_t)st.st_size;
    close(fd);
    return rc;
}

/* ---- folders ---- */

static int make_folder(const char *path, il_err *e)
{
    struct stat st;
    if (mkdir(path, 0777) == 0)
        return IL_OK;
    int why = errno;
    if (stat(path, &st) == 0)
        return S_ISDIR(st.st_mode) ? IL_OK : il_fail(e, IL_EIO, "%s is a file; expected a folder", path);
    return il_fail(e, IL_EIO, "cannot create the folder %s: %s", path, strerror(why));
}

int il_file_make_parents(const char *path, il_err *e)
{
    char *copy = il_text_copy(path);
    if (!copy)
        return il_fail_oom(e);
    int rc = IL_OK;
    for (char *slash = *copy ? strchr(copy + 1, '/') : NULL; !rc && slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        rc = make_folder(copy, e);
        *slash = '/';
    }
    free(copy);
    return rc;
}

int il_file_make_folders(const char *path, il_err *e)
{
    int rc = il_file_make_parents(path, e);
    return rc ? rc : make_folder(path, e);
}

static int add_name(il_file_names *n, const char *name, il_err *e)
{
    char **list = il_array_grow(n->list, n->count, sizeof *list);
    if (list)
        n->list = list;
    char *copy = list ? strdup(name) : NULL;
    if (!copy)
        return il_fail_oom(e);
    list[n->count++] = copy;
    return IL_OK;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int il_file_list(il_file_names *out, const char *folder, il_err *e)
{
    il_file_names names = { 0 };
    DIR *d = opendir(folder);
    if (!d)
        return il_fail(e, il_file_code(errno), "cannot read the folder %s: %s", folder, strerror(errno));
    int rc = IL_OK;
    while (!rc) {
        errno = 0;
        const struct dirent *entry = readdir(d);
        if (!entry) {
            rc = errno ? il_fail(e, IL_EIO, "cannot read the folder %s: %s", folder, strerror(errno)) : IL_OK;
            break;
        }
        if (entry->d_name[0] != '.')
            rc = add_name(&names, entry->d_name, e);
    }
    closedir(d);
    if (rc) {
        il_file_names_free(&names);
        return rc;
    }
    if (names.count)
        qsort(names.list, names.count, sizeof *names.list, by_bytes);
    *out = names;
    return IL_OK;
}

void il_file_names_free(il_file_names *n)
{
    for (size_t i = 0; i < n->count; i++)
        free(n->list[i]);
    free(n->list);
    *n = (il_file_names){ 0 };
}
