/* scheduler.h - what the pipeline sets in a scheduler beyond its configuration. */
#ifndef IL_DIFFUSION_SCHEDULER_H
#define IL_DIFFUSION_SCHEDULER_H

#include <inpaintlab/diffusion.h>

/* Overrules steps_offset, from the next start on. */
void il_scheduler_offset(il_scheduler *d, int offset);

#endif
