/* resolve_degrade.h - a `degrade` list as written -> degradations. */
#ifndef IL_LEVELS_H
#define IL_LEVELS_H

#include "image/degrade.h"
#include "plan/settings.h"

typedef struct il_levels {
    il_degradation *list;
    size_t count;
} il_levels;

/* Reads the list that `slot` contains; errors give the position of the wrong value. */
int il_levels_read(il_levels *out, const il_slot *slot, const il_node *list, il_err *e);
void il_levels_free(il_levels *l);

#endif
