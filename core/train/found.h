/* found.h - what a test found in each picture, as the store takes it. */
#ifndef IL_FOUND_H
#define IL_FOUND_H

#include "train/evaluate.h"
#include "store/store.h"

/* Start with {0}; ids are the source's. */
typedef struct il_found {
    il_image_row *rows;
    il_scores *scores;
    size_t count;
} il_found;

/* Takes the pictures' scores. */
int il_found_list(il_found *out, il_tested_picture *pictures, size_t n, const il_source *source, il_err *e);
void il_found_drop(il_found *f);

#endif
