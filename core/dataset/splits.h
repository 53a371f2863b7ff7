/* splits.h - assigns photos to splits in a repeatable order; a photo is never in two splits. */
#ifndef IL_DATASET_SPLITS_H
#define IL_DATASET_SPLITS_H

#include "base/sha256.h"
#include "base/text.h"
#include "dataset/photos.h"
#include "dataset/recipe.h"

/* Facts about a photo's file. */
typedef struct il_photo_info {
    il_digest sha256;
    uint64_t look; /* il_perceptual_hash_of */
    int width, height;
    char *why; /* why it cannot be used; NULL: it can */
} il_photo_info;

typedef struct il_splits {
    int *of;       /* per photo: IL_SPLIT_TRAIN, IL_SPLIT_VALIDATION, IL_SPLIT_TEST, or -1: not used */
    size_t *order; /* the used photos by split, then in the recipe's order */
    size_t used;
    size_t counts[IL_SPLITS];
    size_t copies; /* photos whose file is a copy of another: left out */
    size_t twins;  /* photos that look like another: kept in the same split */
    size_t unusable;
} il_splits;

/* facts NULL: only names are known (no copies, no twins). IL_EDATA when there are too few photos: the message gives
 * the number available and needed. */
int il_splits_assign(il_splits *out, const il_recipe *r, const il_photos *photos, const il_photo_info *facts,
                     il_err *e);
void il_splits_free(il_splits *s);

#endif
