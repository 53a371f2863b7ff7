/* text_options.h - the supported options of CLIP's text encoder. */
#ifndef IL_DIFFUSION_TEXT_OPTIONS_H
#define IL_DIFFUSION_TEXT_OPTIONS_H

#include <stdbool.h>

enum { IL_TEXT_LAYERS = 64 };

typedef struct il_text_options {
    int vocabulary, channels, inner, layers, heads, positions;
    bool quick; /* the sigmoid approximation of GELU */
    double eps;
} il_text_options;

#endif
