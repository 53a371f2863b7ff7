/* plan.h - a grid file as a list of runs, each fully resolved and checked before anything is run. */
#ifndef IL_PLAN_H
#define IL_PLAN_H

#include "plan/run.h"
#include "plugin/registry.h"

typedef struct il_plan {
    char *experiment; /* identifier */
    char *title;
    char *path;       /* of the grid file */
    char *source;     /* its text */
    char *published;  /* table whose cells the grid reproduces, as published.csv names it ("2".."7", "text"); or NULL */
    il_run *runs;
    size_t count;
} il_plan;

typedef struct il_plan_opts {
    const char *const *set; /* "key=value" overrides of base keys, dotted as axes are; ends with NULL; NULL: none */
    const char *only;       /* glob on run names, with or without what --set changed; or NULL */
} il_plan_opts;

/* Reads, expands and checks. Errors name file, line, column and the nearest right key. Opens each plugin instance once
 * (and closes it), so that what only `open` can tell is told now. */
int il_plan_read(il_plan **out, const char *path, il_registry *registry, il_plan_opts opts, il_err *e);
void il_plan_free(il_plan *p);

#endif
