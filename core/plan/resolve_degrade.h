/* resolve_degrade.h - a `degrade` list as written -> degradations. */
#ifndef IL_PLAN_RESOLVE_DEGRADE_H
#define IL_PLAN_RESOLVE_DEGRADE_H

#include "image/degrade.h"
#include "plan/settings.h"

typedef struct il_degrade_levels {
    il_degradation *list;
    size_t count;
} il_degrade_levels;

/* Reads the list that `slot` contains; errors give the position of the wrong value. */
int il_degrade_levels_read(il_degrade_levels *out, const il_setting *slot, const il_node *list, il_err *e);
void il_degrade_levels_free(il_degrade_levels *l);

#endif
