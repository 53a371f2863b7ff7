/* pool.h - threads that work through a queue. */
#ifndef IL_DATASET_POOL_H
#define IL_DATASET_POOL_H

#include <stddef.h>
#include <inpaintlab/error.h>

typedef struct il_pool il_pool;

/* Jobs that are waited for together. Start with {0}. */
typedef struct il_pool_group {
    size_t pending; /* the pool's */
} il_pool_group;

/* threads 0: one per core. Signals stay with the caller's thread. */
int il_pool_open(il_pool **out, int threads, il_err *e);
/* Finishes what is queued. NULL is allowed. */
void il_pool_close(il_pool *p);

/* Queues work(arg); arg must live until the group was waited for. */
int il_pool_add(il_pool *p, il_pool_group *g, void (*work)(void *arg), void *arg, il_err *e);
void il_pool_wait(il_pool *p, il_pool_group *g);

#endif
