/* leak.c - does memory grow when an operation is repeated? */
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "check/leak.h"

enum { WARMING = 6, MOST = 30, LEAST = 10 };
static const double longest = 20; /* seconds */
/* Bytes by which allocators and libtorch's caches may still grow. AddressSanitizer keeps 256 MiB of freed memory in
 * quarantine, and finds by itself what is never freed. */
#ifdef __SANITIZE_ADDRESS__
static const int64_t resident_limit = (256 + 32) << 20;
#else
static const int64_t resident_limit = 32 << 20;
#endif

/* tcmalloc's counter, used when the program is linked with it; glibc's then counts nothing. */
extern int MallocExtension_GetNumericProperty(const char *property, size_t *value) __attribute__((weak));

/* Bytes allocated by malloc and not freed; 0 when unknown (another C library, a sanitizer). */
static int64_t heap_bytes(void)
{
    size_t held = 0;
    if (MallocExtension_GetNumericProperty &&
        MallocExtension_GetNumericProperty("generic.current_allocated_bytes", &held))
        return (int64_t)held;
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
    struct mallinfo2 m = mallinfo2();
    return (int64_t)(m.uordblks + m.hblkhd);
#else
    return 0;
#endif
}

static int64_t resident_bytes(void)
{
    char line[200] = ""; /* pages: all, resident, … */
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && !fgets(line, sizeof line, f))
        line[0] = '\0';
    if (f)
        fclose(f);
    const char *second = strchr(line, ' ');
    return second ? (int64_t)strtoll(second, NULL, 10) * sysconf(_SC_PAGESIZE) : 0;
}

int il_leak_check(il_plugin_check *c, const char *what, int (*round)(il_plugin_check *c, il_err *e), il_err *e)
{
    double start = il_clock_seconds();
    int rounds = 0, rc = IL_OK;
    int64_t least = INT64_MAX, heap = 0, resident = 0, first = 0;
    for (int i = 0; i < WARMING + MOST && !rc; i++) {
        rc = round(c, e);
        int64_t before = heap;
        heap = heap_bytes();
        if (i < WARMING) {
            resident = resident_bytes();
            first = heap;
            if (il_clock_seconds() - start > longest * 2)
                break;
            continue;
        }
        least = heap - before < least ? heap - before : least;
        rounds++;
        if (rounds >= LEAST && il_clock_seconds() - start > longest)
            break;
    }
    if (rc)
        return rc;
    if (rounds < LEAST)
        return il_check_step_skip(c, "too slow to be repeated %d times", LEAST);
    int64_t more = resident_bytes() - resident;
    if (least > 0)
        return il_fail(e, IL_EPLUGIN,
                       "%s: every repetition leaves at least %lld more bytes in use; "
                       "expected all memory to be freed",
                       what, (long long)least);
    if (more > resident_limit)
        return il_fail(e, IL_EPLUGIN, "%s, %d times: the process grew by %lld MiB; expected at most %lld", what, rounds,
                       (long long)(more >> 20), (long long)(resident_limit >> 20));
    il_check_step_note(c, "%s, %d times: heap in use %+lld bytes%s, resident size %+lld KiB", what, rounds,
                       (long long)(heap - first), heap ? "" : " (not known here)", (long long)(more / 1024));
    return IL_OK;
}
