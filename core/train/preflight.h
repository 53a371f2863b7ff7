/* preflight.h - before anything is run: which cells of a plan have published counterparts, how their settings differ
 * from the paper's, and how many images were found compared with the paper's counts. */
#ifndef IL_TRAIN_PREFLIGHT_H
#define IL_TRAIN_PREFLIGHT_H

#include <stdio.h>
#include "plan/plan.h"
#include "train/job.h"

typedef struct il_preflight il_preflight;

/* *out is NULL for a grid that names no published table; the other functions accept NULL. */
int il_preflight_new(il_preflight **out, const il_plan *p, il_err *e);
void il_preflight_free(il_preflight *b);

int il_preflight_add(il_preflight *b, const il_job *j, il_err *e);
int il_preflight_print(FILE *to, const il_preflight *b, il_err *e);

#endif
