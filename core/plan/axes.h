/* axes.h - base, axes, exclude and include of a grid file -> the settings of each run. */
#ifndef IL_PLAN_AXES_H
#define IL_PLAN_AXES_H

#include "plan/settings.h"

/* One run's settings, and the keys in which it differs from base, sorted by name. */
typedef struct il_variant {
    il_settings slots;
    const il_node **keys, **values; /* count; borrowed from the document */
    size_t count;
    const il_node *place; /* where the run is declared */
} il_variant;

typedef struct il_variants {
    il_variant *list;
    size_t count;
} il_variants;

void il_axes_free(il_variants *v);

/* base: the settings all runs start from, overrides applied. Errors give the position in `grid`. */
int il_axes_expand(il_variants *out, const il_yaml *grid, const il_settings *base, il_err *e);

/* The settings of one run on top of another base. */
int il_axes_apply(il_settings *out, const il_variant *v, const il_yaml *grid, const il_settings *base, il_err *e);

#endif
