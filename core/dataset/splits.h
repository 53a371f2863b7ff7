/* splits.h - which photo goes to which split: by photo, in a repeatable order, the same photo never to two. */
#ifndef IL_DATASET_SPLITS_H
#define IL_DATASET_SPLITS_H

#include "dataset/photos.h"
#include "dataset/recipe.h"
#include "base/text.h"
#include "base/sha256.h"

/* What was seen in a photo's file. */
typedef struct il_photo_facts {
    il_digest sha256;
    uint64_t look;     /* il_twins_hash */
    int width, height;
    char *why;         /* it cannot be used; NULL: it can */
} il_photo_facts;

typedef struct il_splits {
    int *of;           /* per photo: IL_SPLIT_TRAIN, IL_SPLIT_VALIDATION, IL_SPLIT_TEST, or -1: not used */
    size_t *order;     /* the used photos by split, then in the recipe's order */
    size_t used;
    size_t counts[IL_SPLITS];
    size_t copies;     /* photos whose file equals another's: left out */
    size_t twins;      /* photos that look like another: kept in one split with it */
    size_t unusable;
} il_splits;

/* facts NULL: nothing is known but names (no copies, no twins). IL_EDATA when there are too few photos: the message says
 * how many there are and how many are wanted. */
int il_splits_assign(il_splits *out, const il_recipe *r, const il_photos *photos, const il_photo_facts *facts, il_err *e);
void il_splits_free(il_splits *s);

#endif
