/* plan.h - a grid file as a list of runs, each fully resolved and checked before any of them starts. */
#ifndef IL_PLAN_PLAN_H
#define IL_PLAN_PLAN_H

#include "plan/run.h"
#include "plugin/registry.h"

typedef struct il_plan {
    char *experiment; /* identifier */
    char *title;
    char *path;      /* of the grid file */
    char *source;    /* its text */
    char *published; /* table that the grid reproduces, as named in published.csv ("2".."7", "text"); or NULL */
    il_run *runs;
    size_t count;
} il_plan;

typedef struct il_plan_opts {
    const char *const *set; /* "key=value" overrides of base keys, dotted like axes; ends with NULL; NULL: none */
    const char *only;       /* glob on run names, with or without the changes by --set; or NULL */
    bool
        look; /* keep a run with plugins that the grid or a recipe names by path, unexamined, where that is not trusted;
                * else IL_ETRUST */
} il_plan_opts;

/* Reads, expands and checks. Errors give file, line, column and the closest valid key. Opens and closes each plugin
 * instance once, so that errors that only `open` can detect are reported now. */
int il_plan_read(il_plan **out, const char *path, il_registry *registry, il_plan_opts opts, il_err *e);
void il_plan_free(il_plan *p);

#endif
