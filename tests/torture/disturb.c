/* disturb REPORT N DEED COMMAND... - runs a command and disturbs it at the N-th system call that changes a file; N = 0: never.
 *
 * DEED is kill (it and all that it has started, by SIGKILL, before the call happens), or how the call fails: EIO, ENOSPC,
 * EINTR; short: it writes half of what it was asked to. A '+' behind it: all later calls too. Only calls are counted that
 * the deed fits: a full disk does not stop a removal. All threads and children are followed; standard error is left alone.
 * REPORT gets a line: calls counted, calls disturbed, and the first that was, as in "210 1 rename /x/y"; where N is 0, the
 * name and the path of each call that was counted follow, one a line.
 * Exit status: the command's, or 128 + its signal; 77 where the kernel lets no process be traced. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "calls.h"

enum { NOT_PERMITTED = 77, NOT_FOUND = 127 };

typedef struct {
    const char *name;
    int error;      /* 0: another deed */
    unsigned needs; /* CALL_*; 0: fits all */
} deed;

static const deed deeds[] = {
    { "kill", 0, 0 },
    { "EIO", EIO, 0 },
    { "ENOSPC", ENOSPC, CALL_FILLS },
    { "EINTR", EINTR, CALL_WAITS },
    { "short", 0, CALL_WRITES },
};

struct trace {
    const deed *deed;
    bool goes_on;
    long at, count, done;
    pid_t child;
    int status;
    char first[PATH_MAX + 32];
    FILE *all; /* what was counted, for N = 0 */
};

/* ---- at a call ---- */

static bool is_there(pid_t thread, const char *path)
{
    char full[PATH_MAX + 64];
    if (*path == '/')
        return access(path, F_OK) == 0;
    snprintf(full, sizeof full, "/proc/%ld/cwd/%s", (long)thread, path);
    return access(full, F_OK) == 0;
}

static bool fits(const struct trace *t, const file_call *c, pid_t thread, const char *path)
{
    if (t->deed->error == ENOSPC && (c->can & CALL_CREATES)) /* room is needed for a new file only */
        return !is_there(thread, path);
    return !t->deed->needs || (c->can & t->deed->needs);
}

static void disturb(struct trace *t, pid_t thread, registers *r)
{
    if (strcmp(t->deed->name, "kill") == 0) {
        kill(-t->child, SIGKILL);
    } else if (t->deed->error) {
        set_result(r, -t->deed->error);
        if (!skip_call(thread, r) || !write_registers(thread, r))
            perror("disturb: cannot change a call");
    } else {
        set_third_argument(r, (call_argument(r, 2) + 1) / 2);
        if (!write_registers(thread, r))
            perror("disturb: cannot change a call");
    }
}

static void on_call(struct trace *t, pid_t thread)
{
    registers r;
    char path[PATH_MAX];
    const file_call *c = read_registers(&r, thread) ? file_call_at(path, thread, &r) : NULL;
    bool message = c && !c->by_path && call_argument(&r, 0) == STDERR_FILENO;
    if (!c || message || !fits(t, c, thread, path))
        return;
    t->count++;
    if (t->at == 0)
        fprintf(t->all, "%s %s\n", c->name, path);
    if (t->at == 0 || t->count < t->at || (t->count > t->at && !t->goes_on))
        return;
    if (t->done++ == 0)
        snprintf(t->first, sizeof t->first, "%s %s", c->name, path);
    disturb(t, thread, &r);
}

/* ---- following ---- */

static void follow(struct trace *t)
{
    int status;
    for (pid_t thread; (thread = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR;) {
        if (thread == t->child && (WIFEXITED(status) || WIFSIGNALED(status)))
            t->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (thread <= 0 || !WIFSTOPPED(status))
            continue;
        int signal = WSTOPSIG(status);
        if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8))
            on_call(t, thread);
        bool ours = status >> 16 || signal == SIGSTOP || signal == SIGTRAP; /* a new thread begins with SIGSTOP */
        ptrace(PTRACE_CONT, thread, 0, ours ? 0 : signal);
    }
}

static void become(char **command)
{
    setpgid(0, 0);
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0)
        _exit(NOT_PERMITTED);
    raise(SIGSTOP);
    if (!file_calls_watch())
        _exit(NOT_PERMITTED);
    execvp(*command, command);
    fprintf(stderr, "disturb: cannot run %s: %s\n", *command, strerror(errno));
    _exit(NOT_FOUND);
}

/* We and the command take turns at each call, which is several times faster on one processor than on two. */
static void share_processor(void)
{
    cpu_set_t one;
    int here = sched_getcpu();
    CPU_ZERO(&one);
    CPU_SET(here < 0 ? 0 : (size_t)here, &one);
    (void)sched_setaffinity(0, sizeof one, &one);
}

static int start(struct trace *t, char **command)
{
    int status;
    share_processor();
    t->child = fork();
    if (t->child == 0)
        become(command);
    if (t->child < 0 || waitpid(t->child, &status, 0) < 0)
        return NOT_FOUND;
    if (!WIFSTOPPED(status))
        return NOT_PERMITTED;
    long follow_all = PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                      PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC;
    if (ptrace(PTRACE_SETOPTIONS, t->child, 0, follow_all) != 0) {
        kill(t->child, SIGKILL);
        return NOT_PERMITTED;
    }
    ptrace(PTRACE_CONT, t->child, 0, 0);
    return 0;
}

static bool choose(struct trace *t, const char *n, const char *word)
{
    char *end;
    size_t size = strcspn(word, "+");
    t->at = strtol(n, &end, 10);
    t->goes_on = strcmp(word + size, "+") == 0;
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
        if (strlen(deeds[i].name) == size && strncmp(deeds[i].name, word, size) == 0)
            t->deed = &deeds[i];
    return t->deed && *n && !*end && t->at >= 0 && (t->goes_on || !word[size]);
}

int main(int count, char **words)
{
    struct trace t = { 0 };
    if (count < 5 || !choose(&t, words[2], words[3])) {
        fprintf(stderr, "usage: disturb REPORT N kill|EIO|ENOSPC|EINTR|short[+] COMMAND...\n");
        return 2;
    }
    FILE *report = fopen(words[1], "we");
    char *all = NULL;
    size_t size = 0;
    t.all = open_memstream(&all, &size);
    if (!report || !t.all) {
        perror(words[1]);
        return 2;
    }
    int rc = start(&t, words + 4);
    if (!rc)
        follow(&t);
    fclose(t.all);
    fprintf(report, "%ld %ld %s\n%s", t.count, t.done, t.first, all);
    free(all);
    return fclose(report) != 0 ? 2 : rc ? rc : t.status;
}
