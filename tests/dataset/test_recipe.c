#include <criterion/criterion.h>
#include "base/dependencies.h"
#include "base/yaml.h"
#include "dataset/recipe.h"
#include "dataset/recipe_plugins.h"
#include "workshop.h"

TestSuite(recipe, .init = work_open, .fini = work_close);

Test(recipe, reads_the_annotated_one)
{
    il_recipe *r = NULL;
    il_err e = { 0 };
    cr_assert_eq(chdir(SOURCE_DIR), 0);
    WORK_OK(il_recipe_open(&r, "schema/recipe.yaml", &e), e);
    cr_expect_str_eq(r->name, "annotated");
    cr_expect_eq(r->size, 512);
    cr_expect_eq(r->fit, IL_FIT_RESIZE);
    cr_expect_float_eq(r->splits[IL_SPLIT_TRAIN], 0.8, 1e-12);
    cr_assert_eq(r->maskers.count, 2);
    cr_expect_eq(r->maskers.list[0].share, 2);
    cr_expect_eq(il_params_int(r->maskers.list[1].params, "least"), 96);
    cr_assert_eq(r->reconstructors.count, 2);
    cr_expect(!r->reconstructors.list[0].lent);
    for (int k = 0; k < IL_PICTURE_KINDS; k++)
        cr_expect(r->pictures[k]);
    il_recipe_free(r);
}

Test(recipe, reads_those_of_the_quickstart)
{
    static const char *const paths[] = { "experiments/datasets/quickstart-a.yaml",
                                         "experiments/datasets/quickstart-b.yaml",
                                         "experiments/datasets/beyond-a.yaml" };
    cr_assert_eq(chdir(SOURCE_DIR), 0);
    for (int i = 0; i < 3; i++) {
        il_recipe *r = work_read(paths[i]);
        cr_expect_eq(r->fit, IL_FIT_TILES);
        cr_expect(r->reconstructors.count == 1 && r->reconstructors.list[0].lent);
        il_recipe_free(r);
    }
}

/* The letters of a name are the generators that its recipe deals the tiles out to, in equal shares. */
Test(recipe, those_of_carry_over_have_the_generators_of_their_names)
{
    static const char *const names[] = { "a",  "b",  "c",  "d",   "ab",  "ac",  "ad",
                                         "bc", "bd", "cd", "abc", "abd", "acd", "bcd" };
    cr_assert_eq(chdir(SOURCE_DIR), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[100];
        snprintf(path, sizeof path, "experiments/beyond/data/%s.yaml", names[i]);
        il_recipe *r = work_read(path);
        const il_recipe_plugins *x = &r->reconstructors;
        cr_assert(strncmp(r->name, "beyond-", 7) == 0 && strcmp(r->name + 7, names[i]) == 0, "%s", r->name);
        cr_assert_eq(x->count, strlen(names[i]), "%s", path);
        for (size_t k = 0; k < x->count; k++) {
            const char letter[] = { names[i][k], 0 };
            cr_expect(strcmp(x->list[k].as, letter) == 0 && x->list[k].share == 1, "%s: %s", path, x->list[k].as);
        }
        il_recipe_free(r);
    }
}

/* Those of the report, and of published follow-ups, are complete but for the weights and photos, which are not here. */
Test(recipe, those_of_the_report_lack_only_their_weights)
{
    static const struct {
        const char *path, *lacks;
    } cases[] = {
        { "experiments/datasets/dataset1.yaml", "weights/stable-diffusion-inpainting" },
        { "experiments/datasets/dataset2.yaml", "weights/yolov8m.torchscript" },
        { "experiments/datasets/sd21.yaml", "weights/maskformer-swin-base-coco.torchscript: No such file" },
        { "experiments/datasets/fakefake.yaml", "weights/stable-diffusion-inpainting/vae" },
        { "experiments/beyond/data/bfree.yaml", "weights/maskformer-swin-base-coco.torchscript: No such file" },
        { "experiments/beyond/data/aligned.yaml", "weights/ldm-text2im-large-256/vqvae" },
    };
    cr_assert_eq(chdir(SOURCE_DIR), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_recipe *r = NULL;
        il_err e = { 0 };
        cr_expect_eq(il_recipe_open(&r, cases[i].path, &e), IL_EPARAM, "%s", e.message);
        cr_expect(strstr(e.message, cases[i].path) && strstr(e.message, cases[i].lacks), "%s: %s", cases[i].path,
                  e.message);
        cr_expect_null(r);
    }
}

static void expect_other_photos(const il_yaml *a, const il_yaml *b, const char *key)
{
    const char *in_a = il_yaml_get(il_yaml_get(il_yaml_root(a), "photos"), key)->text;
    const char *in_b = il_yaml_get(il_yaml_get(il_yaml_root(b), "photos"), key)->text;
    cr_expect_str_neq(in_a, in_b, "both have photos.%s: %s", key, in_a);
}

