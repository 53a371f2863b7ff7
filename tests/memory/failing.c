/* failing.c - malloc and its kin, of which one call can be made to fail, and the loop over all places that call them. */
#define _GNU_SOURCE /* _dl_find_object */
#include <criterion/criterion.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>
#include "memory/failing.h"

enum { PLACES = 1 << 14, BLOCKS = 1 << 17 };

/* ---- the allocator beneath: AddressSanitizer's where it is there ---- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);
void *__interceptor_malloc(size_t size) __attribute__((weak));
void *__interceptor_calloc(size_t count, size_t size) __attribute__((weak));
void *__interceptor_realloc(void *block, size_t size) __attribute__((weak));
void __interceptor_free(void *block) __attribute__((weak));

static void *below_malloc(size_t size)
{
    return __interceptor_malloc ? __interceptor_malloc(size) : __libc_malloc(size);
}

static void *below_realloc(void *block, size_t size)
{
    return __interceptor_realloc ? __interceptor_realloc(block, size) : __libc_realloc(block, size);
}

/* ---- who asks ---- */

enum module { OURS, TEST, SQLITE, JANSSON, WEBP, LOADER, OTHER };

static enum module module_called(const char *name)
{
    if (!*name)
        return TEST;
    if (strstr(name, "libinpaintlab.so") || strstr(name, "/plugins/") || strstr(name, "/stubs/"))
        return OURS;
    if (strstr(name, "libjansson"))
        return JANSSON;
    if (strstr(name, "libwebp"))
        return WEBP;
    return strstr(name, "libsqlite3") ? SQLITE : strstr(name, "/ld-linux") ? LOADER : OTHER;
}

/* Libraries are not unloaded, so what was found once may be kept. A thread may find it again. */
static enum module module_of(void *address)
{
    static _Thread_local struct {
        const struct link_map *map;
        enum module module;
    } seen[16];
    struct dl_find_object found;
    if (_dl_find_object(address, &found) != 0 || !found.dlfo_link_map)
        return OTHER;
    const struct link_map *map = found.dlfo_link_map;
    size_t at = (uintptr_t)map / sizeof *map % 16;
    if (seen[at].map != map) {
        seen[at].module = module_called(map->l_name);
        seen[at].map = map;
    }
    return seen[at].module;
}

/* A place: the call itself and our innermost calls. */
struct place {
    void *call, *ours[2];
};

/* The stack from the call on, until two of ours are found. */
struct walk {
    struct place place;
    void *before;
    int ours;
    bool begun, other;
};

static _Unwind_Reason_Code walk_on(struct _Unwind_Context *context, void *arg)
{
    struct walk *w = arg;
    void *frame = (void *)_Unwind_GetIP(context);
    w->begun = w->begun || frame == w->place.call;
    if (!w->begun)
        return _URC_NO_REASON;
    enum module m = module_of(frame);
    if (m == JANSSON && w->before == w->place.call) /* jansson's allocator is ours, but no call of ours */
        w->ours = 0;
    w->before = frame;
    if ((m == TEST || m == LOADER) && !w->ours) {
        w->other = true;
        return _URC_END_OF_STACK;
    }
    if (m == OURS)
        w->place.ours[w->ours++] = frame;
    return w->ours == 2 ? _URC_END_OF_STACK : _URC_NO_REASON;
}

static bool place_of(struct place *out, void *call)
{
    struct walk w = { .place.call = call };
    _Unwind_Backtrace(walk_on, &w);
    *out = w.place;
    if (w.ours < 2)
        out->ours[1] = NULL;
    return w.ours > 0 && !w.other;
}

/* ---- what is watched ---- */

struct use {
    struct place place;
    size_t count;
};

static struct {
    bool on, sqlite;
    atomic_flag lock;
    struct use *uses; /* by hash; NULL: not noted */
    size_t places;
    struct place target; /* call NULL: none */
    size_t occurrence, seen;
    bool failed;
    void *blocks[BLOCKS]; /* those that are watched and not freed, by hash */
    void *makers[BLOCKS]; /* the call that made each */
    size_t live;
} observer = { .lock = ATOMIC_FLAG_INIT };

static _Thread_local bool inside;

static void lock(void)
{
    while (atomic_flag_test_and_set_explicit(&observer.lock, memory_order_acquire))
        ;
}

static void unlock(void)
{
    atomic_flag_clear_explicit(&observer.lock, memory_order_release);
}

static size_t mix(uintptr_t x)
{
    uint64_t h = (uint64_t)x * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(h ^ h >> 29);
}

