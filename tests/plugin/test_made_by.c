/* made_by.c: the generators that a recipe names, for the kinds of images that a detector was trained on. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "plugin/made_by.h"

static char folder[64];

static void make_folder(void)
{
    strcpy(folder, "/tmp/inpaintlab-made-by-XXXXXX");
    cr_assert(mkdtemp(folder));
}

static void drop_folder(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(made_by, .init = make_folder, .fini = drop_folder);

static void put(const char *text)
{
    char path[100];
    snprintf(path, sizeof path, "%s/recipe.json", folder);
    FILE *f = fopen(path, "w");
    cr_assert(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void put_recipe(const char *source)
{
    json_t *o = json_pack("{s:s, s:s}", "identity", "0123abcd", "source", source);
    char *text = json_dumps(o, 0);
    put(text);
    free(text);
    json_decref(o);
}

static void check(const char *images, const char *generators, const char *identity)
{
    il_made_by m = { 0 };
    il_err e = { 0 };
    cr_assert_eq(il_made_by_read(&m, folder, images, &e), IL_OK, "%s", e.message);
    cr_expect_str_eq(m.generators.data ? m.generators.data : "", generators, "%s: %s", images,
                     m.generators.data ? m.generators.data : "");
    cr_expect_str_eq(m.identity, identity);
    il_made_by_free(&m);
}

Test(made_by, names_what_painted_those_kinds)
{
    put_recipe("inpaint: {name: sd_inpaint, root: weights/stable-diffusion-2-inpainting/, steps: 50}\n"
               "reconstruct: [{name: vae, root: sd-1.5, share: 3}, {name: vae, root: sd-1.5}, {name: vae, root: sd-1}, "
               "nearest]\n");
    const char *vaes = "vae (sd-1.5), vae (sd-1), nearest";
    char both[200];
    snprintf(both, sizeof both, "sd_inpaint (stable-diffusion-2-inpainting), %s", vaes);
    check("realfake", "sd_inpaint (stable-diffusion-2-inpainting)", "0123abcd");
    check("inpainted", "sd_inpaint (stable-diffusion-2-inpainting)", "0123abcd");
    check("fakefake", vaes, "0123abcd");
    check("original+fakefake", vaes, "0123abcd");
    check("realfake+fakefake", both, "0123abcd");
    check("original", "", "0123abcd");
    check("realfakes", "", "0123abcd");
    put_recipe("inpaint: {name: small, weights: a/b/generator-a.safetensors}\n");
    check("fakefake", "small (generator-a.safetensors)", "0123abcd");
    put_recipe("generators: [{name: vae, as: flux2, root: weights/ae.safetensors}, {name: vae, root: weights/taef2}]\n");
    check("fakefake", "vae (ae.safetensors), vae (taef2)", "0123abcd");
}

Test(made_by, says_nothing_where_nothing_is_known)
{
    check("realfake", "", "");
    put("{\"identity\": 5");
    check("realfake", "", "");
    put("[1]");
    check("realfake", "", "");
    put_recipe("inpaint: {name: [1]}");
    check("realfake", "", "0123abcd");
    put_recipe("[not a recipe");
    check("realfake", "", "0123abcd");
}
