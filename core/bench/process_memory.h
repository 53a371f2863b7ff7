/* footprint.h - memory of this process, as Linux tells it. */
#ifndef IL_FOOTPRINT_H
#define IL_FOOTPRINT_H

#include <stdbool.h>
#include <stdint.h>

/* Gives back what the C library keeps of freed memory, and makes the present size the peak. False where /proc does not
 * offer it; then nothing that follows means anything. */
bool il_footprint_reset(void);

int64_t il_footprint_now(void);  /* resident bytes; -1: not known */
int64_t il_footprint_peak(void); /* most resident bytes since the reset; -1: not known */

#endif
