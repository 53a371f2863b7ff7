/* nccl.c - sums between GPUs, by NCCL's C interface. The few declarations that are needed are those of nccl.h 2. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include "parallel/nccl.h"

typedef struct unique_id {
    char internal[128];
} unique_id;

enum { NCCL_SUCCESS = 0, NCCL_SUM = 0, NCCL_FLOAT32 = 7, NCCL_FLOAT64 = 8 };

struct library {
    int (*get_unique_id)(unique_id *id);
    int (*init_rank)(void **comm, int ranks, unique_id id, int rank);
    int (*all_reduce)(const void *from, void *to, size_t count, int type, int op, void *comm, void *stream);
    int (*give_up)(void *comm);
    const char *(*explain)(int code);
};

struct il_nccl {
    struct library calls;
    void *comm;
};

static int load(struct library *out, il_err *e)
{
    static const char *const names[] = { "ncclGetUniqueId", "ncclCommInitRank", "ncclAllReduce", "ncclCommAbort",
                                         "ncclGetErrorString" };
    void *found[sizeof names / sizeof *names];
    void *library = dlopen("libnccl.so.2", RTLD_NOW | RTLD_LOCAL); /* never unloaded: it has threads */
    if (!library) {
        const char *reason = dlerror();
        return il_fail(e, IL_EDEVICE, "the GPUs cannot be joined: %s", reason ? reason : "libnccl.so.2");
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!(found[i] = dlsym(library, names[i])))
            return il_fail(e, IL_EDEVICE, "the GPUs cannot be joined: libnccl.so.2 lacks %s", names[i]);
    memcpy(&out->get_unique_id, &found[0], sizeof *found);
    memcpy(&out->init_rank, &found[1], sizeof *found);
    memcpy(&out->all_reduce, &found[2], sizeof *found);
    memcpy(&out->give_up, &found[3], sizeof *found);
    memcpy(&out->explain, &found[4], sizeof *found);
    return IL_OK;
}

static int check(const il_nccl *n, int code, il_err *e)
{
    return code == NCCL_SUCCESS ? IL_OK : il_fail(e, IL_EDEVICE, "NCCL says: %s", n->calls.explain(code));
}

/* Nobody begins before all are ready, since the others would wait for ever. */
int il_nccl_open(il_nccl **out, il_world *world, il_err *e)
{
    unique_id id = { "" };
    bool first = il_world_own(world) == 0;
    il_nccl *n = calloc(1, sizeof *n);
    int rc = n ? load(&n->calls, e) : il_fail_oom(e);
    if (!rc && first)
        rc = check(n, n->calls.get_unique_id(&id), e);
    rc = il_world_agree(world, rc, e);
    if (!rc && world)
        rc = il_world_broadcast(world, &id, sizeof id, e);
    if (!rc)
        rc = check(n, n->calls.init_rank(&n->comm, il_world_size(world), id, il_world_own(world)), e);
    rc = il_world_agree(world, rc, e);
    if (rc) {
        free(n);
        return rc;
    }
    *out = n;
    return IL_OK;
}

/* Whatever the others do: ncclCommDestroy would wait for them. */
void il_nccl_close(il_nccl *n)
{
    if (!n)
        return;
    n->calls.give_up(n->comm);
    free(n);
}

int il_nccl_sum(il_nccl *n, void *data, size_t count, il_world_type type, void *stream, il_err *e)
{
    int number = type == IL_WORLD_F32 ? NCCL_FLOAT32 : NCCL_FLOAT64;
    return check(n, n->calls.all_reduce(data, data, count, number, NCCL_SUM, n->comm, stream), e);
}
