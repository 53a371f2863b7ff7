/* leaves.c - mask policy that ends the program. */
#include "unsound.h"

static float label(const void *self, uint8_t grey)
{
    (void)self;
    if (grey == 7)
        exit(3);
    return 0;
}

UNSOUND_POLICY("leaves", label);