/* Table 7 tests detectors that Dataset 2 trained. */
Test(recipe, sd21_is_of_other_photos_than_dataset2)
{
    il_yaml *sd21 = NULL, *dataset2 = NULL;
    il_err e = { 0 };
    cr_assert_eq(chdir(SOURCE_DIR), 0);
    WORK_OK(il_yaml_read(&sd21, "experiments/datasets/sd21.yaml", &e), e);
    WORK_OK(il_yaml_read(&dataset2, "experiments/datasets/dataset2.yaml", &e), e);
    expect_other_photos(sd21, dataset2, "root");
    expect_other_photos(sd21, dataset2, "captions");
    il_yaml_free(sd21);
    il_yaml_free(dataset2);
}

/* Recipes that name none of the later kinds are what they were: their data sets stay valid. */
Test(recipe, later_kinds_are_named_or_made_on_the_fly)
{
    il_recipe *r = work_read(work_recipe("a.yaml", "", "{train: 1}", ""));
    char *config = il_recipe_config(r);
    cr_assert_not_null(config);
    cr_expect(strstr(config, "\"pictures\":[\"original\",\"mask\",\"inpainted\",\"realfake\",\"fakefake\"]"), "%s",
              config);
    free(config);
    cr_expect(il_recipe_makes(r, "reconstructed") && il_recipe_makes(r, "selfconditioned") &&
              il_recipe_makes(r, "exchanged"));
    il_recipe_free(r);

    r = work_read(work_recipe("b.yaml", "", "{train: 1}", "pictures: [exchanged, reconstructed]\n"));
    cr_expect(r->pictures[IL_EXCHANGED] && r->pictures[IL_RECONSTRUCTED] && !r->pictures[IL_INPAINTED] &&
              !r->pictures[IL_SELFCONDITIONED]);
    cr_expect(il_recipe_makes(r, "exchanged") && il_recipe_makes(r, "original") && !il_recipe_makes(r, "inpainted") &&
              !il_recipe_makes(r, "selfconditioned"));
    il_recipe_free(r);
}

Test(recipe, what_follows_from_what_is_left_out)
{
    char more[600];
    il_recipe *r = work_read(work_recipe("a.yaml", "", "{train: 1}", "pictures: [mask, fakefake]\n"));
    cr_expect(r->pictures[IL_MASK] && r->pictures[IL_FAKEFAKE] && !r->pictures[IL_REALFAKE] &&
              !r->pictures[IL_ORIGINAL]);
    cr_expect_eq(il_params_int(r->plain, "seed"), 1);
    cr_expect_eq(il_params_real(r->plain, "blur"), 3);
    il_recipe_free(r);

    snprintf(more, sizeof more,
             "recipe: test\nphotos: {root: x}\nsplits: {test: 4}\nmaskers: rectangle\n"
             "reconstruct: {name: small, weights: %s/generator-nearest.safetensors}\n",
             TEST_DATA);
    work_text("b.yaml", more);
    r = work_read(work_path("b.yaml"));
    cr_expect(!r->pictures[IL_INPAINTED] && !r->pictures[IL_REALFAKE] && r->pictures[IL_FAKEFAKE] &&
              r->pictures[IL_ORIGINAL]);
    cr_expect(il_recipe_makes(r, "fakefake") && il_recipe_makes(r, "original") && !il_recipe_makes(r, "realfake") &&
              !il_recipe_makes(r, "mask") && !il_recipe_makes(r, "") && il_recipe_makes(r, "reconstructed") &&
              !il_recipe_makes(r, "selfconditioned") && !il_recipe_makes(r, "exchanged"));
    il_recipe_free(r);
}

