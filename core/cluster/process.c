/* process.c - starts a program and reads what it prints. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/array.h"
#include "base/text.h"
#include "cluster/process.h"

enum { ANSWER_MOST = 256 << 20 };

extern char **environ;

bool il_process_there(const char *name)
{
    const char *path = getenv("PATH");
    bool there = false;
    for (const char *at = path ? path : ""; *at && !there;) {
        size_t size = strcspn(at, ":");
        il_text file = { 0 };
        il_text_add(&file, "%.*s/%s", (int)size, at, name);
        there = !file.failed && access(file.data, X_OK) == 0;
        il_text_free(&file);
        at += size + (at[size] == ':');
    }
    return there;
}

static int start(pid_t *child, int out, const char *const *argv, bool quiet)
{
    posix_spawn_file_actions_t actions;
    int why = posix_spawn_file_actions_init(&actions);
    if (why)
        return why;
    why = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (!why)
        why = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!why && quiet)
        why = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (!why)
        why = posix_spawnp(child, argv[0], &actions, NULL, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return why;
}

static int read_all(char **out, int fd, const char *name, il_err *e)
{
    char *data = NULL;
    size_t size = 0, room = 0;
    for (;;) {
        char *more = il_array_reserve(data, &room, size + 4096, 1);
        if (!more) {
            free(data);
            return il_fail_oom(e);
        }
        data = more;
        ssize_t n = read(fd, data + size, room - size - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || size > ANSWER_MOST) {
            free(data);
            return il_fail(e, IL_EIO, "%s: cannot read its answer: %s", name,
                           n < 0 ? strerror(errno) : "it does not end");
        }
        if (n == 0)
            break;
        size += (size_t)n;
    }
    data[size] = '\0';
    *out = data;
    return IL_OK;
}

/* Sets *e unless something went wrong before. */
static int wait_for(pid_t child, const char *name, il_err *e)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return il_fail(e, IL_EIO, "%s: %s", name, strerror(errno));
    if (WIFSIGNALED(status))
        return il_fail(e, IL_EIO, "%s was ended by signal %d", name, WTERMSIG(status));
    return WEXITSTATUS(status) ? il_fail(e, IL_EIO, "%s ended with status %d", name, WEXITSTATUS(status)) : IL_OK;
}

int il_process_read(char **out, const char *const *argv, bool quiet, il_err *e)
{
    int ends[2];
    pid_t child;
    char *answer = NULL;
    if (pipe(ends) != 0)
        return il_fail(e, IL_EIO, "%s: %s", argv[0], strerror(errno));
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    int why = start(&child, ends[1], argv, quiet);
    close(ends[1]);
    if (why) {
        close(ends[0]);
        return il_fail(e, IL_EIO, "cannot start %s: %s", argv[0], strerror(why));
    }
    il_err ended = { 0 };
    int rc = read_all(&answer, ends[0], argv[0], e);
    close(ends[0]);
    int after = wait_for(child, argv[0], &ended);
    if (!rc && after) {
        rc = after;
        if (e)
            *e = ended;
    }
    if (rc)
        free(answer);
    else
        *out = answer;
    return rc;
}
