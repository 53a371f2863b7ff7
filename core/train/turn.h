/* turn.h - a training batch of which every rank has loaded a part. */
#ifndef IL_TRAIN_TURN_H
#define IL_TRAIN_TURN_H

#include "loader/loader.h"
#include "parallel/world.h"

/* Start with {0}; free with il_turn_close. */
typedef struct il_turn {
    il_batch whole;        /* of all ranks, as one process would have it, but for `pixels` */
    const uint8_t *pixels; /* of the own pictures, in that order */
    int *owner;            /* [whole.n] the rank that has a picture's pixels */
    bool stop;             /* some rank is asked to stop */
    il_world *world;
    uint8_t *greys, *valid, *blank; /* blank: a picture for ranks that have none */
    size_t *index;
    char *own, *all;   /* messages */
    size_t most, area; /* pictures of one rank, pixels of a picture */
} il_turn;

/* batch: pictures of all ranks; side: of each. */
int il_turn_open(il_turn *t, il_world *world, int batch, int side, il_err *e);
void il_turn_close(il_turn *t);

/* The next batch that has pictures; *more is 0 when the epoch has ended. own: how the rank fares so far, and stop: whether it is asked
 * to stop. If one rank has failed, all fail. */
int il_turn_next(int *more, il_turn *t, il_loader *l, bool stop, int own, il_err *e);

/* Pixels of the own ones of the pictures first .. first + n - 1, and how many these are; of a blank one, if there is none. */
const uint8_t *il_turn_pixels(int *own, const il_turn *t, int first, int n);

#endif
