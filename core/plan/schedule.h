/* schedule.h - the learning rate as a function of the step: a warm-up, then constant, linear or cosine decay. */
#ifndef IL_PLAN_SCHEDULE_H
#define IL_PLAN_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum il_schedule { IL_SCHEDULE_CONSTANT, IL_SCHEDULE_LINEAR, IL_SCHEDULE_COSINE } il_schedule;

/* The schedule of a valid name. */
#define IL_SCHEDULE_NAMES "constant|linear|cosine"
il_schedule il_schedule_parse(const char *name);

/* The factor of the learning rate in step `step` (from 0) of `steps`: (step + 1) / warmup during the first `warmup`
 * steps, then from 1 towards 0, which it would reach at `steps`. Equals PyTorch's LinearLR(1 / warmup, 1, warmup - 1),
 * then LinearLR(1, 0, steps - warmup) or CosineAnnealingLR(steps - warmup). */
double il_schedule_factor(il_schedule s, uint64_t step, uint64_t warmup, uint64_t steps);

#endif
