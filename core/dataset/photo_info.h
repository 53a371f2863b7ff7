/* photo_info.h - examines every photo of a recipe, on threads. */
#ifndef IL_DATASET_FACTS_H
#define IL_DATASET_FACTS_H

#include "base/thread_pool.h"
#include "dataset/splits.h"
#include "base/observer.h"

/* *out (photos->count) is allocated. `why` is set for a photo that cannot be read or is too small for a tile.
 * IL_ECANCEL when the watch asks to stop. */
int il_facts_read(il_photo_facts **out, const il_recipe *r, const il_photos *photos, il_pool *pool, const il_watch *watch,
                  il_err *e);
/* Sets `why` when the photo is too small for a tile. */
int il_facts_fit(il_photo_facts *f, const il_recipe *r, const char *path, il_err *e);

/* IL_EDATA when a photo has a `why` and the recipe does not say to skip such photos. */
int il_facts_check(const il_recipe *r, const il_photo_facts *facts, size_t count, il_err *e);

void il_facts_free(il_photo_facts *facts, size_t count);

#endif
