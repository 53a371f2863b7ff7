/* resolve_degrade.h - lists of degradations as written, for tests (`degrade`) and for trainings (`train.augment`). */
#ifndef IL_PLAN_RESOLVE_DEGRADE_H
#define IL_PLAN_RESOLVE_DEGRADE_H

#include "image/augment.h"
#include "image/degrade.h"
#include "plan/settings.h"

typedef struct il_degrade_levels {
    il_degradation *list;
    size_t count;
} il_degrade_levels;

/* Reads the list that `slot` contains; errors give the position of the wrong value. An entry is the name of a kind, or a mapping
 * of `name`, the levels and the kind's settings; {KIND: LEVELS} or {KIND: {SETTING: VALUE}} are the same in short. */
int il_degrade_levels_read(il_degrade_levels *out, const il_setting *slot, const il_node *list, il_err *e);
void il_degrade_levels_free(il_degrade_levels *l);

/* The same list with a range in the place of levels, and the probability p. Free with il_augment_free. */
int il_degrade_ranges_read(il_augment *out, const il_setting *slot, const il_node *list, il_err *e);

#endif
