/* made_by.h - which generators made the pictures of a data set, as its recipe says. */
#ifndef IL_PLUGIN_MADE_BY_H
#define IL_PLUGIN_MADE_BY_H

#include "base/text.h"
#include "plugin/instance.h"

typedef struct il_made_by {
    il_text
        generators; /* "small (generator-a.safetensors), sd_inpaint (stable-diffusion-2-inpainting)"; empty: not known */
    char identity[65]; /* of the build that made the folder, as its recipe.json says; "": none */
} il_made_by;

/* images: kinds joined by '+', as in "realfake+original:0.25". The recipe is that of `recipe`, or the recipe.json of `root`, of the
 * data set's settings. Fails only when out of memory. */
int il_made_by_find(il_made_by *out, const il_choice *dataset, const char *images, il_err *e);
/* The same for a folder that `inpaintlab dataset build` wrote. */
int il_made_by_read(il_made_by *out, const char *folder, const char *images, il_err *e);
void il_made_by_free(il_made_by *m);

#endif
