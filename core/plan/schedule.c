/* schedule.c - the learning rate as a function of the step. */
#include <math.h>
#include <string.h>
#include "plan/schedule.h"

#define PI 3.14159265358979323846

il_schedule il_schedule_parse(const char *name)
{
    return strcmp(name, "linear") == 0   ? IL_SCHEDULE_LINEAR
           : strcmp(name, "cosine") == 0 ? IL_SCHEDULE_COSINE
                                         : IL_SCHEDULE_CONSTANT;
}

double il_schedule_factor(il_schedule s, uint64_t step, uint64_t warmup, uint64_t steps)
{
    if (step < warmup)
        return (double)(step + 1) / (double)warmup;
    if (s == IL_SCHEDULE_CONSTANT || step >= steps)
        return s == IL_SCHEDULE_CONSTANT ? 1 : 0;
    double done = (double)(step - warmup) / (double)(steps - warmup);
    return s == IL_SCHEDULE_LINEAR ? 1 - done : (1 + cos(PI * done)) / 2;
}
