/* resolve.h - one run's settings -> an il_run: defaults filled in, types and ranges checked, plugins found and tried. */
#ifndef IL_RESOLVE_H
#define IL_RESOLVE_H

#include "plan/axes.h"
#include "plan/plan.h"

/* Shared by the runs of a grid. */
typedef struct il_resolver {
    il_registry *registry;
    const il_yaml *grid;
    const char *experiment;
    char **opened; /* plugin instances that were tried already; ours */
    size_t count;
} il_resolver;

void il_resolve_end(il_resolver *r);

int il_resolve_run(il_run *out, il_resolver *r, const il_variant *v, il_err *e);

void il_resolve_free_run(il_run *run);

/* Fills the run's tests; the rest of it stands already. */
int il_resolve_tests(il_run *run, il_resolver *r, const il_slots *s, il_err *e);
void il_resolve_free_set(il_set *set);

#endif
