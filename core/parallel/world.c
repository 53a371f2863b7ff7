/* world.c - joins the other ranks, and waits for them without waiting for ever. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr */
#endif
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "parallel/world.h"

enum { SPINS = 200, PAUSE_NS = 50 * 1000, MOST_BYTES = 1 << 28 };
#define LOOK_EVERY 0.2 /* seconds */
#define GRACE 2.0      /* seconds in which what a rank did before it failed arrives */

/* Who a rank is. */
struct self {
    char host[200];
    int64_t pid;
};

struct il_world {
    const il_world_calls *calls;
    int own, size, local, neighbours;
    struct self *all;
    bool broken; /* a rank has failed while others wait for it: the queue of work is out of step */
    bool gone;   /* a rank is not there any more, or MPI failed: nobody can be asked */
    il_err why;
    int heard;       /* failures that other ranks have told of */
    double heard_at; /* clock of the first */
};

struct il_world_sum {
    il_world *world;
    void *request; /* NULL: done */
};

/* ---- who is there ---- */

static long number(const char *name)
{
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : -1;
}

/* By Open MPI, by MPICH and Slurm's pmi2, by Slurm's pmix: its number and how many there are. */
static bool launched(long *rank, long *size)
{
    static const char *const names[][2] = { { "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE" },
                                            { "PMI_RANK", "PMI_SIZE" },
                                            { "PMIX_RANK", "SLURM_STEP_NUM_TASKS" },
                                            { "PMIX_RANK", "SLURM_NTASKS" } };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        *rank = number(names[i][0]);
        *size = number(names[i][1]);
        if (*rank >= 0 && *size > 1)
            return true;
    }
    return false;
}

bool il_world_launched_second(void)
{
    long rank = 0, size = 1;
    return launched(&rank, &size) && rank > 0;
}

static int load(const il_world_calls **out, long size, il_err *e)
{
    static const char name[] = "libinpaintlab_mpi.so";
    char path[PATH_MAX];
    Dl_info own;
    int (*here)(il_world **, il_err *) = il_world_open;
    void *address = NULL;
    memcpy(&address, &here, sizeof address);
    const char *file = dladdr(address, &own) && own.dli_fname ? own.dli_fname : "";
    const char *slash = strrchr(file, '/');
    int folder = slash ? (int)(slash + 1 - file) : 0;
    if (snprintf(path, sizeof path, "%.*s%s", folder, file, name) >= (int)sizeof path)
        snprintf(path, sizeof path, "%s", name);
    if (access(path, F_OK) != 0)
        return il_fail(e, IL_EUSAGE,
                       "launched as one of %ld processes, but this inpaintlab was built without MPI; install"
                       " libopenmpi-dev and build again, or launch one process",
                       size);
    void *library = dlopen(
        path, RTLD_NOW | RTLD_GLOBAL); /* global: Open MPI loads parts of itself that look for its symbols */
    const il_world_calls *calls = library ? dlsym(library, IL_WORLD_CALLS) : NULL;
    if (!calls) {
        const char *reason = dlerror();
        return il_fail(e, IL_EUSAGE, "launched as one of %ld processes, but MPI cannot be loaded: %s", size,
                       reason ? reason : path);
    }
    if (strcmp(calls->version, IL_VERSION) != 0)
        return il_fail(e, IL_EUSAGE, "%s is from another version of inpaintlab", path);
    *out = calls;
    return IL_OK;
}

static int meet(il_world *r, il_err *e)
{
    struct self own = { .pid = getpid() };
    gethostname(own.host, sizeof own.host - 1);
    r->all = calloc((size_t)r->size, sizeof *r->all);
    struct self *all = r->all ? malloc((size_t)r->size * sizeof *all)
                              : NULL; /* nobody is looked after before all is known */
    int rc = all ? il_world_gather(r, all, &own, sizeof own, e) : il_fail_oom(e);
    if (!rc)
        memcpy(r->all, all, (size_t)r->size * sizeof *all);
    free(all);
    for (int i = 0; i < r->size && !rc; i++) {
        bool here = strcmp(r->all[i].host, own.host) == 0;
        r->neighbours += here;
        r->local += here && i < r->own;
    }
    return rc;
}

