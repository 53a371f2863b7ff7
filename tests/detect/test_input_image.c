/* input_image.c and orientation.c: pixels as Pillow's exif_transpose gives them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/sha256.h"
#include "detect/input_image.h"
#include "image/orientation.h"

static void path_of(char to[400], const char *name)
{
    snprintf(to, 400, "%s/detect/%s", TEST_DATA, name);
}

static void compare(const char *name, const char *expected, int tolerance)
{
    char path[400];
    il_err e = { 0 };
    il_input_image s = { 0 };
    il_image want = { 0 };
    path_of(path, expected);
    cr_assert_eq(il_image_read(&want, path, &e), IL_OK, "%s", e.message);
    path_of(path, name);
    cr_assert_eq(il_input_image_open(&s, path, &e), IL_OK, "%s", e.message);
    cr_assert_eq(s.width, want.width, "%s: %d columns", name, s.width);
    cr_assert_eq(s.height, want.height, "%s: %d rows", name, s.height);
    cr_assert_eq(il_input_image_decode(&s, &e), IL_OK, "%s", e.message);
    cr_assert(s.image.width == want.width && s.image.height == want.height && s.image.channels == 3);
    for (int i = 0; i < want.width * want.height * 3; i++)
        cr_assert(abs(s.image.pixels[i] - want.pixels[i]) <= tolerance, "%s: byte %d is %d, expected %d", name, i,
                  s.image.pixels[i], want.pixels[i]);
    il_input_image_close(&s);
    il_image_free(&want);
}

Test(subject, turns_as_pillow_does)
{
    for (int o = 1; o <= 8; o++) {
        char name[32], expected[40];
        snprintf(name, sizeof name, "turn-%d.jpg", o);
        snprintf(expected, sizeof expected, "turn-%d-expected.png", o);
        compare(name, expected, 2); /* two decoders of one JPEG */
    }
    compare("turn-6.png", "turn-6-png-expected.png", 0);
    compare("turn-8.webp", "turn-8-webp-expected.png", 0);
}

/* A picture whose every pixel differs: each orientation against its definition by the place of two corners. */
Test(orient, corners)
{
    static const struct {
        int orientation, width, first, last; /* values at the upright top left and top right */
    } cases[] = { { 1, 3, 0, 2 }, { 2, 3, 2, 0 }, { 3, 3, 5, 3 }, { 4, 3, 3, 5 },
                  { 5, 2, 0, 3 }, { 6, 2, 3, 0 }, { 7, 2, 5, 2 }, { 8, 2, 2, 5 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_err e = { 0 };
        il_image image = { 0 };
        cr_assert_eq(il_image_new(&image, 3, 2, 1, &e), IL_OK);
        for (int k = 0; k < 6; k++)
            image.pixels[k] = (uint8_t)k;
        cr_assert_eq(il_orientation_apply(&image, cases[i].orientation, &e), IL_OK);
        cr_expect_eq(image.width, cases[i].width);
        cr_expect_eq(image.pixels[0], cases[i].first, "%d: %d", cases[i].orientation, image.pixels[0]);
        cr_expect_eq(image.pixels[image.width - 1], cases[i].last, "%d", cases[i].orientation);
        il_image_free(&image);
    }
}

Test(subject, hash_is_the_files)
{
    char path[400];
    il_err e = { 0 };
    il_input_image s = { 0 };
    il_digest want;
    path_of(path, "turn-3.jpg");
    cr_assert_eq(il_sha256_file(&want, path, &e), IL_OK);
    cr_assert_eq(il_input_image_open(&s, path, &e), IL_OK);
    cr_assert_str_eq(s.sha256.hex, want.hex);
    il_input_image_close(&s);
    path_of(path, "figures.json");
    cr_assert_eq(il_input_image_open(&s, path, &e), IL_EFORMAT);
    cr_assert(strstr(e.message, "figures.json: not a supported image"), "%s", e.message);
}