static bool same(const struct place *a, const struct place *b)
{
    return a->call == b->call && a->ours[0] == b->ours[0] && a->ours[1] == b->ours[1];
}

static void note(const struct place *p)
{
    size_t at = mix((uintptr_t)p->call ^ mix((uintptr_t)p->ours[0]) ^ mix(~(uintptr_t)p->ours[1])) % PLACES;
    while (observer.uses[at].count && !same(&observer.uses[at].place, p))
        at = (at + 1) % PLACES;
    observer.places += !observer.uses[at].count;
    observer.uses[at].place = *p;
    observer.uses[at].count++;
}

/* Whether this call fails; *watched: whether its block is. What libraries take for the test's own calls is watched too. */
static bool fails(bool *watched, void *call)
{
    struct place p;
    bool fail = false;
    *watched = false;
    if (!observer.on || inside)
        return false;
    inside = true;
    enum module asks = module_of(call);
    *watched = asks != TEST && asks != LOADER && (asks != SQLITE || observer.sqlite);
    bool wanted = observer.uses || (call == observer.target.call && !observer.failed);
    if (*watched && wanted && place_of(&p, call)) {
        lock();
        if (observer.uses)
            note(&p);
        else if (!observer.failed && same(&p, &observer.target) && ++observer.seen == observer.occurrence)
            fail = observer.failed = true;
        unlock();
    }
    inside = false;
    return fail;
}

static void born(void *block, bool watched, void *call)
{
    if (!block || !watched)
        return;
    lock();
    size_t at = mix((uintptr_t)block) % BLOCKS;
    while (observer.blocks[at])
        at = (at + 1) % BLOCKS;
    observer.blocks[at] = block;
    observer.makers[at] = call;
    observer.live++;
    unlock();
}

static void dead(void *block)
{
    if (!block || !observer.live)
        return;
    lock();
    size_t at = mix((uintptr_t)block) % BLOCKS;
    while (observer.blocks[at] && observer.blocks[at] != block)
        at = (at + 1) % BLOCKS;
    if (observer.blocks[at]) {
        observer.live--;
        for (size_t next = at;;) { /* moves what its place kept away */
            observer.blocks[at] = NULL;
            do {
                next = (next + 1) % BLOCKS;
            } while (observer.blocks[next] &&
                     (next - mix((uintptr_t)observer.blocks[next]) % BLOCKS) % BLOCKS < (next - at) % BLOCKS);
            if (!observer.blocks[next])
                break;
            observer.blocks[at] = observer.blocks[next];
            observer.makers[at] = observer.makers[next];
            at = next;
        }
    }
    unlock();
}

/* ---- the functions ---- */

#define CALLER __builtin_return_address(0)

void *malloc(size_t size)
{
    bool watched;
    if (fails(&watched, CALLER)) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = below_malloc(size);
    born(block, watched, CALLER);
    return block;
}

void *calloc(size_t count, size_t size)
{
    bool watched;
    if (fails(&watched, CALLER)) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = __interceptor_calloc ? __interceptor_calloc(count, size) : __libc_calloc(count, size);
    born(block, watched, CALLER);
    return block;
}

void *realloc(void *block, size_t size)
{
    bool watched;
    if (fails(&watched, CALLER)) {
        errno = ENOMEM;
        return NULL;
    }
    dead(block);
    void *moved = below_realloc(block, size);
    born(moved, watched, CALLER);
    return moved;
}

void free(void *block)
{
    dead(block);
    if (__interceptor_free)
        __interceptor_free(block);
    else
        __libc_free(block);
}

/* ---- one run ---- */

/* What a child says of its run. */
static struct verdict {
    bool reached, told;

    char fault[1500];
} * verdict;

static char root[64];

const char *failing_path(const char *folder, const char *name)
{
    static char paths[16][300];
    static int next;
    char *path = paths[next++ % 16];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void fault(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!*verdict->fault)
        vsnprintf(verdict->fault, sizeof verdict->fault, format, args);
    va_end(args);
}

static int go(const struct scenario *s, const char *folder, char **text, il_err *e)
{
    size_t size = 0;
    *text = NULL;
    FILE *out = open_memstream(text, &size);
    observer.sqlite = s->sqlite;
    observer.on = true;
    int rc = s->run(folder, out, e);
    observer.on = false;
    fclose(out);
    return rc;
}

