/* clock.c - a monotonic clock. */
#include <time.h>
#include "base/clock.h"

double il_clock_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
