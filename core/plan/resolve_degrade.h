/* levels.h - a list `degrade` as written -> degradations. */
#ifndef IL_LEVELS_H
#define IL_LEVELS_H

#include "image/degrade.h"
#include "plan/settings.h"

typedef struct il_levels {
    il_degradation *list;
    size_t count;
} il_levels;

/* Reads the list, which stands in `slot`; errors name the place of what is wrong. */
int il_levels_read(il_levels *out, const il_slot *slot, const il_node *list, il_err *e);
void il_levels_free(il_levels *l);

#endif