/* One list for both roles where all can paint, for reconstructions where not all can. */
Test(recipe, generators_of_both_roles)
{
    char text[1200];
    snprintf(text, sizeof text,
             "recipe: t\nphotos: {root: x}\nsplits: {test: 4}\nmaskers: rectangle\n"
             "generators: [{name: small, as: near, weights: %s/generator-nearest.safetensors, share: 3},"
             " {name: small, weights: %s/generator-shuffle.safetensors}]\n",
             TEST_DATA, TEST_DATA);
    work_text("a.yaml", text);
    il_recipe *r = work_read(work_path("a.yaml"));
    cr_assert(r->inpainters.count == 2 && r->reconstructors.count == 2 && r->reconstructors.list[0].lent);
    cr_expect_eq(r->inpainters.list[0].share, 3);
    cr_expect_str_eq(il_recipe_plugin_name(&r->reconstructors.list[0]), "near");
    cr_expect_str_eq(il_recipe_plugin_name(&r->reconstructors.list[1]), "small");
    cr_expect(r->pictures[IL_REALFAKE] && r->pictures[IL_FAKEFAKE]);
    il_recipe_free(r);

    snprintf(
        text, sizeof text,
        "recipe: t\nphotos: {root: x}\nsplits: {test: 4}\nmaskers: rectangle\n"
        "generators: [{name: small, weights: %s/generator-nearest.safetensors}, {name: vae, root: %s/diffusion/vaes}]\n",
        TEST_DATA, TEST_DATA);
    work_text("b.yaml", text);
    r = work_read(work_path("b.yaml"));
    cr_assert(r->inpainters.count == 0 && r->reconstructors.count == 2 && !r->reconstructors.list[0].lent);
    cr_expect(!r->pictures[IL_REALFAKE] && r->pictures[IL_FAKEFAKE]);
    il_recipe_free(r);
}

Test(recipe, uses_its_own_file_and_each_weights_file_once)
{
    il_uses u = { 0 };
    il_err e = { 0 };
    il_recipe *r = work_read(work_recipe("a.yaml", "", "{train: 1}", ""));
    WORK_OK(il_recipe_uses(r, &u, &e), e);
    cr_assert_eq(u.count, 2);
    cr_expect(strstr(u.paths[0], "a.yaml") && strstr(u.paths[1], "generator-nearest.safetensors"));
    il_uses_clear(&u);
    il_recipe_free(r);
}

#define HEAD "recipe: t\n"
#define PHOTOS "photos: {root: p}\n"
#define SPLITS "splits: {train: 1}\n"
#define MASKERS "maskers: rectangle\n"
#define SMALL "{name: small, weights: " TEST_DATA "/generator-nearest.safetensors}\n"
#define PAINT "inpaint: " SMALL

