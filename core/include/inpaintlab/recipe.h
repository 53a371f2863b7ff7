/* recipe.h - how samples are made of photos: maskers and generators as a recipe file declares them (schema/recipe.yaml).
 * `inpaintlab dataset build` stores what a recipe makes; a data set may as well make it while a detector trains. */
#ifndef IL_RECIPE_H
#define IL_RECIPE_H

#include <inpaintlab/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct il_recipe il_recipe;

/* Reads and checks; opens every masker and generator, without their weights. Errors name file, line and column. */
int il_recipe_open(il_recipe **out, const char *path, il_err *e);
void il_recipe_free(il_recipe *r);

/* The recipe's own file, and those of its maskers and generators; the captions of the photos that were listed. */
int il_recipe_uses(const il_recipe *r, il_uses *out, il_err *e);

/* Loads weights. Once, before il_recipe_fake. */
int il_recipe_load(il_recipe *r, il_device device, il_err *e);

/* Lists a split of the recipe's photos as a build does: those of `root` ("": the recipe's own) that can be used, equal files
 * once, photos that look alike in one split, in the recipe's order, by its shares. Ids are those that a build gives to whole
 * photos. Photos are looked into once; what was seen is kept in the user's cache folder. Once, before il_recipe_fake. */
int il_recipe_scan(il_recipe *r, const char *root, const char *split, il_items *out, il_err *e);

/* Whether il_recipe_fake can be asked for pictures of that kind. */
bool il_recipe_makes(const il_recipe *r, const char *images);

/* One sample of the kind `images` ("fakefake", "realfake", "inpainted", "exchanged", "reconstructed", "selfconditioned",
 * "original") from the photo in a file. seed: of its part of the photo, mask, generator and noise; the kind does not enter.
 * *mask (grey, blurred) stays empty for the last three. Any thread; generators work for one at a time. */
int il_recipe_fake(il_recipe *r, const char *images, const char *photo, uint64_t seed, il_image *picture,
                   il_image *mask, il_err *e);

#ifdef __cplusplus
}
#endif
#endif
