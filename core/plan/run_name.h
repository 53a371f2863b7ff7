/* run_name.h - the name of a run: its values on the axes, and the changes by --set. */
#ifndef IL_PLAN_RUN_NAME_H
#define IL_PLAN_RUN_NAME_H

#include "plan/axes.h"
#include "plan/resolver.h"
#include "plan/run.h"

/* Sets run->name from its axes, or to the experiment's name where there are none. */
int il_run_name_axes(il_run *run, const il_resolver *r, const il_variant *v, il_err *e);
/* The same for a run whose plugins are not known: the values as they are written. */
int il_run_name_written(il_run *run, const il_resolver *r, const il_variant *v, il_err *e);

/* Appends each value that --set changed from the grid's own, so that results with and without --set are kept side by
 * side. keys: those of --set. grid: the run's settings without any --set; NULL: the grid alone has no such run. */
int il_run_name_sets(il_run *run, const il_settings *grid, const char *const *keys, size_t count, il_err *e);

#endif
