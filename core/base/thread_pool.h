/* thread_pool.h - threads that work through a queue. */
#ifndef IL_BASE_THREAD_POOL_H
#define IL_BASE_THREAD_POOL_H

#include <stddef.h>
#include <inpaintlab/error.h>

typedef struct il_thread_pool il_thread_pool;

/* Jobs to be waited for together. Start with {0}. */
typedef struct il_thread_pool_group {
    size_t pending; /* jobs not yet finished; guarded by the pool's lock */
} il_thread_pool_group;

/* threads 0: one per core. Signals are handled by the caller's thread. */
int il_thread_pool_open(il_thread_pool **out, int threads, il_err *e);
/* Finishes all queued jobs. NULL is allowed. */
void il_thread_pool_close(il_thread_pool *p);

/* Queues work(arg); arg must live until il_thread_pool_wait returns. */
int il_thread_pool_add(il_thread_pool *p, il_thread_pool_group *g, void (*work)(void *arg), void *arg, il_err *e);
void il_thread_pool_wait(il_thread_pool *p, il_thread_pool_group *g);

#endif
