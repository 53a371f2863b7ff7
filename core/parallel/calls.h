/* calls.h - what ranks.c asks of the library that speaks MPI. */
#ifndef IL_PARALLEL_CALLS_H
#define IL_PARALLEL_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <inpaintlab/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum il_ranks_type { IL_RANKS_F32, IL_RANKS_F64 } il_ranks_type;

enum { IL_RANKS_TEXT = 512 }; /* bytes of what a failing rank tells */

/* A sum has numbers, a broadcast and a gather bytes. Answers travel apart, so that they pass work that is stuck. */
typedef enum il_ranks_kind { IL_RANKS_SUM, IL_RANKS_GATHER, IL_RANKS_BROADCAST, IL_RANKS_ANSWER } il_ranks_kind;

typedef struct il_ranks_work {
    il_ranks_kind kind;
    void *data;      /* in place; of a gather and of answers, the result */
    const void *own; /* of a gather and of answers */
    size_t count;    /* of each rank */
    il_ranks_type type;
} il_ranks_work;

typedef struct il_ranks_calls {
    const char *version; /* of inpaintlab */
    int (*join)(int *rank, int *size, il_err *e);
    int (*begin)(void **request, const il_ranks_work *w, il_err *e); /* returns at once */
    int (*test)(bool *done, void *request, il_err *e);               /* done: the request is freed */
    void (*tell)(const char text[IL_RANKS_TEXT]);                    /* to all other ranks */
    bool (*told)(char text[IL_RANKS_TEXT]);                          /* by another one; does not wait */
    void (*leave)(void);
} il_ranks_calls;

#ifdef __cplusplus
}
#endif

#define IL_RANKS_CALLS "il_ranks_mpi" /* the symbol */

#endif
