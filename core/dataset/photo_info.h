/* facts.h - looks into every photo of a recipe, on threads. */
#ifndef IL_DATASET_FACTS_H
#define IL_DATASET_FACTS_H

#include "base/thread_pool.h"
#include "dataset/splits.h"
#include "base/observer.h"

/* *out (photos->count) is allocated. A photo that cannot be read or holds no tile has `why` set. IL_ECANCEL when the watch
 * says stop. */
int il_facts_read(il_photo_facts **out, const il_recipe *r, const il_photos *photos, il_pool *pool, const il_watch *watch,
                  il_err *e);
/* Sets `why` where the photo's size holds no tile. */
int il_facts_fit(il_photo_facts *f, const il_recipe *r, const char *path, il_err *e);

/* IL_EDATA where some have a `why` and the recipe does not say to leave such out. */
int il_facts_check(const il_recipe *r, const il_photo_facts *facts, size_t count, il_err *e);

void il_facts_free(il_photo_facts *facts, size_t count);

#endif
