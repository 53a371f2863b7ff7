/* card.h - facts about a detector: the run it comes from, its training, its measured results. */
#ifndef IL_DETECT_CARD_H
#define IL_DETECT_CARD_H

#include <stdbool.h>
#include <stdint.h>
#include "detect/calibration.h"

/* Texts are NULL when unknown. */
typedef struct il_card {
    int64_t run;      /* in the database; 0: weights without one */
    size_t namesakes; /* number of finished runs with the requested name, of which this is the newest */
    char *name, *model, *settings, *dataset, *trained_on, *mask_policy, *weights;
    char *generators; /* which made its training pictures: all that it knows */
    char *recipe;     /* identity of the build that made them */
    bool has_seed;
    bool given; /* weights from elsewhere, tested without a training: trained_on is what they are called */
    uint64_t seed;
    int size;     /* side of the training pictures; 0: not known */
    int revision; /* of the plugin that trained; 0: not known */
    char sha256[65];
    il_tested tested;
} il_card;

void il_card_free(il_card *c);

#endif
