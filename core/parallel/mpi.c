/* mpi.c - libinpaintlab_mpi.so: the calls of calls.h, in MPI. All of it is started and then tested, so that world.c can look after
 * the others while it waits. */
#include <limits.h>
#include <mpi.h>
#include <stdlib.h>
#include "parallel/calls.h"

static MPI_Comm work, answers; /* each with a queue of its own */

static int explain(il_err *e, const char *what, int code)
{
    char text[MPI_MAX_ERROR_STRING] = "?";
    int length = 0;
    MPI_Error_string(code, text, &length);
    return il_fail(e, IL_EIO, "MPI: %s: %s", what, text);
}

static int join(int *rank, int *size, il_err *e)
{
    int has = 0;
    int code = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &has);
    if (code != MPI_SUCCESS)
        return il_fail(e, IL_EIO, "MPI cannot be started (code %d)", code);
    MPI_Comm_rank(MPI_COMM_WORLD, rank);
    MPI_Comm_size(MPI_COMM_WORLD, size);
    code = MPI_Comm_dup(MPI_COMM_WORLD, &work);
    if (code == MPI_SUCCESS)
        code = MPI_Comm_dup(MPI_COMM_WORLD, &answers);
    if (code != MPI_SUCCESS)
        return explain(e, "no communicator", code);
    MPI_Comm_set_errhandler(work, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(answers, MPI_ERRORS_RETURN);
    return IL_OK;
}

static int begin(void **request, const il_world_work *w, il_err *e)
{
    if (w->count > INT_MAX)
        return il_fail(e, IL_EPARAM, "MPI: %zu elements at once; expected at most %d", w->count, INT_MAX);
    MPI_Request *r = malloc(sizeof(MPI_Request));
    if (!r)
        return il_fail_oom(e);
    int count = (int)w->count, code = MPI_ERR_OTHER;
    switch (w->kind) {
    case IL_WORLD_SUM:
        code = MPI_Iallreduce(MPI_IN_PLACE, w->data, count, w->type == IL_WORLD_F32 ? MPI_FLOAT : MPI_DOUBLE, MPI_SUM,
                              work, r);
        break;
    case IL_WORLD_GATHER:
    case IL_WORLD_ANSWER:
        code = MPI_Iallgather(w->own, count, MPI_BYTE, w->data, count, MPI_BYTE,
                              w->kind == IL_WORLD_ANSWER ? answers : work, r);
        break;
    case IL_WORLD_BROADCAST: code = MPI_Ibcast(w->data, count, MPI_BYTE, 0, work, r); break;
    }
    if (code != MPI_SUCCESS) {
        free(r);
        return explain(e, "a message cannot be sent", code);
    }
    *request = r;
    return IL_OK;
}

static int test(bool *done, void *request, il_err *e)
{
    int flag = 0;
    int code = MPI_Test(request, &flag, MPI_STATUS_IGNORE);
    *done = flag || code != MPI_SUCCESS;
    if (*done)
        free(request);
    return code == MPI_SUCCESS ? IL_OK : explain(e, "another process does not answer", code);
}

static void tell(const char text[IL_WORLD_TEXT])
{
    int rank = 0, size = 0;
    MPI_Comm_rank(answers, &rank);
    MPI_Comm_size(answers, &size);
    for (int to = 0; to < size; to++) /* small enough to be sent before it is received */
        if (to != rank)
            MPI_Send(text, IL_WORLD_TEXT, MPI_CHAR, to, 0, answers);
}

static bool told(char text[IL_WORLD_TEXT])
{
    int there = 0;
    MPI_Status status;
    if (MPI_Iprobe(MPI_ANY_SOURCE, 0, answers, &there, &status) != MPI_SUCCESS || !there)
        return false;
    return MPI_Recv(text, IL_WORLD_TEXT, MPI_CHAR, status.MPI_SOURCE, 0, answers, MPI_STATUS_IGNORE) == MPI_SUCCESS;
}

static void leave(void)
{
    MPI_Comm_free(&work);
    MPI_Comm_free(&answers);
    MPI_Finalize();
}

__attribute__((visibility("default"))) const il_world_calls il_world_mpi = {
    .version = IL_VERSION, .join = join, .begin = begin, .test = test, .tell = tell, .told = told, .leave = leave
};
