/* cost.h - how much work a run is, estimated before it: pictures of all epochs times floating-point operations, or times the
 * seconds that like runs took. */
#ifndef IL_CLUSTER_COST_H
#define IL_CLUSTER_COST_H

#include <stdbool.h>
#include "plan/plan.h"
#include "store/store.h"

typedef struct il_costs {
    double *of;   /* of each run of the plan, in its order */
    bool seconds; /* what they are: seconds; else a number that only compares runs */
    double sum;
} il_costs;

/* like: where finished runs with the same model and size of pictures are looked for; NULL: nowhere. Without it a function of the
 * grid and its data alone. A model that needs a file, or that does not open, is taken for an average one. */
int il_costs_estimate(il_costs *out, const il_plan *plan, il_store *like, il_err *e);
void il_costs_free(il_costs *c);

#endif
