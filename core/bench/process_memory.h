/* process_memory.h - memory of this process, as Linux reports it. */
#ifndef IL_BENCH_PROCESS_MEMORY_H
#define IL_BENCH_PROCESS_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* Returns freed memory to the system and resets the peak to the present size. False when /proc does not support it;
 * then the functions below mean nothing. */
bool il_process_memory_reset(void);

int64_t il_process_memory_now(void);  /* resident bytes; -1: not known */
int64_t il_process_memory_peak(void); /* most resident bytes since the reset; -1: not known */

#endif
