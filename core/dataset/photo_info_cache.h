/* photo_info_cache.h - facts about photos, kept between runs: examining thousands of photos takes minutes. */
#ifndef IL_DATASET_PHOTO_INFO_CACHE_H
#define IL_DATASET_PHOTO_INFO_CACHE_H

#include "dataset/splits.h"

typedef struct il_photo_info_cache il_photo_info_cache;

/* What is stored about the photos below a folder, in $XDG_CACHE_HOME/inpaintlab or ~/.cache/inpaintlab. A missing or
 * unreadable file counts as empty. */
int il_photo_info_cache_open(il_photo_info_cache **out, const char *root, il_err *e);
void il_photo_info_cache_free(il_photo_info_cache *l);

/* Whether the photo is known in its present state (by size and modification time); sets sha256, look, width and
 * height of *facts. */
bool il_photo_info_cache_find(il_photo_info *facts, const il_photo_info_cache *l, const il_photo *photo);

/* Stores the photos that have no `why`. What cannot be stored is examined again next time. */
void il_photo_info_cache_keep(const char *root, const il_photos *photos, const il_photo_info *facts);

#endif
