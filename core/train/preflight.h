/* preflight.h - before anything is run: which cells of a plan have published counterparts, how their settings differ
 * from the paper's, and how many images were found compared with the paper's counts. */
#ifndef IL_BESIDE_H
#define IL_BESIDE_H

#include <stdio.h>
#include "train/job.h"
#include "plan/plan.h"

typedef struct il_beside il_beside;

/* *out is NULL for a grid that names no published table; the other functions accept NULL. */
int il_beside_new(il_beside **out, const il_plan *p, il_err *e);
void il_beside_free(il_beside *b);

int il_beside_add(il_beside *b, const il_job *j, il_err *e);
int il_beside_print(FILE *to, const il_beside *b, il_err *e);

#endif
