/* evaluate_native.h - scores of pictures at their own size. */
#ifndef IL_TRAIN_EVALUATE_NATIVE_H
#define IL_TRAIN_EVALUATE_NATIVE_H

#include <inpaintlab/profile.h>
#include "plugin/model.h"
#include "train/score_list.h"
#include "train/tally.h"

/* Pictures of one size that follow each other are computed together, up to a batch of them; larger ones than a tile in
 * overlapping tiles, as `detect` does. Start with the first three members; free with il_native_free. */
typedef struct il_native {
    const il_model *model;
    const il_testing *testing;
    il_flops *flops;         /* NULL: not counted */
    uint8_t *pixels, *greys; /* of the waiting ones */
    size_t pixels_room, greys_room, index_room;
    size_t *index;
    int n, room, height, width;
    const float *shades, *labels; /* borrowed from the loader */
} il_native;

/* Adds the batch of one picture, as il_evaluate_batch does. */
int il_native_add(il_native *x, il_tally *t, il_score_list *scores, const il_batch *one, il_err *e);
/* Computes those that wait. */
int il_native_flush(il_native *x, il_tally *t, il_score_list *scores, il_err *e);
void il_native_free(il_native *x);

#endif
