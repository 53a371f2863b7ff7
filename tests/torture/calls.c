/* calls.c - which system calls change files, asked of the kernel by a filter, so that all others run at full speed. */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "calls.h"

#define FD(call, can)                                                                                                  \
    {                                                                                                                  \
#call, SYS_##call, 0, false, can                                                                               \
    }
#define PATH(call, place, can)                                                                                         \
    {                                                                                                                  \
#call, SYS_##call, place, true, can                                                                            \
    }

static const file_call calls[] = {
    FD(write, CALL_FILLS | CALL_WRITES | CALL_WAITS),
    FD(pwrite64, CALL_FILLS | CALL_WRITES | CALL_WAITS),
    FD(writev, CALL_FILLS | CALL_WAITS),
    FD(fsync, 0),
    FD(fdatasync, 0),
    FD(ftruncate, CALL_WAITS),
    FD(fallocate, CALL_FILLS),
    PATH(openat, 1, CALL_CREATES | CALL_FILLS | CALL_WAITS),
    PATH(renameat, 1, 0),
    PATH(renameat2, 1, 0),
    PATH(unlinkat, 1, 0),
    PATH(mkdirat, 1, CALL_FILLS),
    PATH(linkat, 1, CALL_FILLS),
    PATH(symlinkat, 2, CALL_FILLS),
#ifdef SYS_open /* newer machines have only those above */
    PATH(open, 0, CALL_CREATES | CALL_FILLS | CALL_WAITS),
    PATH(rename, 0, 0),
    PATH(unlink, 0, 0),
    PATH(rmdir, 0, 0),
    PATH(mkdir, 0, CALL_FILLS),
    PATH(link, 0, CALL_FILLS),
    PATH(symlink, 1, CALL_FILLS),
#endif
};
enum { CALLS = sizeof calls / sizeof *calls, MOST_STEPS = 4 + 4 * CALLS };

static unsigned low_half(int argument)
{
    return (unsigned)(offsetof(struct seccomp_data, args) + sizeof(uint64_t) * (size_t)argument);
}

bool file_calls_watch(void)
{
    const unsigned let = SECCOMP_RET_ALLOW, stop = SECCOMP_RET_TRACE;
    const unsigned number = offsetof(struct seccomp_data, nr), arch = offsetof(struct seccomp_data, arch);
    struct sock_filter steps[MOST_STEPS];
    unsigned short n = 0;
    steps[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, arch);
    steps[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)NATIVE_ARCH, 1, 0);
    steps[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, let);
    for (size_t i = 0; i < CALLS; i++) {
        bool creates = calls[i].can & CALL_CREATES;
        steps[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, number);
        steps[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i].number, 0,
                                                  creates ? 3 : 1);
        if (creates) { /* the flags follow the path */
            steps[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low_half(calls[i].place + 1));
            steps[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_CREAT, 0, 1);
        }
        steps[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, stop);
    }
    steps[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, let);
    struct sock_fprog all = { n, steps };
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all) == 0;
}

/* ---- at a stop ---- */

/* The text at an address of the thread; what cannot be read stays empty. */
static void read_text(char out[PATH_MAX], pid_t thread, uint64_t address)
{
    char name[64];
    snprintf(name, sizeof name, "/proc/%ld/mem", (long)thread);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? pread(fd, out, PATH_MAX - 1, (off_t)address) : -1;
    out[n > 0 ? n : 0] = '\0';
    if (fd >= 0)
        close(fd);
}

/* False: no file of a file system, but a pipe, a terminal or an event. */
static bool name_descriptor(char out[PATH_MAX], pid_t thread, int fd)
{
    char link[64];
    struct stat st;
    snprintf(link, sizeof link, "/proc/%ld/fd/%d", (long)thread, fd);
    ssize_t n = readlink(link, out, PATH_MAX - 1);
    out[n > 0 ? n : 0] = '\0';
    return stat(link, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

const file_call *file_call_at(char path[PATH_MAX], pid_t thread, const registers *r)
{
    for (size_t i = 0; i < CALLS; i++) {
        if (calls[i].number != call_number(r))
            continue;
        uint64_t argument = call_argument(r, calls[i].place);
        if (!calls[i].by_path)
            return name_descriptor(path, thread, (int)argument) ? &calls[i] : NULL;
        read_text(path, thread, argument);
        return strncmp(path, "/dev/", 5) == 0 ? NULL : &calls[i];
    }
    return NULL;
}
