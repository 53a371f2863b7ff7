/* out_of_range.c - mask policy that returns grey levels unchanged. */
#include "unsound.h"

static float label(const void *self, uint8_t grey)
{
    (void)self;
    return (float)grey;
}

UNSOUND_POLICY("out_of_range", label);
