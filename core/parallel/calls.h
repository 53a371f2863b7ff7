/* calls.h - what world.c asks of the library that speaks MPI. */
#ifndef IL_PARALLEL_CALLS_H
#define IL_PARALLEL_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <inpaintlab/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum il_world_type { IL_WORLD_F32, IL_WORLD_F64 } il_world_type;

enum { IL_WORLD_TEXT = 512 }; /* bytes of what a failing rank tells */

/* A sum has numbers, a broadcast and a gather bytes. Answers travel apart, so that they pass work that is stuck. */
typedef enum il_world_kind { IL_WORLD_SUM, IL_WORLD_GATHER, IL_WORLD_BROADCAST, IL_WORLD_ANSWER } il_world_kind;

typedef struct il_world_work {
    il_world_kind kind;
    void *data;      /* in place; of a gather and of answers, the result */
    const void *own; /* of a gather and of answers */
    size_t count;    /* of each rank */
    il_world_type type;
} il_world_work;

typedef struct il_world_calls {
    const char *version; /* of inpaintlab */
    int (*join)(int *rank, int *size, il_err *e);
    int (*begin)(void **request, const il_world_work *w, il_err *e); /* returns at once */
    int (*test)(bool *done, void *request, il_err *e);               /* done: the request is freed */
    void (*tell)(const char text[IL_WORLD_TEXT]);                    /* to all other ranks */
    bool (*told)(char text[IL_WORLD_TEXT]);                          /* by another one; does not wait */
    void (*leave)(void);
} il_world_calls;

#ifdef __cplusplus
}
#endif

#define IL_WORLD_CALLS "il_world_mpi" /* the symbol */

#endif
