/* check_child.c - the checks of a plugin in a process of their own. The child writes one line per event to a pipe:
 * "b CHECK", "e VERDICT CHECK text" and at the end "d FAILED" or "f CODE message", separated by tabs. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <inpaintlab/tensor.h>
#include "base/clock.h"
#include "cli/check_child.h"

enum { LONGEST = 4096, NAME = 64 };

/* ---- the child ---- */

/* Writes one line to the pipe; line breaks in the text become spaces. */
static void send_line(int pipe, const char *format, const char *check, int number, const char *text)
{
    char line[LONGEST];
    int size = snprintf(line, sizeof line - 1, format, number, check, text);
    if (size < 0)
        return;
    size = size < (int)sizeof line - 1 ? size : (int)sizeof line - 2;
    for (int i = 0; i < size; i++)
        line[i] = line[i] == '\n' || line[i] == '\r' ? ' ' : line[i];
    line[size++] = '\n';
    for (const char *at = line; size > 0;) {
        ssize_t n = write(pipe, at, (size_t)size);
        if (n < 0 && errno != EINTR)
            return;
        at += n > 0 ? n : 0;
        size -= n > 0 ? (int)n : 0;
    }
}

static void child_begin(void *context, const char *check)
{
    send_line(*(int *)context, "b\t%d\t%s%s", check, 0, "");
}

static void child_end(void *context, const char *check, il_plugin_check_verdict verdict, const char *text)
{
    send_line(*(int *)context, "e\t%d\t%s\t%s", check, (int)verdict, text);
}

static void run_child(int pipe, const il_plugin_check_job *job, int threads)
{
    il_err e = { 0 };
    int failed = 0;
    il_torch_threads(threads);
    int rc = il_plugin_check_run(&failed, job, &(il_plugin_check_observer){ &pipe, child_begin, child_end }, &e);
    if (rc)
        send_line(pipe, "f\t%d\t%s%s", e.message, rc, "");
    else
        send_line(pipe, "d\t%d\t%s%s", "", failed, "");
    fflush(NULL);
}

/* ---- the parent ---- */

struct listener {
    const il_plugin_check_observer *observer;
    char check[NAME]; /* in progress; "" between two */
    int failed;
    bool ended;
    il_err error;
    char line[LONGEST];
    size_t size;
    double since; /* when the last line came; il_clock_seconds */
};

static void take_line(struct listener *l)
{
    char *word[4] = { l->line, "", "", "" }, *rest = l->line;
    for (int i = 0; i < 4 && rest; i++) {
        word[i] = rest;
        rest = i < 3 ? strchr(rest, '\t') : NULL;
        if (rest)
            *rest++ = '\0';
    }
    int number = (int)strtol(word[1], NULL, 10);
    switch (l->line[0]) {
    case 'b':
        snprintf(l->check, sizeof l->check, "%s", word[2]);
        l->observer->begin(l->observer->context, word[2]);
        break;
    case 'e':
        l->check[0] = '\0';
        l->failed += number == IL_PLUGIN_CHECK_BAD;
        l->observer->end(l->observer->context, word[2], (il_plugin_check_verdict)number, word[3]);
        break;
    case 'd': l->ended = true; break;
    default: l->ended = true; il_fail(&l->error, number, "%s", word[2]);
    }
}

static void take_bytes(struct listener *l, const char *bytes, size_t size)
{
    l->since = il_clock_seconds();
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '\n') {
            l->line[l->size] = '\0';
            l->size = 0;
            take_line(l);
        } else if (l->size < sizeof l->line - 1) {
            l->line[l->size++] = bytes[i];
        }
    }
}

/* Until the child closes the pipe, or a check has taken too long; false in the latter case. */
static bool listen_to(struct listener *l, int pipe, int seconds)
{
    l->since = il_clock_seconds();
    for (;;) {
        double left = seconds - (il_clock_seconds() - l->since);
        if (left <= 0)
            return false;
        struct pollfd wait = { .fd = pipe, .events = POLLIN };
        int ready = poll(&wait, 1, (int)(left * 1000) + 1);
        if (ready <= 0)
            continue;
        char bytes[LONGEST];
        ssize_t n = read(pipe, bytes, sizeof bytes);
        if (n == 0)
            return true;
        if (n > 0)
            take_bytes(l, bytes, (size_t)n);
    }
}

/* What happened to a child that did not finish its checks. */
static void tell_end(struct listener *l, int status, bool slow, int seconds)
{
    char text[200];
    if (slow)
        snprintf(text, sizeof text, "took more than %d s and was stopped (--timeout)", seconds);
    else if (WIFSIGNALED(status))
        snprintf(text, sizeof text, "the plugin crashed: %s (signal %d)", strsignal(WTERMSIG(status)),
                 WTERMSIG(status));
    else
        snprintf(text, sizeof text, "the plugin ended the program with status %d", WEXITSTATUS(status));
    l->failed++;
    l->observer->end(l->observer->context, l->check[0] ? l->check : "end", IL_PLUGIN_CHECK_BAD, text);
}

int il_check_child_run(int *failed, bool *whole, const il_plugin_check_job *job, int seconds, int threads,
                       const il_plugin_check_observer *observer, il_err *e)
{
    int ends[2], status = 0;
    fflush(NULL);
    if (pipe(ends) != 0)
        return il_fail(e, IL_EIO, "cannot create a pipe: %s", strerror(errno));
    pid_t child = fork();
    if (child < 0) {
        close(ends[0]);
        close(ends[1]);
        return il_fail(e, IL_EIO, "cannot start a process: %s", strerror(errno));
    }
    if (child == 0) {
        close(ends[0]);
        run_child(ends[1], job, threads);
        _exit(0); /* without a plugin's exit handlers */
    }
    close(ends[1]);
    struct listener l = { .observer = observer };
    bool slow = !listen_to(&l, ends[0], seconds);
    if (slow)
        kill(child, SIGKILL);
    close(ends[0]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (!l.ended)
        tell_end(&l, status, slow, seconds);
    if (l.error.code)
        return il_fail(e, l.error.code, "%s", l.error.message);
    *failed = l.failed;
    *whole = l.ended;
    return IL_OK;
}