static const struct {
    const char *text, *message;
} broken[] = {
    { "", "the document is empty" },
    { "- a\n", "expected a map" },
    { PHOTOS SPLITS MASKERS PAINT, "'recipe' is missing" },
    { "recipe: A b\n" PHOTOS SPLITS MASKERS PAINT, ":1:9: 'recipe' must be an identifier" },
    { HEAD "title: [a]\n" PHOTOS SPLITS MASKERS PAINT, ":2:8: 'title' must be one line of text" },
    { HEAD SPLITS MASKERS PAINT, "'photos' is missing" },
    { HEAD "photos: p\n" SPLITS MASKERS PAINT, ":2:9: 'photos' must be a mapping" },
    { HEAD "photos: {size: 64}\n" SPLITS MASKERS PAINT, "root" },
    { HEAD "photos: {root: p, sise: 64}\n" SPLITS MASKERS PAINT, ":2:19: " },
    { HEAD "photos: {root: p, size: 20}\n" SPLITS MASKERS PAINT, "size" },
    { HEAD "photos: {root: p, size: [64]}\n" SPLITS MASKERS PAINT, "'size' must be a plain value" },
    { HEAD "photos: {root: p, size: '64'}\n" SPLITS MASKERS PAINT, "'size' must be a plain value, not quoted text" },
    { HEAD "photos: {root: p, fit: tile}\n" SPLITS MASKERS PAINT, "fit" },
    { HEAD "photos: {root: p, size: 96}\n" SPLITS MASKERS PAINT, "needs sides that are multiples of 64" },
    { HEAD PHOTOS MASKERS PAINT, "'splits' is missing" },
    { HEAD PHOTOS "splits: {train: 0}\n" MASKERS PAINT, "'splits': all are 0" },
    { HEAD PHOTOS "splits: {train: 0.9, test: 0.2}\n" MASKERS PAINT, "the shares sum to 1.1" },
    { HEAD PHOTOS "splits: {train: 10, test: 0.2}\n" MASKERS PAINT, "expected whole numbers" },
    { HEAD PHOTOS "splits: {train: -1}\n" MASKERS PAINT, "train" },
    { HEAD PHOTOS "splits: {training: 1}\n" MASKERS PAINT, "train" },
    { HEAD PHOTOS SPLITS PAINT, "'maskers' is missing" },
    { HEAD PHOTOS SPLITS "maskers: []\n" PAINT, "the list is empty" },
    { HEAD PHOTOS SPLITS "maskers: rectangel\n" PAINT, "did you mean 'rectangle'" },
    { HEAD PHOTOS SPLITS "maskers: [[rectangle]]\n" PAINT, "expected the name of a masker" },
    { HEAD PHOTOS SPLITS "maskers: {least: 3}\n" PAINT, "expected the name of a masker" },
    { HEAD PHOTOS SPLITS "maskers: {name: rectangle, shape: 3}\n" PAINT, ":4:28: " },
    { HEAD PHOTOS SPLITS "maskers: {name: rectangle, share: 0}\n" PAINT, "'share' must be a number above 0" },
    { HEAD PHOTOS SPLITS "maskers: {name: rectangle, share: nan}\n" PAINT, "'share' must be a number above 0" },
    { HEAD PHOTOS SPLITS "maskers: small\n" PAINT, "unknown masker 'small'" },
    { HEAD PHOTOS SPLITS MASKERS, "'inpaint', 'reconstruct' or 'generators' must name a generator" },
    { HEAD PHOTOS SPLITS MASKERS PAINT "generators: " SMALL,
      ":6:13: 'generators' stands for 'inpaint' and 'reconstruct', which are given too" },
    { HEAD PHOTOS SPLITS MASKERS "generators: []\n", "the list is empty" },
    { HEAD PHOTOS SPLITS "maskers: [{name: rectangle, as: a}, {name: rectangle, as: a}]\n" PAINT, ":4:" },
    { HEAD PHOTOS SPLITS "maskers: [rectangle, {name: rectangle, as: rectangle}]\n" PAINT,
      "two of the list are called 'rectangle'" },
    { HEAD PHOTOS SPLITS "maskers: {name: rectangle, as: \"a\\nb\"}\n" PAINT, "'as' must be a name" },
    { HEAD PHOTOS SPLITS MASKERS "generators: [{name: vae, root: " TEST_DATA
                                 "/diffusion/vaes}]\npictures: [realfake]\n",
      "'inpaint' is missing, and not all 'generators' can inpaint" },
    { HEAD PHOTOS SPLITS MASKERS "inpaint: {name: small, as: [a], weights: " TEST_DATA
                                 "/generator-nearest.safetensors}\n",
      "'as' must be a name" },
    { HEAD PHOTOS SPLITS MASKERS "inpaint: small\n", "weights" },
    { HEAD PHOTOS SPLITS MASKERS "inpaint: {name: small, weights: /nowhere}\n", "/nowhere: No such file" },
    { HEAD PHOTOS SPLITS MASKERS "reconstruct: " SMALL "pictures: [realfake]\n", "'inpaint' is missing" },
    { HEAD PHOTOS SPLITS MASKERS "reconstruct: " SMALL "pictures: [exchanged]\n", "'inpaint' is missing" },
    { HEAD PHOTOS SPLITS MASKERS PAINT "pictures: realfake\n", "'pictures' must be a list of image kinds" },
    { HEAD PHOTOS SPLITS MASKERS PAINT "pictures: [realfakes]\n", "expected original, mask" },
    { HEAD PHOTOS SPLITS MASKERS PAINT "picture: [mask]\n", "did you mean 'pictures'" },
    { HEAD PHOTOS SPLITS MASKERS PAINT "batch: 0\n", "batch" },
    { HEAD PHOTOS SPLITS MASKERS PAINT "blur: wide\n", "blur" },
    { HEAD PHOTOS SPLITS MASKERS PAINT "format: jpg\n", "format" },
    { HEAD PHOTOS SPLITS MASKERS PAINT "seed: -1\n", "seed" },
};

Test(recipe, says_what_is_wrong_and_where)
{
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        il_recipe *r = NULL;
        il_err e = { 0 };
        work_text("broken.yaml", broken[i].text);
        cr_expect_neq(il_recipe_open(&r, work_path("broken.yaml"), &e), IL_OK, "case %zu", i);
        cr_expect_null(r);
        cr_expect(strstr(e.message, "broken.yaml") && strstr(e.message, broken[i].message), "case %zu: %s\nexpected %s",
                  i, e.message, broken[i].message);
    }
    il_recipe *r = NULL;
    il_err e = { 0 };
    cr_expect_eq(il_recipe_open(&r, "/nowhere/r.yaml", &e), IL_EIO);
    cr_expect(strstr(e.message, "/nowhere/r.yaml"), "%s", e.message);
}

Test(recipe, parts_serve_by_their_shares)
{
    il_recipe_plugin list[] = { { .share = 67 }, { .share = 33 } };
    il_recipe_plugins two = { list, 2 }, none = { NULL, 0 };
    int counts[2] = { 0 };
    for (int i = 0; i < 100; i++)
        counts[il_recipe_plugins_at(&two, (i + 0.5) / 100)]++;
    cr_expect_eq(counts[0], 67);
    cr_expect_eq(counts[1], 33);
    cr_expect_eq(il_recipe_plugins_at(&two, 0.999999), 1);
    cr_expect_eq(il_recipe_plugins_at(&none, 0.5), 0);
}
