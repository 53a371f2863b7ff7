/* claim.c - who works on something, where locks are not to be relied upon.
 *
 * A stale claim is taken over through a gate: a file that is named by the claim and by its content, which is unlike all
 * others. Whoever creates the gate, with O_EXCL, is alone; if the claim is as it was, the gate takes its name. A holder
 * that releases its claim passes the gate too. The gate of a process that was killed right then is a stale claim itself. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/claim.h"
#include "base/host.h"
#include "base/sha256.h"
#include "base/text.h"

enum { GATES = 3, MOST_TEXT = 1024, RENEWALS = 6, MOST_TRIES = 1000 };

struct il_claim {
    char *path;
    il_text text; /* of the file */
    il_digest digest;
    pthread_t renewer;
    pthread_mutex_t lock;
    pthread_cond_t end;
    bool released;
};

static double grace(void)
{
    const char *text = getenv("INPAINTLAB_GRACE");
    double seconds = text ? strtod(text, NULL) : 0;
    return seconds > 0 ? seconds : 600;
}

/* ---- files ---- */

/* 0 or errno. */
static int create(const char *path, const il_text *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return errno;
    ssize_t n = write(fd, text->data, text->size);
    int why = n == (ssize_t)text->size ? 0 : n < 0 ? errno : ENOSPC;
    if (close(fd) != 0 && !why)
        why = errno;
    if (why)
        unlink(path);
    return why;
}

/* The time on the disk's clock, which is that of another host. */
static double clock_beside(const char *path)
{
    static _Thread_local unsigned count;
    il_text probe = { 0 };
    struct stat st;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    il_text_add(&probe, "%s.now-%s-%ld-%u", path, il_host_name().text, (long)getpid(), count++);
    int fd = probe.failed ? -1 : open(probe.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
        if (write(fd, "", 1) == 1 && fsync(fd) == 0 && fstat(fd, &st) == 0)
            now = st.st_mtim;
        close(fd);
        unlink(probe.data);
    }
    il_text_free(&probe);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* What lies under the name. */
struct seen {
    char text[MOST_TEXT];
    il_digest digest;
    double time;
};

/* 0 or errno. */
static int look(struct seen *s, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    *s = (struct seen){ 0 };
    if (fd < 0)
        return errno;
    ssize_t n = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? read(fd, s->text, sizeof s->text - 1) : -1;
    int why = n < 0 ? EIO : 0;
    close(fd);
    if (why)
        return why;
    s->text[n] = '\0';
    s->digest = il_sha256(s->text, (size_t)n);
    s->time = (double)st.st_mtim.tv_sec + 1e-9 * (double)st.st_mtim.tv_nsec;
    return 0;
}

/* Of an earlier start of the job that we are in: a scheduler starts a job again when nothing of it runs any more. */
static bool is_of_earlier_start(const struct seen *s)
{
    il_host_words job = il_host_job(), theirs = { "" };
    int read = sscanf(s->text, "host %*[^,], process %*[0-9], job %255[^,\n]", theirs.text);
    const char *restart = strstr(s->text, ", restart ");
    long restarts = restart ? strtol(restart + strlen(", restart "), NULL, 10) : 0;
    return *job.text && read == 1 && strcmp(theirs.text, job.text) == 0 && restarts < il_host_restarts();
}

static bool is_stale(const struct seen *s, const char *path)
{
    return is_of_earlier_start(s) || clock_beside(path) - s->time > grace();
}

static bool is_same(const il_digest *a, const il_digest *b)
{
    return strcmp(a->hex, b->hex) == 0;
}

/* "host n2, process 4711, job 12_3", as the holder wrote it. */
static int fail_held(const struct seen *s, il_err *e)
{
    il_text who = { 0 };
    char line[MOST_TEXT];
    snprintf(line, sizeof line, "%.*s", (int)strcspn(s->text, "\n"), s->text);
    il_text_show(&who, *line ? line : "another process");
    int rc = who.failed ? il_fail_oom(e) : il_fail(e, IL_EBUSY, "%s", who.data);
    il_text_free(&who);
    return rc;
}

/* ---- taking ---- */

static int take(const char *path, const il_claim *own, int gates, il_err *e);

/* IL_OK: taken over; *again: it is no longer as it was seen. */
static int take_over(bool *again, const char *path, const struct seen *old, const il_claim *own, int gates, il_err *e)
{
    il_text gate = { 0 };
    struct seen now;
    il_text_add(&gate, "%s.%.16s", path, old->digest.hex);
    int rc = gate.failed ? il_fail_oom(e) : take(gate.data, own, gates - 1, e);
    if (!rc && (look(&now, path) != 0 || !is_same(&now.digest, &old->digest) || !is_stale(&now, path))) {
        unlink(gate.data);
        *again = true;
    } else if (!rc) {
        (void)rename(gate.data, path); /* what it came to shows now */
        int why = look(&now, path);
        if (why || !is_same(&now.digest, &own->digest))
            rc = why ? il_fail(e, IL_EIO, "cannot read %s: %s", path, strerror(why)) : fail_held(&now, e);
    }
    il_text_free(&gate);
    return rc;
}

static int take(const char *path, const il_claim *own, int gates, il_err *e)
{
    for (int i = 0; i < MOST_TRIES; i++) {
        struct seen there;
        bool again = false;
        int why = create(path, &own->text);
        if (!why)
            return IL_OK;
        if (why != EEXIST)
            return il_fail(e, IL_EIO, "cannot create %s: %s", path, strerror(why));
        why = look(&there, path);
        if (why == ENOENT) /* just released */
            continue;
        if (why)
            return il_fail(e, IL_EIO, "cannot read %s: %s", path, strerror(why));
        if (gates == 0 || !is_stale(&there, path))
            return fail_held(&there, e);
        int rc = take_over(&again, path, &there, own, gates, e);
        if (!again)
            return rc;
    }
    return il_fail(e, IL_EBUSY, "cannot create %s: others create and remove it all the time", path);
}

bool il_claim_is_held(const char *path)
{
    struct seen there;
    return look(&there, path) == 0 && !is_stale(&there, path);
}

/* ---- renewing ---- */

static void add_seconds(struct timespec *t, double seconds)
{
    int64_t ns = t->tv_nsec + (int64_t)(seconds * 1e9);
    t->tv_sec += ns / 1000000000;
    t->tv_nsec = ns % 1000000000;
}

/* Another host may have taken it over while this one stood still; that one's claim is not renewed. */
static void *renew(void *context)
{
    il_claim *c = context;
    struct seen there;
    pthread_mutex_lock(&c->lock);
    while (!c->released) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        add_seconds(&until, grace() / RENEWALS);
        if (pthread_cond_timedwait(&c->end, &c->lock, &until) == ETIMEDOUT && look(&there, c->path) == 0 &&
            is_same(&there.digest, &c->digest))
            (void)utimensat(AT_FDCWD, c->path, NULL, 0);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* Signals are for the threads that work. */
static int start_renewer(il_claim *c, il_err *e)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int why = pthread_create(&c->renewer, NULL, renew, c);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return why ? il_fail(e, IL_ENOMEM, "cannot start a thread: %s", strerror(why)) : IL_OK;
}

static void claim_free(il_claim *c)
{
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->end);
    il_text_free(&c->text);
    free(c->path);
    free(c);
}

