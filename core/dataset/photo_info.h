/* photo_info.h - examines every photo of a recipe, on threads. */
#ifndef IL_DATASET_PHOTO_INFO_H
#define IL_DATASET_PHOTO_INFO_H

#include "base/observer.h"
#include "base/thread_pool.h"
#include "dataset/splits.h"

/* *out (photos->count) is allocated. `why` is set for a photo that cannot be read or is too small for a tile.
 * IL_ECANCEL when the observer asks to stop. */
int il_photo_info_read(il_photo_info **out, const il_recipe *r, const il_photos *photos, il_thread_pool *pool,
                       const il_observer *observer, il_err *e);
/* Sets `why` when the photo is too small for a tile. */
int il_photo_info_fit(il_photo_info *f, const il_recipe *r, const char *path, il_err *e);

/* IL_EDATA when a photo has a `why` and the recipe does not say to skip such photos. */
int il_photo_info_check(const il_recipe *r, const il_photo_info *facts, size_t count, il_err *e);

void il_photo_info_free(il_photo_info *facts, size_t count);

#endif
