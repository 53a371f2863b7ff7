#include <inpaintlab/convert.h>
#include "dataset/make_sample.h"
#include "workshop.h"

TestSuite(maker, .init = work_open, .fini = work_close);

static const il_device cpu = { IL_DEVICE_CPU, 0 };

static void read_photo(il_made_sample *m, const il_recipe *r, unsigned number)
{
    il_image photo = { 0 };
    il_err e = { 0 };
    char name[40];
    snprintf(name, sizeof name, "photos/p%02u.png", number);
    work_photo(name, number, 80, 72);
    WORK_OK(il_image_read(&photo, work_path(name), &e), e);
    WORK_OK(il_make_sample_fit(&m->pictures[IL_ORIGINAL], r, &photo, 0, &e), e);
    il_image_free(&photo);
}

static void make(il_made_sample *m, const il_recipe *r, uint64_t seed)
{
    il_made_sample *list[] = { m };
    il_err e = { 0 };
    m->seed = seed;
    read_photo(m, r, 1);
    WORK_OK(il_make_sample_mask(m, r, &e), e);
    WORK_OK(il_make_sample_paint(list, 1, r, r->pictures, cpu, &e), e);
}

static size_t bytes(const il_image *image)
{
    return (size_t)image->width * (size_t)image->height * (size_t)image->channels;
}

static bool equal(const il_image *a, const il_image *b)
{
    return a->width == b->width && a->height == b->height && a->channels == b->channels &&
           (bytes(a) == 0 || memcmp(a->pixels, b->pixels, bytes(a)) == 0);
}

