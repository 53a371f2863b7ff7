/* thread_pool.c - groups of jobs from several threads, jobs that add to what others wait for, a pool closed while full. */
#include "base/thread_pool.h"
#include "threads/threads.h"

enum { JOBS = 40, ROUNDS = 20 };

struct job {
    long value;
};

static void work(void *arg)
{
    struct job *j = arg;
    j->value = j->value * 3 + 1;
}

/* What a group's jobs wrote is read without a lock once the group was waited for. */
static void run_groups(void *shared, int number)
{
    il_thread_pool *pool = shared;
    for (int round = 0; round < ROUNDS; round++) {
        struct job jobs[JOBS];
        il_thread_pool_group group = { 0 };
        il_err e = { 0 };
        for (int i = 0; i < JOBS; i++) {
            jobs[i].value = number * 1000 + i;
            cr_assert_eq(il_thread_pool_add(pool, &group, work, &jobs[i], &e), IL_OK, "%s", e.message);
        }
        il_thread_pool_wait(pool, &group);
        for (int i = 0; i < JOBS; i++)
            cr_assert_eq(jobs[i].value, (number * 1000 + i) * 3L + 1);
    }
}

static il_thread_pool *open_pool(int threads)
{
    il_thread_pool *pool = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_thread_pool_open(&pool, threads, &e), IL_OK, "%s", e.message);
    return pool;
}

int main(void)
{
    il_thread_pool *pool = open_pool(4);
    at_once(run_groups, pool);
    il_thread_pool_close(pool);

    for (int round = 0; round < ROUNDS; round++) { /* closing finishes what is queued */
        struct job jobs[JOBS] = { 0 };
        il_thread_pool_group group = { 0 };
        il_err e = { 0 };
        pool = open_pool(round % 4 + 1);
        for (int i = 0; i < JOBS; i++)
            cr_assert_eq(il_thread_pool_add(pool, &group, work, &jobs[i], &e), IL_OK, "%s", e.message);
        il_thread_pool_close(pool);
        for (int i = 0; i < JOBS; i++)
            cr_assert_eq(jobs[i].value, 1);
    }
    return 0;
}