int il_world_open(il_world **out, il_err *e)
{
    long rank = 0, size = 1;
    if (!launched(&rank, &size))
        return IL_OK;
    il_world *r = calloc(1, sizeof *r);
    int rc = r ? load(&r->calls, size, e) : il_fail_oom(e);
    if (!rc)
        rc = r->calls->join(&r->own, &r->size, e);
    if (!rc && r->size != size)
        rc = il_fail(e, IL_EUSAGE,
                     "launched as one of %ld processes, but MPI knows of %d; with Slurm use `srun --mpi=pmix`", size,
                     r->size);
    if (!rc)
        rc = meet(r, e);
    if (rc) {
        free(r ? r->all : NULL);
        free(r);
        return rc;
    }
    *out = r;
    return IL_OK;
}

/* After a failure others may still wait for what will not come: MPI would wait for them. */
void il_world_close(il_world *r)
{
    if (!r)
        return;
    if (!r->broken)
        r->calls->leave();
    free(r->all);
    free(r);
}

int il_world_own(const il_world *r)
{
    return r ? r->own : 0;
}

int il_world_size(const il_world *r)
{
    return r ? r->size : 1;
}

int il_world_local(const il_world *r)
{
    return r ? r->local : 0;
}

int il_world_neighbours(const il_world *r)
{
    return r ? r->neighbours : 1;
}

/* ---- waiting ---- */

static int break_off(il_world *r, il_err *e)
{
    r->broken = true;
    return il_fail(e, r->why.code, "%s", r->why.message);
}

/* A rank of this host that is there no more; those of other hosts are the launcher's to look after. */
static int look_after(il_world *r, il_err *e)
{
    for (int i = 0; i < r->size && r->all; i++) {
        const struct self *x = &r->all[i];
        if (i == r->own || !x->pid || strcmp(x->host, r->all[r->own].host) != 0)
            continue;
        if (kill((pid_t)x->pid, 0) == 0 || errno != ESRCH)
            continue;
        r->gone = true;
        il_fail(&r->why, IL_ECANCEL,
                "process %d of %d has ended, so this one stops too; run again to go on from the last checkpoint", i + 1,
                r->size);
        return break_off(r, e);
    }
    return IL_OK;
}

/* A rank that fails will not come to what is waited for here, unless that was already on its way. */
static int hear(il_world *r, il_err *e)
{
    char text[IL_WORLD_TEXT];
    if (r->calls->told(text)) {
        text[sizeof text - 1] = '\0';
        if (!r->heard++) {
            r->heard_at = il_clock_seconds();
            il_fail(&r->why, IL_ECANCEL, "%s", text);
        }
    }
    return r->heard && il_clock_seconds() - r->heard_at > GRACE ? break_off(r, e) : IL_OK;
}

static int wait_for(il_world *r, void *request, bool work, il_err *e)
{
    double looked = il_clock_seconds();
    for (unsigned tries = 0;; tries++) {
        bool done = false;
        int rc = r->calls->test(&done, request, e);
        if (rc) {
            r->gone = true;
            r->why = *e;
            return break_off(r, e);
        }
        if (done)
            return IL_OK;
        if (tries < SPINS) {
            sched_yield();
            continue;
        }
        nanosleep(&(struct timespec){ .tv_nsec = PAUSE_NS }, NULL);
        if (il_clock_seconds() - looked < LOOK_EVERY)
            continue;
        looked = il_clock_seconds();
        rc = work ? hear(r, e) : IL_OK;
        if (!rc)
            rc = look_after(r, e);
        if (rc)
            return rc;
    }
}

static int begin(void **request, il_world *r, const il_world_work *w, il_err *e)
{
    bool asks = w->kind == IL_WORLD_ANSWER && !r->gone;
    return r->broken && !asks ? il_fail(e, r->why.code, "%s", r->why.message) : r->calls->begin(request, w, e);
}

static int do_work(il_world *r, il_world_work w, il_err *e)
{
    void *request = NULL;
    int rc = begin(&request, r, &w, e);
    return rc ? rc : wait_for(r, request, w.kind != IL_WORLD_ANSWER, e);
}

/* ---- what they do together ---- */

int il_world_sum_begin(il_world_sum **out, il_world *r, void *data, size_t count, il_world_type type, il_err *e)
{
    il_world_sum *s = calloc(1, sizeof *s);
    if (!s)
        return il_fail_oom(e);
    s->world = r;
    int rc = begin(&s->request, r, &(il_world_work){ IL_WORLD_SUM, data, NULL, count, type }, e);
    if (rc)
        free(s);
    else
        *out = s;
    return rc;
}

