/* test_mask_file.c - masks in all the ways in which data sets write them (data/masks/make.py). */
#include <stdio.h>
#include <string.h>
#include "image/mask_file.h"
#include "support/figures.h"

static il_err e;

static int read(il_image *out, bool *changed, const char *name, il_mask_channel channel)
{
    char path[400];
    e = (il_err){ 0 };
    snprintf(path, sizeof path, TEST_DATA "/masks/%s", name);
    return il_mask_read(out, changed, path, channel, &e);
}

/* Each pixel, which stands for a square of pixels in larger files, is `level` where it is inpainted, and 0 elsewhere. */
static void expect_rectangle(const il_image *m, int level, const char *name)
{
    cr_assert_eq(m->channels, 1);
    int scale = m->width / 10;
    cr_assert_eq(m->width * 8, m->height * 10, "%s", name);
    for (int y = 0; y < m->height; y++)
        for (int x = 0; x < m->width; x++) {
            int row = y / scale, column = x / scale;
            bool in = row >= 2 && row < 6 && column >= 3 && column < 7;
            cr_assert_eq(m->pixels[y * m->width + x], in ? level : 0, "%s: %d, %d is %d", name, x, y,
                         m->pixels[y * m->width + x]);
        }
}

Test(mask_file, two_levels_however_they_are_written)
{
    static const struct {
        const char *name;
        int level;
        bool changed;
    } files[] = {
        { "grey.png", 255, false },       { "bits.png", 255, false },        { "rgb.png", 255, false },
        { "opaque.png", 255, false },     { "cut-out.png", 255, false },     { "red.png", 255, false },
        { "yellow.png", 255, false },     { "zero-one.png", 255, true },     { "dark-green.png", 255, true },
        { "palette.png", 255, true },     { "sixteen.png", 255, true },      { "sixteen-small.png", 255, true },
        { "sixteen-one.png", 255, true }, { "lossy.jpg", 255, true },        { "lossy-rgb.jpg", 255, true },
        { "brick.png", 255, true },       { "palette-blue.png", 255, true }, { "palette-grey.png", 255, false },
        { "class-ids.png", 3, false }
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        il_image mask = { 0 };
        bool changed = !files[i].changed;
        cr_assert_eq(read(&mask, &changed, files[i].name, IL_MASK_AUTO), IL_OK, "%s", e.message);
        expect_rectangle(&mask, files[i].level, files[i].name);
        cr_assert_eq(changed, files[i].changed, "%s", files[i].name);
        il_image_free(&mask);
    }
}

Test(mask_file, what_can_be_read_in_two_ways_is_refused_by_name)
{
    static const char *const files[][2] = { { "red-green.png", "red-green.png: the mask has several colours" },
                                            { "white-green.png", "white-green.png: the mask has several colours" },
                                            { "palette-three.png", "palette-three.png: the mask has several colours" },
                                            { "alpha.png", "alpha.png: the mask has one colour, and its alpha" },
                                            { "grey-alpha.png", "grey-alpha.png: the mask has one colour" } };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        il_image mask = { 0 };
        cr_assert_eq(read(&mask, NULL, files[i][0], IL_MASK_AUTO), IL_EDATA, "%s", files[i][0]);
        cr_assert(strstr(e.message, files[i][1]) && strstr(e.message, "mask_channel"), "%s", e.message);
        cr_assert_null(mask.pixels);
    }
}

Test(mask_file, a_channel_that_the_data_set_names)
{
    static const struct {
        const char *name;
        il_mask_channel channel;
    } files[] = { { "red-green.png", IL_MASK_GREEN },
                  { "red.png", IL_MASK_RED },
                  { "alpha.png", IL_MASK_ALPHA },
                  { "grey-alpha.png", IL_MASK_ALPHA } };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        il_image mask = { 0 };
        bool changed = false;
        cr_assert_eq(read(&mask, &changed, files[i].name, files[i].channel), IL_OK, "%s", e.message);
        expect_rectangle(&mask, 255, files[i].name);
        cr_assert(changed);
        il_image_free(&mask);
    }
    il_image none = { 0 };
    cr_assert_eq(read(&none, NULL, "grey.png", IL_MASK_ALPHA), IL_EDATA);
    cr_assert(strstr(e.message, "grey.png: has no alpha channel"), "%s", e.message);
    cr_assert_eq(read(&none, NULL, "grey.png", IL_MASK_GREEN), IL_EDATA);
    cr_assert(strstr(e.message, "grey.png: the mask is grey"), "%s", e.message);
}

Test(mask_file, two_levels_stay_two_when_resized)
{
    il_image mask = { 0 }, small = { 0 };
    cr_assert_eq(il_image_new(&mask, 1024, 1024, 1, &e), IL_OK);
    for (int left = 341; left <= 347; left += 3) { /* 6 of 8 columns: between two pixels of the small one, too */
        memset(mask.pixels, 0, 1024 * 1024);
        for (int y = 256; y < 768; y++)
            memset(mask.pixels + 1024 * y + left, 255, 6);
        cr_assert_eq(il_mask_resize(&small, &mask, 128, 128, &e), IL_OK);
        int count = 0;
        for (int i = 0; i < 128 * 128; i++) {
            cr_assert(small.pixels[i] == 0 || small.pixels[i] == 255);
            count += small.pixels[i] == 255;
        }
        cr_assert_eq(count, 64, "%d", count); /* OpenCV's INTER_NEAREST; 48 would be the share of the area */
        il_image_free(&small);
    }
    mask.pixels[0] = 100; /* a third level: smooth */
    cr_assert_eq(il_mask_resize(&small, &mask, 128, 128, &e), IL_OK);
    il_mask_levels l = il_mask_levels_of(&small);
    cr_assert(!il_mask_levels_two(&l));
    il_image_free(&small);
    il_image_free(&mask);
}
