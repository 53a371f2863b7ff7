/* nccl.h - sums between GPUs, by NCCL's C interface: libnccl.so.2, which PyTorch's wheels for GPUs bring along, is loaded where there
 * are several ranks with a GPU. Compiled and tested with a library that takes notes; it has not run on GPUs. */
#ifndef IL_PARALLEL_NCCL_H
#define IL_PARALLEL_NCCL_H

#include "parallel/world.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct il_nccl il_nccl;

/* All ranks; each has made its GPU the current one. The communicator's name goes round by MPI. */
int il_nccl_open(il_nccl **out, il_world *world, il_err *e);
void il_nccl_close(il_nccl *n);
/* In place, on the GPU; returns when the work stands in the stream, one of CUDA. */
int il_nccl_sum(il_nccl *n, void *data, size_t count, il_world_type type, void *stream, il_err *e);

#ifdef __cplusplus
}
#endif

#endif
