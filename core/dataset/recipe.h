/* recipe.h - a parsed recipe file. */
#ifndef IL_DATASET_RECIPE_H
#define IL_DATASET_RECIPE_H

#include <pthread.h>
#include <inpaintlab/recipe.h>
#include "dataset/manifest.h"
#include "dataset/recipe_plugins.h"
#include "loader/folder_splits.h"

typedef enum il_fit { IL_FIT_RESIZE, IL_FIT_CROP, IL_FIT_TILES } il_fit;

typedef struct il_prompt {
    char *path, *text;
} il_prompt;

struct il_recipe {
    char *name, *title, *path, *source;
    il_registry *registry;
    il_params *photos; /* il_recipe_photo_keys */
    il_params *plain;  /* il_recipe_plain_keys */
    il_fit fit;
    int size;
    double splits[IL_SPLITS];        /* numbers of photos, or shares of them if the greatest is at most 1 */
    bool pictures[IL_PICTURE_KINDS]; /* to be written */
    bool makes[IL_PICTURE_KINDS];    /* can be made on the fly */
    il_recipe_plugins maskers, inpainters, reconstructors;
    il_device device;   /* the device, once loaded */
    il_prompt *prompts; /* of the photos listed by il_recipe_scan that have a caption, by path */
    size_t nprompts;
    pthread_mutex_t lock; /* held while a masker or generator runs for il_recipe_fake */
};

/* Whether one of these kinds is inpainted; whether one is reconstructed. */
static inline bool il_recipe_paints(const bool kinds[IL_PICTURE_KINDS])
{
    return kinds[IL_INPAINTED] || kinds[IL_REALFAKE] || kinds[IL_SELFCONDITIONED] || kinds[IL_EXCHANGED];
}
static inline bool il_recipe_reconstructs(const bool kinds[IL_PICTURE_KINDS])
{
    return kinds[IL_FAKEFAKE] || kinds[IL_RECONSTRUCTED];
}

/* Whether no generators of their own reconstruct: a sample's inpainter does. */
static inline bool il_recipe_has_one_generator(const il_recipe *r)
{
    return r->reconstructors.count && r->reconstructors.list[0].lent;
}

extern const il_param_spec il_recipe_photo_keys[]; /* under `photos` */
extern const il_param_spec il_recipe_plain_keys[]; /* at the top */

/* What determines the images besides file contents: canonical JSON. The caller frees it. */
char *il_recipe_config(const il_recipe *r);

/* Settings of the generators of one sample, {"inpaint": {…}, "reconstruct": {…}}, without paths. The caller frees it. */
char *il_recipe_made_by(const il_recipe *r, size_t inpainter, size_t reconstructor);

#endif
