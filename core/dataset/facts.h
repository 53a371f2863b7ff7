/* facts.h - looks into every photo of a recipe, on threads. */
#ifndef IL_DATASET_FACTS_H
#define IL_DATASET_FACTS_H

#include "dataset/pool.h"
#include "dataset/splits.h"
#include "watch.h"

/* *out (photos->count) is allocated. A photo that cannot be read or holds no tile has `why` set. IL_ECANCEL when the watch
 * says stop. */
int il_facts_read(il_photo_facts **out, const il_recipe *r, const il_photos *photos, il_pool *pool, const il_watch *watch,
                  il_err *e);
void il_facts_free(il_photo_facts *facts, size_t count);

#endif
