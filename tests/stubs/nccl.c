/* nccl.c - libnccl.so.2 as a library that takes notes on standard output. INPAINTLAB_STUB names a call that fails. */
#include <nccl_stub.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int dummy;

static int answer(const char *name)
{
    const char *fails = getenv("INPAINTLAB_STUB");
    return fails && strcmp(fails, name) == 0 ? 3 : 0;
}

int ncclGetUniqueId(ncclUniqueId *id)
{
    memset(id, 0, sizeof *id);
    snprintf(id->internal, sizeof id->internal, "made once");
    id->internal[127] = 42;
    printf("ncclGetUniqueId\n");
    return answer("ncclGetUniqueId");
}

int ncclCommInitRank(void **comm, int ranks, ncclUniqueId id, int rank)
{
    printf("ncclCommInitRank %d of %d, \"%s\" %d\n", rank, ranks, id.internal, id.internal[127]);
    *comm = &dummy;
    return answer("ncclCommInitRank");
}

int ncclAllReduce(const void *from, void *to, size_t count, int type, int op, void *comm, void *stream)
{
    printf("ncclAllReduce %s of %zu, type %d, operation %d, %s, stream %p\n", from == to ? "in place" : "elsewhere",
           count, type, op, comm == &dummy ? "this communicator" : "another", stream);
    return answer("ncclAllReduce");
}

int ncclCommAbort(void *comm)
{
    printf("ncclCommAbort %s\n", comm == &dummy ? "this communicator" : "another");
    return 0;
}

const char *ncclGetErrorString(int code)
{
    return code == 3 ? "internal error" : "?";
}
