/* world.h - processes that train together, each of which is a rank: what they sum, gather and tell each other.
 *
 * Launched as one of several (mpirun, srun), a process loads libinpaintlab_mpi.so and joins the others; launched alone it loads
 * nothing, and its `il_world *` is NULL. All ranks call the same functions in the same order, from one thread at a time. A call
 * that waits for a rank that has failed or died comes back with an error, after which there is nothing but to end. */
#ifndef IL_PARALLEL_WORLD_H
#define IL_PARALLEL_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <inpaintlab/error.h>
#include "parallel/calls.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct il_world il_world;

/* *out stays NULL where the process is alone. IL_EUSAGE: it is not, but cannot join the others. */
int il_world_open(il_world **out, il_err *e);
void il_world_close(il_world *r);
/* Whether the launcher calls this process another one than the first, also before it has joined. */
bool il_world_launched_second(void);

/* NULL: rank 0 of 1. */
int il_world_own(const il_world *r);
int il_world_size(const il_world *r);
/* Its number among the ranks of its host: which of the host's GPUs is its own. */
int il_world_local(const il_world *r);
/* How many of them its host has. */
int il_world_neighbours(const il_world *r);

/* Numbers become their sum over all ranks, in place. While a sum is under way, `data` is not touched; only _ready and _end, and
 * other calls that wait, make it go on. _end frees it, also after a failure. */
typedef struct il_world_sum il_world_sum;
int il_world_sum_begin(il_world_sum **out, il_world *r, void *data, size_t count, il_world_type type, il_err *e);
int il_world_sum_ready(bool *ready, il_world_sum *s, il_err *e);
int il_world_sum_end(il_world_sum *s, il_err *e);

/* all: `bytes` of each rank, rank after rank. */
int il_world_gather(il_world *r, void *all, const void *own, size_t bytes, il_err *e);
/* The same where their sizes differ: `all` is allocated (the caller frees it) and sizes[rank] are set. */
int il_world_gather_sized(void **all, size_t *sizes, il_world *r, const void *own, size_t bytes, il_err *e);
/* Rank 0's bytes, to all. */
int il_world_broadcast(il_world *r, void *data, size_t bytes, il_err *e);

/* Every rank says how it fared; all get the failure of the first rank that failed, or IL_OK. A rank that fails is heard of by
 * those too that wait elsewhere: then the code is IL_ECANCEL. r NULL: the own code. */
int il_world_hear(il_world *r, int own, il_err *e);

/* The same, in sight of whoever checks that nobody goes on who has failed. */
static inline int il_world_agree(il_world *r, int own, il_err *e)
{
    int rc = il_world_hear(r, own, e);
    return rc ? rc : own;
}

#ifdef __cplusplus
}
#endif
#endif
