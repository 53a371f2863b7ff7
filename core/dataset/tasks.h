/* tasks.h - the samples that a recipe makes, in order, each with its seed and its parts. */
#ifndef IL_DATASET_TASKS_H
#define IL_DATASET_TASKS_H

#include "dataset/splits.h"

typedef struct il_task {
    size_t photo;
    int tile; /* -1: the whole photo */
    int split;
    char *id; /* the photo's, with "-TILE" where tiles are cut */
    uint64_t seed;
    size_t masker, inpainter, reconstructor;
} il_task;

typedef struct il_tasks {
    il_task *list; /* by split, then in the recipe's order */
    size_t count;
} il_tasks;

/* Within each split every masker and generator gets its share, to the nearest whole number. */
int il_tasks_list(il_tasks *out, const il_recipe *r, const il_photos *photos, const il_photo_info *facts,
                  const il_splits *splits, il_err *e);
void il_tasks_free(il_tasks *t);

#endif
