/* scheduler.h - scheduler settings that the pipeline overrides. */
#ifndef IL_DIFFUSION_SCHEDULER_H
#define IL_DIFFUSION_SCHEDULER_H

#include <inpaintlab/diffusion.h>

/* Overrides steps_offset, from the next start on. */
void il_scheduler_offset(il_scheduler *d, int offset);

/* The scheduler of the published folders of Stable Diffusion inpainting, for files that come without: DDIM for 1.5, PNDM for 2. name:
 * as il_scheduler_open. */
int il_scheduler_open_usual(il_scheduler **out, bool second, const char *name, il_err *e);

#endif