static void check_drafts(const char *folder)
{
    DIR *d = opendir(folder);
    for (const struct dirent *f; d && (f = readdir(d));) {
        char path[600];
        struct stat st;
        size_t size = strlen(f->d_name);
        if (f->d_name[0] == '.')
            continue;
        if (size > 4 && strcmp(f->d_name + size - 4, ".tmp") == 0)
            fault("leaves the draft %s", f->d_name);
        snprintf(path, sizeof path, "%s/%s", folder, f->d_name);
        if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
            check_drafts(path);
    }
    if (d)
        closedir(d);
}

static void name_call(char *out, size_t size, void *call)
{
    char command[400];
    Dl_info info = { 0 };
    struct dl_find_object found;
    snprintf(out, size, "%p", call);
    if (!call || !dladdr(call, &info) || _dl_find_object(call, &found) != 0)
        return;
    snprintf(command, sizeof command, "addr2line -f -s -e '%s' %#lx 2>/dev/null | tr '\\n' ' '", info.dli_fname,
             (unsigned long)((char *)call - 1 - (char *)found.dlfo_link_map->l_addr));
    FILE *p = popen(command, "r");
    size_t n = p ? fread(out, 1, size - 1, p) : 0;
    if (n)
        out[n] = '\0';
    if (p)
        pclose(p);
}

static void check_leaks(size_t before)
{
    if (observer.live <= before)
        return;
    void *maker = NULL;
    for (size_t i = 0; i < BLOCKS && !maker; i++)
        maker = observer.blocks[i] ? observer.makers[i] : NULL;
    char name[300];
    name_call(name, sizeof name, maker);
    fault("leaks %zu blocks, among them one of %s", observer.live - before, name);
}

/* From the line in which the texts part. */
static void compare(const char *got, const char *expected, const char *when)
{
    size_t at = 0, line = 0;
    for (; got[at] && got[at] == expected[at]; at++)
        line = got[at] == '\n' ? at + 1 : line;
    if (got[at] != expected[at])
        fault("%s another result\n    %.*s\n    instead of\n    %.*s", when, (int)strcspn(got + line, "\n"), got + line,
              (int)strcspn(expected + line, "\n"), expected + line);
}

/* In the child: the run with one failure, then without. */
static void try_one(const struct scenario *s, const char *folder, const char *expected, bool repeat)
{
    il_err e = { 0 };
    char *text = NULL;
    size_t before = observer.live;
    alarm(60);
    int rc = go(s, folder, &text, &e);
    verdict->reached = observer.failed;
    verdict->told = rc;
    if (!rc)
        compare(text, expected, "reports success with");
    if (rc && (e.code != rc || !*e.message))
        fault("returns %d, but the error holds code %d and message '%s'", rc, e.code, e.message);
    if (rc && rc != IL_ENOMEM)
        fault("returns %d instead of IL_ENOMEM: %s", rc, e.message);
    free(text);
    check_leaks(before);
    check_drafts(folder);
    if (!repeat)
        return;
    memset(&observer.target, 0, sizeof observer.target);
    e = (il_err){ 0 };
    rc = go(s, folder, &text, &e);
    if (rc)
        fault("fails when it is repeated: %s", e.message);
    else
        compare(text, expected, "when it is repeated, gives");
}

/* ---- all runs ---- */

static const char *new_folder(const struct scenario *s, size_t number)
{
    static char folders[2][160]; /* that of the scenario and that of a run */
    char *folder = folders[number > 0];
    snprintf(folder, sizeof folders[0], "%s/%s-%zu", root, s->name, number);
    cr_assert_eq(mkdir(folder, 0777), 0);
    if (s->prepare)
        s->prepare(folder);
    return folder;
}

static void remove_folder(const char *folder)
{
    char command[400];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
}

