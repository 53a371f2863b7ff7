/* whole.c - files that appear whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "dataset/whole.h"
#include "words.h"

static int write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data += n;
        size -= (size_t)n;
    }
    return fsync(fd);
}

int il_whole_write(const char *path, const void *data, size_t size, il_err *e)
{
    il_text name = { 0 };
    il_words_add(&name, "%s.%ld.tmp", path, (long)getpid());
    if (name.failed)
        return il_fail_oom(e);
    unlink(name.data); /* of a process that was killed and had our number */
    int why = 0;
    int fd = open(name.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        why = errno;
    } else {
        if (write_all(fd, data, size))
            why = errno;
        if (close(fd) && !why)
            why = errno;
        if (!why && rename(name.data, path))
            why = errno;
        if (why)
            unlink(name.data);
    }
    il_words_free(&name);
    return why ? il_fail(e, IL_EIO, "%s: cannot be written: %s", path, strerror(why)) : IL_OK;
}
