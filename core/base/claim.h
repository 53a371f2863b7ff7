/* claim.h - who works on something, on a disk that other hosts share and whose locks are not to be relied upon: a small file
 * with host, process and job, created with O_EXCL and renewed by a thread. A claim that was not renewed for
 * INPAINTLAB_GRACE seconds (600 if that is not set) is stale, as its process was killed or its host went down, and another
 * takes it over: of any number that try at once, exactly one. Times are those of the disk's own clock. */
#ifndef IL_BASE_CLAIM_H
#define IL_BASE_CLAIM_H

#include <stdbool.h>
#include <inpaintlab/error.h>

typedef struct il_claim il_claim;

/* IL_EBUSY when somebody else has it: the message says who, as in "host n2, process 4711, job 12_3". */
int il_claim_take(il_claim **out, const char *path, il_err *e);
void il_claim_release(il_claim *claim);

/* Whether a claim is there that is not stale. */
bool il_claim_is_held(const char *path);

#endif
