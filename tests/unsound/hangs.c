/* hangs.c - mask policy that never returns. */
#include "unsound.h"

static float label(const void *self, uint8_t grey)
{
    (void)self;
    for (volatile unsigned turns = 0;; turns++)
        if (turns > 1 && grey == 0 && !self)
            return 0;
}

UNSOUND_POLICY("hangs", label);
