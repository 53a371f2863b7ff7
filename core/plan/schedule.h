/* schedule.h - the learning rate from step to step: a rise in the first steps, then none, a straight or a cosine fall. */
#ifndef IL_SCHEDULE_H
#define IL_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum il_schedule { IL_SCHEDULE_CONSTANT, IL_SCHEDULE_LINEAR, IL_SCHEDULE_COSINE } il_schedule;

/* The schedule of that name, which is one of these. */
#define IL_SCHEDULE_NAMES "constant|linear|cosine"
il_schedule il_schedule_parse(const char *name);

/* What the learning rate is multiplied by in step `step` (from 0) of `steps`: (step + 1) / warmup in the first `warmup` of
 * them, then from 1 towards 0, which it would reach at `steps`. As PyTorch's LinearLR(1 / warmup, 1, warmup - 1), then
 * LinearLR(1, 0, steps - warmup) or CosineAnnealingLR(steps - warmup). */
double il_schedule_factor(il_schedule s, uint64_t step, uint64_t warmup, uint64_t steps);

#endif
