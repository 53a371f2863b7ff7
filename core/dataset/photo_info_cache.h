/* photo_info_cache.h - facts about photos, kept between runs: examining thousands of photos takes minutes. */
#ifndef IL_DATASET_LOOKS_H
#define IL_DATASET_LOOKS_H

#include "dataset/splits.h"

typedef struct il_looks il_looks;

/* What is stored about the photos below a folder, in $XDG_CACHE_HOME/inpaintlab or ~/.cache/inpaintlab. A missing or
 * unreadable file counts as empty. */
int il_looks_open(il_looks **out, const char *root, il_err *e);
void il_looks_free(il_looks *l);

/* Whether the photo is known in its present state (by size and modification time); sets sha256, look, width and
 * height of *facts. */
bool il_looks_find(il_photo_facts *facts, const il_looks *l, const il_photo *photo);

/* Stores the photos that have no `why`. What cannot be stored is examined again next time. */
void il_looks_keep(const char *root, const il_photos *photos, const il_photo_facts *facts);

#endif
