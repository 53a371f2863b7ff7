/* augmented.h - the pictures that a training would see, as files. */
#ifndef IL_TRAIN_AUGMENTED_H
#define IL_TRAIN_AUGMENTED_H

#include <stdio.h>
#include "plan/run.h"

typedef struct il_augmented_opts {
    const char *folder; /* of the files, which is there */
    size_t count;       /* of pictures: the first of the epoch */
    int epoch;
    il_device device; /* for data sets that compute their pictures */
} il_augmented_opts;

/* Writes them as NUMBER.png with masks NUMBER.mask.png, and a line on each to `to`: number, sample, what was changed. */
int il_augmented_write(FILE *to, const il_run *run, const il_augmented_opts *o, il_err *e);

#endif