Test(maker, photos_are_fitted)
{
    static const struct {
        const char *how;
        int width, height, tiles;
    } cases[] = {
        { "", 80, 72, 1 },
        { ", fit: crop", 80, 72, 1 },
        { ", fit: tiles", 200, 130, 6 },
        { ", fit: tiles", 63, 400, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_image photo = { 0 }, fitted = { 0 }, expected = { 0 }, cut = { 0 };
        il_err e = { 0 };
        il_recipe *r = work_read(work_recipe("r.yaml", cases[i].how, "{train: 1}", ""));
        work_photo("x.png", 3, cases[i].width, cases[i].height);
        WORK_OK(il_image_read(&photo, work_path("x.png"), &e), e);
        cr_expect_eq(il_make_sample_tiles(r, photo.width, photo.height), cases[i].tiles);
        if (cases[i].tiles) {
            int tile = cases[i].tiles > 1 ? 4 : 0; /* second row, second column */
            WORK_OK(il_make_sample_fit(&fitted, r, &photo, tile, &e), e);
            if (r->fit == IL_FIT_RESIZE)
                WORK_OK(il_image_resize(&expected, &photo, 64, 64, &e), e);
            if (r->fit == IL_FIT_CROP) {
                WORK_OK(il_image_crop(&cut, &photo, 4, 0, 72, 72, &e), e);
                WORK_OK(il_image_resize(&expected, &cut, 64, 64, &e), e);
            }
            if (r->fit == IL_FIT_TILES)
                WORK_OK(il_image_crop(&expected, &photo, 64, 64, 64, 64, &e), e);
            cr_expect(equal(&fitted, &expected), "case %zu", i);
        }
        il_image_free(&photo);
        il_image_free(&fitted);
        il_image_free(&expected);
        il_image_free(&cut);
        il_recipe_free(r);
    }
}

/* What the report demands of a sample: outside the mask the original, inside what the generator made. */
Test(maker, pastes_by_the_blurred_mask)
{
    il_made_sample m = { 0 };
    il_err e = { 0 };
    il_recipe *r = work_read(work_recipe("r.yaml", "", "{train: 1}", ""));
    WORK_OK(il_recipe_load(r, cpu, &e), e);
    make(&m, r, 5);
    const il_image *k = m.pictures;
    size_t touched = 0, core = 0;
    for (size_t i = 0; i < 64 * 64; i++) {
        uint8_t grey = k[IL_MASK].pixels[3 * i];
        cr_assert(grey == k[IL_MASK].pixels[3 * i + 1] && grey == m.blurred.pixels[i]);
        touched += grey > 0;
        core += grey == 255;
        for (size_t c = 3 * i; c < 3 * i + 3; c++) {
            if (grey == 0)
                cr_assert(k[IL_REALFAKE].pixels[c] == k[IL_ORIGINAL].pixels[c] &&
                          k[IL_FAKEFAKE].pixels[c] == k[IL_ORIGINAL].pixels[c]);
            if (grey == 255)
                cr_assert_eq(k[IL_REALFAKE].pixels[c], k[IL_INPAINTED].pixels[c]);
        }
    }
    cr_expect(core > 0 && touched > core);
    cr_expect_float_eq(m.area, (double)touched / 4096, 1e-12);
    cr_expect_float_eq(m.core, (double)core / 4096, 1e-12);
    cr_expect_str_eq(m.rule.text, "random rectangle");
    cr_expect(!equal(&k[IL_INPAINTED], &k[IL_ORIGINAL]) && !equal(&k[IL_FAKEFAKE], &k[IL_REALFAKE]));
    il_made_sample_clear(&m);
    il_recipe_free(r);
}

#define LATER "pictures: [original, mask, inpainted, fakefake, reconstructed, selfconditioned, exchanged]\n"

/* The inpainter's full output without a mask: what `small` gives when asked itself. */
static il_image painted_nothing(const il_made_sample *m, const il_recipe *r)
{
    const il_recipe_plugin *p = &r->inpainters.list[0];
    const uint64_t seed = il_random_seed(m->seed, "noise");
    const char *const prompt = "";
    il_scope *s = NULL;
    il_image out = { 0 };
    il_err e = { 0 };
    WORK_OK(il_scope_open(&s, IL_OPTS(il_scope_opts, .device = cpu), &e), e);
    il_inpaint job = { .image = il_convert_to_tensor(s, &m->pictures[IL_ORIGINAL]),
                       .mask = il_full(s, 0, IL_DTYPE_F32, 4, (int64_t[]){ 1, 1, 64, 64 }),
                       .prompts = &prompt,
                       .seeds = &seed };
    WORK_OK(il_convert_to_image(&out, p->plugin->generator->inpaint(p->self, s, &job), 0, &e), e);
    il_scope_close(s);
    return out;
}

Test(maker, later_kinds)
{
    il_made_sample m = { 0 };
    il_err e = { 0 };
    il_recipe *r = work_read(work_recipe("r.yaml", "", "{train: 1}", LATER));
    WORK_OK(il_recipe_load(r, cpu, &e), e);
    make(&m, r, 5);
    const il_image *k = m.pictures;
    size_t grey = 0, changed = 0;
    for (size_t i = 0; i < 64 * 64; i++)
        for (size_t c = 3 * i; c < 3 * i + 3; c++) {
            bool core = m.blurred.pixels[i] == 255;
            cr_assert_eq(k[IL_EXCHANGED].pixels[c], k[core ? IL_INPAINTED : IL_ORIGINAL].pixels[c], "pixel %zu", i);
            if (core)
                cr_assert_eq(k[IL_FAKEFAKE].pixels[c], k[IL_RECONSTRUCTED].pixels[c]);
            grey += !core && m.blurred.pixels[i] > 0;
            changed += k[IL_RECONSTRUCTED].pixels[c] != k[IL_ORIGINAL].pixels[c] && m.blurred.pixels[i] == 0;
        }
    cr_expect_gt(grey, 0, "the mask is blurred");
    cr_expect_gt(changed, 0, "the whole photo is reconstructed");
    il_image expected = painted_nothing(&m, r);
    cr_expect(equal(&expected, &k[IL_SELFCONDITIONED]) && !equal(&expected, &k[IL_INPAINTED]));
    cr_expect_null(k[IL_REALFAKE].pixels);
    il_image_free(&expected);
    il_made_sample_clear(&m);
    il_recipe_free(r);
}

/* Equal seeds give twins: of one photo, and where there is a mask, of one mask. */
Test(maker, later_kinds_on_the_fly)
{
    static const char *const unmasked[] = { "reconstructed", "selfconditioned", "original" };
    il_image inpainted = { 0 }, mask = { 0 }, exchanged = { 0 }, again = { 0 }, original = { 0 }, none = { 0 };
    il_err e = { 0 };
    il_recipe *r = work_read(work_recipe("r.yaml", ", fit: tiles", "{train: 1}", ""));
    WORK_OK(il_recipe_load(r, cpu, &e), e);
    work_photo("x.png", 3, 200, 190);
    const char *photo = work_path("x.png");
    WORK_OK(il_recipe_fake(r, "inpainted", photo, 9, &inpainted, &mask, &e), e);
    WORK_OK(il_recipe_fake(r, "exchanged", photo, 9, &exchanged, &again, &e), e);
    cr_expect(equal(&mask, &again));
    for (size_t i = 0; i < sizeof unmasked / sizeof *unmasked; i++) {
        il_image_free(&original);
        WORK_OK(il_recipe_fake(r, unmasked[i], photo, 9, &original, &none, &e), e);
        cr_expect_null(none.pixels, "%s", unmasked[i]);
    }
    for (size_t i = 0; i < 3 * 64 * 64; i++)
        cr_assert_eq(exchanged.pixels[i], mask.pixels[i / 3] == 255 ? inpainted.pixels[i] : original.pixels[i],
                     "value %zu", i);
    il_image *const all[] = { &inpainted, &mask, &exchanged, &again, &original };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        il_image_free(all[i]);
    il_recipe_free(r);
}

/* The published code pastes over the photo as the generator got it, black where the mask is 255: nothing of that is left. */
Test(maker, pasting_over_the_blackened_photo_gives_the_same_realfake)
{
    il_made_sample m = { 0 };
    il_image over = { 0 };
    il_err e = { 0 };
    size_t black = 0;
    il_recipe *r = work_read(work_recipe("r.yaml", "", "{train: 1}", ""));
    WORK_OK(il_recipe_load(r, cpu, &e), e);
    make(&m, r, 5);
    il_image *photo = &m.pictures[IL_ORIGINAL];
    for (size_t i = 0; i < 64 * 64; i++) {
        if (m.blurred.pixels[i] < 255)
            continue;
        black += photo->pixels[3 * i] > 0;
        memset(photo->pixels + 3 * i, 0, 3);
    }
    cr_assert_gt(black, 0);
    WORK_OK(il_image_composite(&over, &m.pictures[IL_INPAINTED], photo, &m.blurred, &e), e);
    cr_expect(equal(&over, &m.pictures[IL_REALFAKE]));
    il_image_free(&over);
    il_made_sample_clear(&m);
    il_recipe_free(r);
}

Test(maker, is_a_function_of_the_seed)
{
    il_made_sample a = { 0 }, b = { 0 }, c = { 0 };
    il_err e = { 0 };
    il_recipe *r = work_read(work_recipe("r.yaml", "", "{train: 1}", ""));
    WORK_OK(il_recipe_load(r, cpu, &e), e);
    make(&a, r, 5);
    make(&b, r, 5);
    make(&c, r, 6);
    for (int k = 0; k < IL_PICTURE_KINDS; k++)
        cr_expect(equal(&a.pictures[k], &b.pictures[k]), "%s", il_picture_kinds[k]);
    cr_expect(!equal(&a.blurred, &c.blurred));
    il_made_sample_clear(&a);
    il_made_sample_clear(&b);
    il_made_sample_clear(&c);
    il_recipe_free(r);
}

/* Three at once are the three one by one; what the recipe does not want is not made. */
Test(maker, works_on_several_at_once)
{
    il_made_sample one[3] = { 0 }, all[3] = { 0 };
    il_made_sample *list[3];
    il_err e = { 0 };
    il_recipe *r = work_read(work_recipe("r.yaml", "", "{train: 1}", "pictures: [mask, fakefake]\n"));
    WORK_OK(il_recipe_load(r, cpu, &e), e);
    for (int i = 0; i < 3; i++) {
        make(&one[i], r, (uint64_t)i);
        list[i] = &all[i];
        all[i].seed = (uint64_t)i;
        read_photo(&all[i], r, 1);
        WORK_OK(il_make_sample_mask(&all[i], r, &e), e);
    }
    WORK_OK(il_make_sample_paint(list, 3, r, r->pictures, cpu, &e), e);
    for (int i = 0; i < 3; i++) {
        const il_image *a = &one[i].pictures[IL_FAKEFAKE], *b = &all[i].pictures[IL_FAKEFAKE];
        for (size_t p = 0; p < bytes(a); p++)
            cr_assert(abs(a->pixels[p] - b->pixels[p]) <= 1);
        cr_expect_null(all[i].pictures[IL_REALFAKE].pixels);
        cr_expect_null(all[i].pictures[IL_INPAINTED].pixels);
        il_made_sample_clear(&one[i]);
        il_made_sample_clear(&all[i]);
    }
    il_recipe_free(r);
}

/* The specks masker of tests/stubs marks single pixels only. */
Test(maker, replaces_masks_that_come_to_nothing)
{
    char text[2000];
    il_made_sample m = { .seed = 1 };
    il_err e = { 0 };
    snprintf(text, sizeof text,
             "recipe: t\nphotos: {root: p, size: 64}\nsplits: {train: 1}\nmaskers: %s/tests/stubs/specks.so\n"
             "inpaint: {name: small, weights: %s/generator-nearest.safetensors}\n",
             BUILD_DIR, TEST_DATA);
    work_text("specks.yaml", text);
    il_recipe *r = work_read(work_path("specks.yaml"));
    read_photo(&m, r, 1);
    WORK_OK(il_make_sample_mask(&m, r, &e), e);
    cr_expect_str_eq(m.rule.text, "random rectangle: 8 masks were too small");
    cr_expect_gt(m.core, 0);
    il_made_sample_clear(&m);
    il_recipe_free(r);
}

Test(maker, fakes_are_made_on_the_fly)
{
    il_image picture = { 0 }, mask = { 0 }, again = { 0 }, other = { 0 };
    il_err e = { 0 };
    il_recipe *r = work_read(work_recipe("r.yaml", "", "{train: 1}", ""));
    WORK_OK(il_recipe_load(r, cpu, &e), e);
    work_photo("x.png", 3, 100, 90);
    WORK_OK(il_recipe_fake(r, "fakefake", work_path("x.png"), 9, &picture, &mask, &e), e);
    cr_expect(picture.channels == 3 && picture.width == 64 && mask.channels == 1 && mask.width == 64);
    il_image_free(&mask);
    WORK_OK(il_recipe_fake(r, "fakefake", work_path("x.png"), 9, &again, &mask, &e), e);
    cr_expect(equal(&picture, &again));
    il_image_free(&mask);
    WORK_OK(il_recipe_fake(r, "realfake", work_path("x.png"), 9, &other, &mask, &e), e);
    cr_expect(!equal(&picture, &other));
    il_image_free(&mask);
    il_image_free(&other);
    WORK_OK(il_recipe_fake(r, "original", work_path("x.png"), 9, &other, &mask, &e), e);
    cr_expect_null(mask.pixels);
    cr_expect_eq(il_recipe_fake(r, "fake", work_path("x.png"), 9, &other, &mask, &e), IL_EDATA);
    cr_expect_eq(il_recipe_fake(r, "fakefake", "/nowhere.png", 9, &other, &mask, &e), IL_EIO);
    il_image_free(&picture);
    il_image_free(&again);
    il_image_free(&other);
    il_recipe_free(r);
}
