/* hold.h - one process at a time: a lock on a file, which the kernel releases when the process dies, or on a disk that other
 * hosts share a claim (claim.h). */
#ifndef IL_BASE_HOLD_H
#define IL_BASE_HOLD_H

#include <stdbool.h>
#include <inpaintlab/error.h>
#include "base/claim.h"

typedef struct il_hold {
    int fd; /* of the lock; -1: none */
    il_claim *claim;
} il_hold;

#define IL_UNHELD ((il_hold){ .fd = -1 })

/* The files' names; their folders must be there, and the lock stays there. IL_EBUSY when another process has it: the message says
 * who, or which lock it holds. */
int il_hold_take(il_hold *out, const char *lock, const char *claim, il_err *e);
void il_hold_release(il_hold *hold);
/* Whether another process has it; looks only. */
bool il_hold_is_taken(const char *lock, const char *claim);
/* Programs that are started from now on keep the lock until they end, whatever becomes of this one. */
void il_hold_share(const il_hold *hold);

#endif
