/* card.c - frees a detector card. */
#include <stdlib.h>
#include "detect/card.h"

void il_card_free(il_card *c)
{
    char *texts[] = { c->name,        c->model,   c->settings,   c->dataset, c->trained_on,
                      c->mask_policy, c->weights, c->generators, c->recipe };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    *c = (il_card){ 0 };
}
