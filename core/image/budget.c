/* budget.c - one account of memory for all threads that decode pictures. */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>
#include "image/budget.h"

/* Per pixel: RGB, and what the codecs need besides (WebP 4, progressive JPEG 6 with colours at half the size 3), or the
 * same picture turned. */
enum { PER_PIXEL = 8 };
#define LEAST_DEFAULT (UINT64_C(4) << 30)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static uint64_t limit, used; /* bytes; limit 0: the default */
static int holders, waiting; /* threads that hold some; of these, those that wait for more */

static _Thread_local struct {
    int depth;
    uint64_t bytes;
} mine;

void il_budget_set(uint64_t bytes)
{
    pthread_mutex_lock(&lock);
    limit = bytes;
    pthread_mutex_unlock(&lock);
}

static uint64_t most(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    uint64_t quarter = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size / 4 : 0;
    return limit ? limit : quarter > LEAST_DEFAULT ? quarter : LEAST_DEFAULT;
}

void il_budget_enter(void)
{
    mine.depth++;
}

void il_budget_leave(void)
{
    if (--mine.depth > 0 || mine.bytes == 0)
        return;
    pthread_mutex_lock(&lock);
    used -= mine.bytes;
    holders--;
    mine.bytes = 0;
    pthread_cond_broadcast(&news);
    pthread_mutex_unlock(&lock);
}

/* Where all that hold some wait for more, one goes on, since nothing would ever be given back. */
static bool has_room(uint64_t bytes)
{
    return used + bytes <= most() || (mine.bytes && waiting == holders);
}

static int take(uint64_t bytes, const char *path, const char *what, il_err *e)
{
    if (mine.depth == 0)
        return IL_OK;
    pthread_mutex_lock(&lock);
    uint64_t all = most();
    if (bytes <= all) {
        bool more = mine.bytes > 0;
        waiting += more;
        while (!has_room(bytes))
            pthread_cond_wait(&news, &lock);
        waiting -= more;
        holders += !more;
        mine.bytes += bytes;
        used += bytes;
    }
    pthread_mutex_unlock(&lock);
    if (bytes <= all)
        return IL_OK;
    return il_fail(e, IL_ENOMEM, "%s: %s takes %" PRIu64 " MiB to decode; --memory allows %" PRIu64, path, what,
                   (bytes + (1 << 20) - 1) >> 20, all >> 20);
}

int il_budget_take_file(uint64_t bytes, const char *path, il_err *e)
{
    return take(bytes, path, "the file", e);
}

int il_budget_take_picture(int64_t width, int64_t height, const char *path, il_err *e)
{
    char what[80];
    snprintf(what, sizeof what, "a picture of %" PRId64 "x%" PRId64 " pixels", width, height);
    return take(PER_PIXEL * (uint64_t)width * (uint64_t)height, path, what, e);
}
