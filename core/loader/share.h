/* share.h - a share of things, chosen by hash of their names. */
#ifndef IL_LOADER_SHARE_H
#define IL_LOADER_SHARE_H

#include <stdbool.h>
#include "plugin/items.h"

/* Where a name falls in [0, 1). */
double il_share_place(const char *name);

/* Which of the items are that share: the nearest number of them, at least one, by the hashes of their ids, so that equal shares of
 * two kinds are of the same ids. The caller frees *chosen. */
int il_share_choose(bool **chosen, const il_items *items, double share, il_err *e);

#endif