/* Returns whether the run was good. *foreign: it died of libwebp, of which 1.2.4 does not survive each failed allocation. */
static bool fail_at(bool *foreign, const struct scenario *s, const struct place *at, size_t occurrence, bool repeat,
                    const char *folder, const char *expected)
{
    memset(verdict, 0, sizeof *verdict);
    fflush(NULL);
    pid_t child = fork();
    cr_assert(child >= 0, "fork: %s", strerror(errno));
    if (child == 0) {
        observer.target = *at;
        observer.occurrence = occurrence;
        observer.seen = 0;
        observer.failed = false;
        try_one(s, folder, expected, repeat);
        fflush(NULL);
        _exit(*verdict->fault ? 3 : 0);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    *foreign = module_of(at->call) == WEBP &&
               ((WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) || WEXITSTATUS(status) == 1);
    if (WIFSIGNALED(status))
        snprintf(verdict->fault, sizeof verdict->fault, WTERMSIG(status) == SIGALRM ? "hangs" : "dies of signal %d",
                 WTERMSIG(status));
    else if (WEXITSTATUS(status) && !*verdict->fault)
        snprintf(verdict->fault, sizeof verdict->fault, "ends with exit status %d", WEXITSTATUS(status));
    if (!*verdict->fault || *foreign)
        return true;
    char call[300], ours[2][300];
    name_call(call, sizeof call, at->call);
    name_call(ours[0], sizeof ours[0], at->ours[0]);
    name_call(ours[1], sizeof ours[1], at->ours[1]);
    fprintf(stderr, "%s: use %zu of the allocation in %s\n    for %s\n    called by %s\n    %s\n", s->name, occurrence,
            call, ours[0], ours[1], verdict->fault);
    return false;
}

static int by_ours(const void *a, const void *b)
{
    const struct use *x = a, *y = b;
    if (x->place.ours[0] != y->place.ours[0])
        return x->place.ours[0] < y->place.ours[0] ? -1 : 1;
    return x->place.call < y->place.call ? -1 : x->place.call > y->place.call;
}

/* Returns the number of runs that were not good. */
static size_t run_scenario(const struct scenario *s)
{
    struct timespec start, end;
    il_err e = { 0 };
    char *expected = NULL, *again = NULL;
    clock_gettime(CLOCK_MONOTONIC, &start);
    const char *folder = new_folder(s, 0);
    cr_assert_eq(go(s, folder, &expected, &e), IL_OK, "%s: %s", s->name, e.message); /* fills what lasts */
    struct use *uses = mmap(NULL, PLACES * sizeof *uses, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert(uses != MAP_FAILED);
    if (s->changes) {
        remove_folder(folder);
        folder = new_folder(s, 0);
    }
    size_t before = observer.live, places = 0, runs = 0, bad = 0, told = 0, sites = 0, bad_sites = 0, foreign = 0;
    observer.uses = uses;
    observer.places = 0;
    cr_assert_eq(go(s, folder, &again, &e), IL_OK, "%s: %s", s->name, e.message);
    observer.uses = NULL;
    memset(verdict, 0, sizeof *verdict);
    compare(again, expected, "two runs differ:");
    cr_assert(!*verdict->fault, "%s: %s", s->name, verdict->fault);
    il_err repeated = { 0 };
    char *third = NULL;
    cr_assert_eq(go(s, folder, &third, &repeated), IL_OK, "%s: %s", s->name, repeated.message);
    compare(third, expected, "a repetition gives");
    cr_assert(!*verdict->fault, "%s: %s", s->name, verdict->fault);
    free(third);
    cr_assert_eq(observer.live, before, "%s: %zu blocks are live, %zu were", s->name, observer.live, before);
    free(again);
    for (size_t i = 0; i < PLACES; i++)
        if (uses[i].count)
            uses[places++] = uses[i];
    qsort(uses, places, sizeof *uses, by_ours);
    bool bad_here = false;
    for (size_t i = 0; i < places; i++) {
        bool new = i == 0 || uses[i].place.ours[0] != uses[i - 1].place.ours[0];
        sites += new;
        bad_here = bad_here && !new;
        bool last = i + 1 == places || by_ours(&uses[i], &uses[i + 1]) != 0;
        size_t most = last ? uses[i].count : 1;
        for (size_t k = 1; k <= most; k = k < most ? most : k + 1, runs++) {
            const char *own = s->changes ? new_folder(s, runs + 1) : folder;
            bool died = false, good = fail_at(&died, s, &uses[i].place, k, s->changes || (new &&k == 1), own, expected);
            bad += !good;
            bad_sites += !good && !bad_here;
            bad_here = bad_here || !good;
            told += verdict->told;
            foreign += died;
            if (s->changes)
                remove_folder(own);
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf(
        "%s: %zu call sites, %zu places, %zu failures (%zu told, %zu crashes of libwebp), %zu faults at %zu sites, %.1f s\n",
        s->name, sites, places, runs, told, foreign, bad, bad_sites,
        (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec));
    munmap(uses, PLACES * sizeof *uses);
    free(expected);
    return bad;
}

int failing_run(const struct scenario *list, size_t count, const char *only)
{
    size_t bad = 0;
    snprintf(root, sizeof root, "%s/inpaintlab-memory-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    cr_assert(mkdtemp(root) != NULL);
    verdict = mmap(NULL, sizeof *verdict, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert(verdict != MAP_FAILED);
    for (size_t i = 0; i < count; i++)
        if (!only || strncmp(list[i].name, only, strlen(only)) == 0)
            bad += run_scenario(&list[i]);
    remove_folder(root);
    return bad != 0;
}
