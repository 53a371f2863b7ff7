/* text_encoder.h - what the pipeline asks of the text encoder. */
#ifndef IL_DIFFUSION_TEXT_ENCODER_H
#define IL_DIFFUSION_TEXT_ENCODER_H

#include <inpaintlab/diffusion.h>

/* Whether it is CLIP's, as in Stable Diffusion 1, and not OpenCLIP's. */
bool il_text_encoder_quick(const il_text_encoder *t);

#endif
