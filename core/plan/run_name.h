/* run_name.h - what a run is called: the axes that set it apart, and what --set changed. */
#ifndef IL_NAMING_H
#define IL_NAMING_H

#include "plan/axes.h"
#include "plan/resolver.h"
#include "plan/run.h"

/* Fills run->name by its axes; the experiment's name where there are none. */
int il_naming_axes(il_run *run, const il_resolver *r, const il_variant *v, il_err *e);

/* Appends each value that --set gave another than the grid's own, so that what was measured without is kept beside it. keys:
 * those of --set. grid: the run's settings without any --set; NULL: the grid alone makes no such run. */
int il_naming_sets(il_run *run, const il_slots *grid, const char *const *keys, size_t count, il_err *e);

#endif
