/* prune.h - runs that no experiment asks for any more. */
#ifndef IL_STORE_PRUNE_H
#define IL_STORE_PRUNE_H

#include "store/store.h"

typedef struct il_pruned {
    int64_t id, tests;
    char hash[65], status[16];
    char *name;
    uint64_t bytes; /* of its files */
    bool shared;    /* another database in the folder has the run too: its files stay */
} il_pruned;

typedef struct il_prune_list {
    il_pruned *list; /* the largest first */
    size_t count;
} il_prune_list;

/* Runs that are neither in a cell of an experiment nor the latest of their name there. */
int il_prune_find(il_prune_list *out, il_store *s, il_err *e);
void il_prune_free(il_prune_list *l);

/* Removes a run's rows and its folder, unless an experiment has come to ask for it meanwhile; then *removed is false. The
 * files go first: a prune that is killed in between finds the run again. */
int il_prune_remove(bool *removed, il_store *s, const il_pruned *run, il_err *e);

#endif
