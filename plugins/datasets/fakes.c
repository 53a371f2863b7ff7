/* fakes.c - data set: samples made while a detector trains, from any folder of photos and a recipe (schema/recipe.yaml):
 * a mask, then the generator's trace inside it; nothing is stored. Every epoch draws new masks, tiles and generators;
 * validation and test samples stay the same.
 * params: recipe; photos, a folder instead of the recipe's own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/recipe.h>

struct fakes {
    il_recipe *recipe;
    char *photos;
    char images[64]; /* image kind that was listed */
};

static void fakes_close(void *self)
{
    struct fakes *f = self;
    if (!f)
        return;
    il_recipe_free(f->recipe);
    free(f->photos);
    free(f);
}

static int fakes_open(void **out, const il_params *p, il_err *e)
{
    struct fakes *f = calloc(1, sizeof *f);
    if (f)
        f->photos = strdup(il_params_text(p, "photos"));
    int rc = f && f->photos ? il_recipe_open(&f->recipe, il_params_text(p, "recipe"), e) : il_fail_oom(e);
    if (rc)
        fakes_close(f);
    else
        *out = f;
    return rc;
}

static int fakes_uses(const void *self, il_uses *out, il_err *e)
{
    const struct fakes *f = self;
    return il_recipe_uses(f->recipe, out, e);
}

static int fakes_load(void *self, il_device device, il_err *e)
{
    struct fakes *f = self;
    return strcmp(f->images, "original") == 0 ? IL_OK : il_recipe_load(f->recipe, device, e);
}

static int fakes_scan(void *self, il_scan what, il_items *out, il_err *e)
{
    struct fakes *f = self;
    if (strlen(what.images) >= sizeof f->images || !il_recipe_makes(f->recipe, what.images))
        return il_fail(e, IL_EDATA, "the recipe makes no '%s' pictures", what.images);
    snprintf(f->images, sizeof f->images, "%s", what.images);
    return il_recipe_scan(f->recipe, f->photos, what.split, out, e);
}

static int fakes_read(const void *self, il_item item, uint64_t seed, il_image *image, il_image *mask, il_err *e)
{
    const struct fakes *f = self;
    return il_recipe_fake(f->recipe, f->images, item.image, seed, image, mask, e);
}

static const il_param_spec params[] = {
    { .name = "recipe", .type = IL_PARAM_PATH, .help = "recipe file: photos, splits, maskers, generators" },
    { .name = "photos",
      .type = IL_PARAM_PATH,
      .fallback = "",
      .help = "folder of photos instead of the recipe's; empty: the recipe's" },
    { .name = NULL },
};

static const il_dataset_ops ops = { .scan = fakes_scan, .read = fakes_read, .varies = true };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_DATASET,
    .name = "fakes",
    .revision = 1,
    .summary = "samples made on the fly from any photos, by a recipe",
    .params = params,
    .open = fakes_open,
    .close = fakes_close,
    .uses = fakes_uses,
    .load = fakes_load,
    .dataset = &ops,
};
