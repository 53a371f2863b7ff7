/* resolve_tests.h - the tests of a run: data sets and degradations. */
#ifndef IL_PLAN_RESOLVE_TESTS_H
#define IL_PLAN_RESOLVE_TESTS_H

#include "plan/resolver.h"
#include "plan/run.h"
#include "plan/settings.h"

/* Fills in the run's tests; the rest of the run must be resolved already. */
int il_resolve_tests(il_run *run, il_resolver *r, const il_settings *s, il_err *e);
/* Where the run validates, if the grid says so. */
int il_resolve_validation(il_run *run, il_resolver *r, const il_settings *s, il_err *e);
void il_resolve_free_set(il_set *set);

#endif
