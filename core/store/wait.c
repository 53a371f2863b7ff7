/* wait.c - waits for other programs' locks, and tells of it once. */
#include <time.h>
#include "base/clock.h"
#include "store/database.h"

enum { TOLD_AFTER_S = 3, LONGEST_NAP_MS = 50 };

static void (*tell_of)(const char *path, int seconds);

void il_store_tell_waiting(void (*tell)(const char *path, int seconds))
{
    tell_of = tell;
}

int il_store_wait(void *store, int tries)
{
    il_store *s = store;
    double now = il_clock_seconds();
    if (tries == 0)
        s->waits_since = now;
    double waited = now - s->waits_since;
    if (waited * 1000 >= s->patience_ms)
        return 0;
    if (waited >= TOLD_AFTER_S && tell_of && !s->told) {
        s->told = true;
        tell_of(s->path, s->patience_ms / 1000);
    }
    long nap = tries < LONGEST_NAP_MS ? tries + 1 : LONGEST_NAP_MS;
    nanosleep(&(struct timespec){ .tv_nsec = nap * 1000000L }, NULL);
    return 1;
}
