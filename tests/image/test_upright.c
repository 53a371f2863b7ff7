/* Reading by file turns as EXIF says, as Pillow's exif_transpose; sizes, hashes and masks agree with it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "image/image_file.h"

static const char *path_of(const char *name)
{
    static char paths[4][400];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, 400, "%s/detect/%s", TEST_DATA, name);
    return path;
}

static il_image image_of(const char *name)
{
    il_image image = { 0 };
    il_err e = { 0 };
    cr_assert_eq(il_image_read(&image, path_of(name), &e), IL_OK, "%s", e.message);
    return image;
}

static void compare(const char *name, const char *expected, int tolerance)
{
    int width = 0, height = 0;
    il_err e = { 0 };
    il_image is = image_of(name), want = image_of(expected);
    cr_assert(is.width == want.width && is.height == want.height && is.channels == 3, "%s: %dx%d", name, is.width,
              is.height);
    for (int i = 0; i < want.width * want.height * 3; i++)
        cr_assert(abs(is.pixels[i] - want.pixels[i]) <= tolerance, "%s: byte %d", name, i);
    cr_assert_eq(il_image_size(&width, &height, path_of(name), &e), IL_OK, "%s", e.message);
    cr_expect(width == want.width && height == want.height, "%s: the size is %dx%d", name, width, height);
    il_image_free(&is);
    il_image_free(&want);
}

Test(upright, as_pillow_turns)
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

/* The hash of a picture whose pixels are now others is another; all others keep theirs. */
Test(upright, hashes_tell_turned_pictures_only)
{
    for (int o = 1; o <= 8; o++) {
        char name[32], text[100];
        il_digest bytes, is;
        il_err e = { 0 };
        snprintf(name, sizeof name, "turn-%d.jpg", o);
        cr_assert_eq(il_sha256_file(&bytes, path_of(name), &e), IL_OK, "%s", e.message);
        cr_assert_eq(il_image_file_digest(&is, path_of(name), &e), IL_OK, "%s", e.message);
        if (o > 1) {
            snprintf(text, sizeof text, "%s turned by EXIF orientation %d", bytes.hex, o);
            bytes = il_sha256(text, strlen(text));
        }
        cr_expect_str_eq(is.hex, bytes.hex, "orientation %d", o);
    }
    il_digest bytes, is;
    il_err e = { 0 };
    cr_assert_eq(il_sha256_file(&bytes, path_of("make.py"), &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_image_file_digest(&is, path_of("make.py"), &e), IL_OK, "%s", e.message);
    cr_expect_str_eq(is.hex, bytes.hex, "no picture");
    cr_expect_eq(il_image_file_digest(&is, path_of("gone.jpg"), &e), IL_EIO);
}

static void masked(const char *name, int width, int height, int want, const char *why)
{
    il_image picture = image_of(name), mask = { .width = width, .height = height, .channels = 1 };
    il_err e = { 0 };
    cr_assert_eq(il_image_file_check_mask(&picture, path_of(name), &mask, "m.png", &e), want, "%s: %s", name,
                 e.message);
    cr_expect(!want || (strncmp(e.message, "m.png: the mask is ", 19) == 0 && strstr(e.message, why)), "%s", e.message);
    il_image_free(&picture);
}

Test(upright, a_mask_of_the_stored_pixels_is_refused)
{
    const char *turned = "which is 32x48 when turned as its EXIF orientation 6 says";
    masked("turn-1.jpg", 48, 32, IL_OK, "");
    masked("turn-6.jpg", 32, 48, IL_OK, "");
    masked("turn-6.jpg", 48, 32, IL_EDATA, turned);
    masked("turn-6.jpg", 48, 33, IL_EDATA, "expected equal sizes");
    masked("turn-1.jpg", 32, 48, IL_EDATA, "expected equal sizes");
    masked("turn-8.webp", 9, 5, IL_EDATA, "orientation 8");
}
