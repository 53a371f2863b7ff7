/* unet_options.h - the supported options of a UNet's config.json. */
#ifndef IL_DIFFUSION_UNET_OPTIONS_H
#define IL_DIFFUSION_UNET_OPTIONS_H

#include "diffusion/options.h"

enum { IL_UNET_BLOCKS = 8, IL_UNET_LAYERS = 8 };

typedef struct il_unet_options {
    int in, out; /* channels */
    int blocks;
    int channels[IL_UNET_BLOCKS], layers[IL_UNET_BLOCKS]; /* by down block */
    int heads[IL_UNET_BLOCKS];                            /* of attention, by down block */
    bool down_attends[IL_UNET_BLOCKS], up_attends[IL_UNET_BLOCKS];
    int context; /* channels of the text */
    int groups;
    double eps, freq_shift;
    bool cosine_first, linear_projection;
} il_unet_options;

/* Wrong and unsupported values are recorded as c's error. */
void il_unet_options_read(il_unet_options *o, il_options *c);

#endif
