/* nccl_stub.h - what nccl.h of NCCL 2 declares, as far as it is called. */
#ifndef NCCL_STUB_H
#define NCCL_STUB_H

#include <stddef.h>

typedef struct {
    char internal[128];
} ncclUniqueId;

int ncclGetUniqueId(ncclUniqueId *id);
int ncclCommInitRank(void **comm, int ranks, ncclUniqueId id, int rank);
int ncclAllReduce(const void *from, void *to, size_t count, int type, int op, void *comm, void *stream);
int ncclCommAbort(void *comm);
const char *ncclGetErrorString(int code);

#endif
