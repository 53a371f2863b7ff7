/* calls.h - the system calls that change files. */
#ifndef TORTURE_CALLS_H
#define TORTURE_CALLS_H

#include <limits.h>
#include <stdbool.h>
#include "registers.h"

enum {
    CALL_FILLS = 1,   /* fails on a full disk */
    CALL_WRITES = 2,  /* may write less than it was asked to */
    CALL_WAITS = 4,   /* may be interrupted by a signal */
    CALL_CREATES = 8, /* opens; only with O_CREAT is it one of ours */
};

typedef struct {
    const char *name;
    int number;
    int place; /* which argument is the descriptor or the path */
    bool by_path;
    unsigned can; /* CALL_* */
} file_call;

/* Has the kernel stop this process, and all that it will start, at these calls. False: it does not let us. */
bool file_calls_watch(void);

/* The call that a thread is stopped at, and the file it is about. NULL: of no interest, as a write into a pipe. */
const file_call *file_call_at(char path[PATH_MAX], pid_t thread, const registers *r);

#endif
