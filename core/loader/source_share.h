/* source_share.h - a share of a source's photos, chosen by hash. */
#ifndef IL_LOADER_SOURCE_SHARE_H
#define IL_LOADER_SOURCE_SHARE_H

#include <stdbool.h>
#include "loader/source.h"

/* Keeps the images of the chosen photos (inside), or those of the others. Which photos are chosen depends on their names alone, so
 * that images of one photo stay together and another share only adds to it or takes away. Before il_source_digest. IL_EDATA when
 * none is left. */
int il_source_keep(il_source *src, double share, bool inside, il_err *e);

#endif
