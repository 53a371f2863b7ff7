/* recipe.c - recipes of data sets. */
#include <inpaintlab/recipe.h>
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    il_err e = { 0 };
    il_recipe *recipe = NULL;
    fuzz_told(il_recipe_open(&recipe, fuzz_file("recipe.yaml", data, size), &e), &e);
    il_recipe_free(recipe);
    return 0;
}
