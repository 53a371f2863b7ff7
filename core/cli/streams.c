/* streams.c - keeps files from taking the numbers of closed standard streams, and checks that all output was
 * written. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/utf8.h"
#include "cli/streams.h"

void il_streams_open(void)
{
    /* Opened in the opposite direction, so that using the stream fails as it would have. Otherwise a file would get
     * the number, and with it the output. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* so that a write beyond the limit on files fails, and its message is seen */
}

int il_streams_check(il_err *e)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return IL_OK;
    return il_fail(e, IL_EIO, "cannot write to standard output%s%s", errno ? ": " : "", errno ? strerror(errno) : "");
}

bool il_streams_left(void)
{
    struct pollfd to = { .fd = STDOUT_FILENO, .events = POLLOUT };
    return poll(&to, 1, 0) == 1 && (to.revents & POLLERR);
}

bool il_streams_print(const char *text, size_t size)
{
    if (!isatty(STDOUT_FILENO))
        return fwrite(text, 1, size, stdout) == size && fflush(stdout) == 0;
    for (size_t used; size; text += used, size -= used) {
        char shown[IL_UTF8_SHOWN];
        bool layout = strchr("\n\r\t", *text) && *text;
        used = layout ? 1 : il_utf8_show(shown, text, size);
        if (layout)
            putchar(*text);
        else
            fputs(shown, stdout);
    }
    return fflush(stdout) == 0;
}

int il_streams_end(int status, int failure)
{
    il_err e = { 0 };
    if (il_streams_check(&e) == IL_OK)
        return status;
    if (il_streams_left()) {
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    if (status != failure)
        fprintf(stderr, "inpaintlab: %s\n", e.message);
    return failure;
}