int il_world_sum_ready(bool *ready, il_world_sum *s, il_err *e)
{
    bool done = !s->request;
    int rc = s->request ? s->world->calls->test(&done, s->request, e) : IL_OK;
    if (rc || done)
        s->request = NULL;
    *ready = done;
    return rc;
}

int il_world_sum_end(il_world_sum *s, il_err *e)
{
    if (!s)
        return IL_OK;
    int rc = s->request ? wait_for(s->world, s->request, true, e) : IL_OK;
    free(s);
    return rc;
}

int il_world_gather(il_world *r, void *all, const void *own, size_t bytes, il_err *e)
{
    return do_work(r, (il_world_work){ .kind = IL_WORLD_GATHER, .data = all, .own = own, .count = bytes }, e);
}

int il_world_gather_sized(void **all, size_t *sizes, il_world *r, const void *own, size_t bytes, il_err *e)
{
    size_t most = 0, at = 0;
    int rc = il_world_gather(r, sizes, &bytes, sizeof bytes, e);
    for (int i = 0; i < r->size && !rc; i++)
        most = sizes[i] > most ? sizes[i] : most;
    char *padded = rc ? NULL : calloc(most ? most : 1, 1);
    char *table = padded ? malloc(most ? most * (size_t)r->size : 1) : NULL;
    if (!rc && !table)
        rc = il_fail_oom(e);
    if (!rc) {
        memcpy(padded, own ? own : padded, own ? bytes : 0);
        rc = il_world_gather(r, table, padded, most, e);
    }
    for (int i = 0; i < r->size && !rc; i++) { /* no gaps */
        memmove(table + at, table + most * (size_t)i, sizes[i]);
        at += sizes[i];
    }
    free(padded);
    if (rc)
        free(table);
    else
        *all = table;
    return rc;
}

int il_world_broadcast(il_world *r, void *data, size_t bytes, il_err *e)
{
    int rc = IL_OK;
    for (size_t at = 0; at < bytes && !rc; at += MOST_BYTES) {
        size_t n = bytes - at < MOST_BYTES ? bytes - at : MOST_BYTES;
        rc = do_work(r, (il_world_work){ .kind = IL_WORLD_BROADCAST, .data = (char *)data + at, .count = n }, e);
    }
    return rc;
}

/* ---- how they fared ---- */

struct answer {
    int code;
    bool broken;
    char text[IL_WORLD_TEXT];
};

/* Those that wait elsewhere hear of it. */
static void tell_failure(il_world *r, const il_err *e)
{
    char text[IL_WORLD_TEXT];
    snprintf(text, sizeof text, "process %d of %d: %.450s", r->own + 1, r->size, e->message);
    r->calls->tell(text);
}

/* What was told is known to all by now. */
static void forget_failures(il_world *r, const struct answer *all)
{
    char text[IL_WORLD_TEXT];
    int told = 0;
    for (int i = 0; i < r->size; i++)
        told += i != r->own && all[i].code != IL_OK && !all[i].broken;
    for (; r->heard < told; sched_yield())
        r->heard += r->calls->told(text);
    r->heard = 0;
}

int il_world_hear(il_world *r, int own, il_err *e)
{
    if (!r)
        return own;
    if (r->gone) /* whatever the operation said that waited in vain */
        return own ? il_fail(e, r->why.code, "%s", r->why.message) : IL_OK;
    struct answer mine = { .code = own, .broken = r->broken };
    il_err why = { 0 };
    snprintf(mine.text, sizeof mine.text, "%.500s", own ? e->message : "");
    if (own && !r->broken)
        tell_failure(r, e);
    struct answer *all = calloc((size_t)r->size, sizeof *all);
    const il_world_work ask = { .kind = IL_WORLD_ANSWER, .data = all, .own = &mine, .count = sizeof mine };
    int rc = all ? do_work(r, ask, &why) : il_fail_oom(&why), first = 0;
    if (!rc) {
        forget_failures(r, all);
        while (first < r->size && all[first].code == IL_OK)
            first++;
        for (int i = 0; i < r->size; i++)
            r->broken = r->broken || all[i].broken;
        if (first < r->size)
            rc = il_fail(&why, r->broken ? IL_ECANCEL : all[first].code, "%s", all[first].text);
        r->why = why;
    }
    if (rc && (!own || rc != IL_ENOMEM))
        *e = why;
    free(all);
    return rc;
}
