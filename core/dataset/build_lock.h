/* build_lock.h - who fills a folder: one process, or several that each make a share of its samples. */
#ifndef IL_DATASET_BUILD_LOCK_H
#define IL_DATASET_BUILD_LOCK_H

#include "base/claim.h"

/* Which of several processes: 2 of 4. count 0: alone. */
typedef struct il_build_shard {
    int number, count;
} il_build_shard;

typedef struct il_build_lock {
    int all, own; /* file descriptors; -1: none */
    il_claim *claim;
} il_build_lock;
#define IL_BUILD_UNLOCKED ((il_build_lock){ -1, -1, NULL })

/* "", or "-2-of-4": the ending of the names of what belongs to one of several. */
typedef struct il_build_ending {
    char text[40];
} il_build_ending;
il_build_ending il_build_lock_ending(il_build_shard shard);

/* Locks within the folder `work`, which exists; on a disk that other hosts share, claims stand for locks. IL_EBUSY: another
 * process is this shard, or fills the folder alone; or, for one alone, any other process fills it. */
int il_build_lock_take(il_build_lock *out, const char *work, il_build_shard shard, il_err *e);
void il_build_lock_release(il_build_lock *l);

#endif