/* Only what is ours still; not while another takes it over. */
static void give_back(const il_claim *c)
{
    il_text gate = { 0 };
    struct seen there;
    il_text_add(&gate, "%s.%.16s", c->path, c->digest.hex);
    if (!gate.failed && create(gate.data, &c->text) == 0) {
        if (look(&there, c->path) == 0 && is_same(&there.digest, &c->digest))
            unlink(c->path);
        unlink(gate.data);
    }
    il_text_free(&gate);
}

int il_claim_take(il_claim **out, const char *path, il_err *e)
{
    il_claim *c = calloc(1, sizeof *c);
    if (!c)
        return il_fail_oom(e);
    il_host_words job = il_host_job();
    long restarts = il_host_restarts();
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->end, NULL);
    c->path = il_text_copy(path);
    il_text_add(&c->text, "host %s, process %ld", il_host_name().text, (long)getpid());
    if (*job.text)
        il_text_add(&c->text, ", job %s", job.text);
    if (*job.text && restarts)
        il_text_add(&c->text, ", restart %ld", restarts);
    il_text_add(&c->text, "\n%lld.%09ld %p\n", (long long)now.tv_sec, now.tv_nsec, (void *)c);
    int rc = c->path && !c->text.failed ? IL_OK : il_fail_oom(e);
    if (!rc) {
        c->digest = il_sha256(c->text.data, c->text.size);
        rc = take(path, c, GATES, e);
    }
    if (!rc && (rc = start_renewer(c, e)) != IL_OK)
        give_back(c);
    if (rc) {
        claim_free(c);
        return rc;
    }
    *out = c;
    return IL_OK;
}

void il_claim_release(il_claim *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->released = true;
    pthread_cond_signal(&c->end);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->renewer, NULL);
    give_back(c);
    claim_free(c);
}
