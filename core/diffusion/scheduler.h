/* scheduler.h - scheduler settings that the pipeline overrides. */
#ifndef IL_DIFFUSION_SCHEDULER_H
#define IL_DIFFUSION_SCHEDULER_H

#include <inpaintlab/diffusion.h>

/* Overrides steps_offset, from the next start on. */
void il_scheduler_offset(il_scheduler *d, int offset);

#endif
