/* test_tiff.c - TIFF files of many layouts against the pixels that Pillow and tifffile wrote (tests/data/tiff). */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "image/image_file.h"
#include "image/metadata.h"

#define FOLDER TEST_DATA "/tiff/"

static const char *const names[] = { "grey",  "grey16",  "white-is-0", "rgb", "rgb16-big-endian", "rgba", "planes",
                                     "tiles", "deflate", "pages",      "lzw", "palette",          "bits", "jpeg" };
enum { NAMES = sizeof names / sizeof *names };

static void path_of(char to[300], const char *name, const char *ending)
{
    snprintf(to, 300, FOLDER "%s%s", name, ending);
}

Test(tiff, has_the_pixels_that_were_written)
{
    for (int i = 0; i < NAMES; i++) {
        char path[300], wanted[300];
        il_err e = { 0 };
        il_image got = { 0 }, want = { 0 };
        int width = 0, height = 0;
        path_of(path, names[i], ".tif");
        path_of(wanted, names[i], ".png");
        cr_assert_eq(il_image_read(&got, path, &e), IL_OK, "%s", e.message);
        cr_assert_eq(il_image_read(&want, wanted, &e), IL_OK, "%s", e.message);
        cr_assert_eq(il_image_size(&width, &height, path, &e), IL_OK, "%s", e.message);
        cr_assert(got.width == 53 && got.height == 37 && width == 53 && height == 37, "%s", names[i]);
        cr_assert_eq(got.channels, want.channels, "%s", names[i]);
        for (int k = 0; k < 53 * 37 * got.channels; k++)
            cr_assert_leq(abs(got.pixels[k] - want.pixels[k]), strcmp(names[i], "jpeg") == 0 ? 1 : 0,
                          "%s, sample %d: %d, expected %d", names[i], k, got.pixels[k], want.pixels[k]);
        il_image_free(&got);
        il_image_free(&want);
    }
}

static il_metadata metadata_of(const char *name)
{
    char path[300];
    il_err e = { 0 };
    uint8_t *data = NULL;
    size_t size = 0;
    path_of(path, name, ".tif");
    cr_assert_eq(il_image_file_load(&data, &size, path, &e), IL_OK, "%s", e.message);
    il_metadata m = il_metadata_read(data, size);
    free(data);
    cr_assert_str_eq(m.format, "tiff");
    cr_assert_eq(m.orientation, 1);
    return m;
}

Test(tiff, tells_what_reading_leaves_out)
{
    for (int i = 0; i < NAMES; i++) {
        il_metadata m = metadata_of(names[i]);
        cr_expect_eq(m.animated, strcmp(names[i], "pages") == 0, "%s", names[i]);
        cr_expect_eq(m.alpha, strcmp(names[i], "rgba") == 0, "%s", names[i]);
        cr_expect_eq(m.deep, strstr(names[i], "16") != NULL, "%s", names[i]);
        cr_expect_eq(m.lossy, strcmp(names[i], "jpeg") == 0, "%s", names[i]);
    }
}

Test(tiff, others_are_refused_by_name)
{
    static const struct {
        const char *name, *message;
    } cases[] = {
        { "refused-float",
          "TIFF with 3 samples of 32 bits, photometric 2; expected grey or RGB of 8 or 16 bits, or a palette" },
        { "refused-preview", "begins with a preview, as raw files of cameras do; expected a picture" },
        { "refused-cut", "damaged TIFF: " },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[300];
        il_err e = { 0 };
        il_image got = { 0 };
        path_of(path, cases[i].name, ".tif");
        cr_assert_eq(il_image_read(&got, path, &e), IL_EFORMAT, "%s", cases[i].name);
        cr_assert(strncmp(e.message, path, strlen(path)) == 0 && strstr(e.message, cases[i].message), "%s", e.message);
        cr_assert_null(got.pixels);
    }
}

/* Each file cut at many places, and with bytes changed: read or refused, never harmed. */
Test(tiff, damage_does_no_harm)
{
    uint32_t random = 7;
    for (int i = 0; i < NAMES; i++) {
        char path[300];
        il_err e = { 0 };
        uint8_t *data = NULL;
        size_t size = 0;
        path_of(path, names[i], ".tif");
        cr_assert_eq(il_image_file_load(&data, &size, path, &e), IL_OK, "%s", e.message);
        for (int round = 0; round < 150; round++) {
            size_t length = round % 3 ? size : size * (size_t)round / 150;
            uint8_t *copy = malloc(length + 1);
            il_image got = { 0 };
            memcpy(copy, data, length);
            for (int k = 0; round % 3 && k < round % 7 + 1; k++) {
                random = random * 1664525u + 1013904223u;
                copy[(random >> 8) % (round % 2 ? length : length < 400 ? length : 400)] = (uint8_t)(random >> 3);
            }
            il_image_file in = { .path = path, .data = copy, .size = length };
            il_metadata_read(copy, length);
            if (il_image_file_decode(&got, &in, &e) == IL_OK)
                il_image_free(&got);
            free(copy);
        }
        free(data);
    }
}
