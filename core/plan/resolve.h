/* resolve.h - one run's settings -> an il_run: fills in defaults, checks types and ranges, finds plugins and tries to
 * open them. */
#ifndef IL_PLAN_RESOLVE_H
#define IL_PLAN_RESOLVE_H

#include "plan/axes.h"
#include "plan/resolver.h"
#include "plan/run.h"

void il_resolve_end(il_resolver *r);

int il_resolve_run(il_run *out, il_resolver *r, const il_variant *v, il_err *e);

void il_resolve_free_run(il_run *run);

#endif
