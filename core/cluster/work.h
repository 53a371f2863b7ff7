/* work.h - how far a grid has come that several processes work on: by the main database, the shards, and Slurm's queue. */
#ifndef IL_CLUSTER_WORK_H
#define IL_CLUSTER_WORK_H

#include "cluster/slurm.h"
#include "plan/plan.h"
#include "store/store.h"

typedef enum il_work_state {
    IL_WORK_OPEN,        /* nobody has it, and nothing is left of it */
    IL_WORK_QUEUED,      /* its task waits, or has other runs before it */
    IL_WORK_RUNNING,     /* its process is at it */
    IL_WORK_INTERRUPTED, /* it was begun, and its task has ended */
    IL_WORK_FAILED,
    IL_WORK_DONE
} il_work_state;

enum { IL_WORK_STATES = IL_WORK_DONE + 1 };

/* A run of the plan. Texts are "" where unknown. */
typedef struct il_work {
    il_work_state state;
    size_t measured; /* its cells that are */
    char hash[65];   /* identity by which it is recorded */
    char shard[64];  /* file that has the record; "": the main database */
    char host[64], since[32], task[40];
    char why[400]; /* it failed, waits or was interrupted */
} il_work;

/* Start with {0}. */
typedef struct il_works {
    il_work *of; /* each run of the plan, in its order */
    size_t count, shards;
    bool asked; /* Slurm's queue has answered */
    size_t unread;
    il_err first; /* why the first of the shards that cannot be read cannot */
} il_works;

/* main_store: NULL where there is none yet. folder: of shards, which need not exist. Compares configurations, not the data: that takes
 * `plan`. */
int il_works_read(il_works *out, const il_plan *plan, il_store *main_store, const char *folder, il_err *e);
void il_works_free(il_works *w);

const char *il_work_state_text(il_work_state state);

#endif
