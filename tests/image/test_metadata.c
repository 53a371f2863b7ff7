/* metadata.c: what files tell, and that any damage to them is harmless. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "image/image_file.h"
#include "image/metadata.h"

static il_metadata header_of(const char *name, uint8_t **data, size_t *size)
{
    char path[400];
    il_err e = { 0 };
    snprintf(path, sizeof path, "%s/%s", TEST_DATA, name);
    cr_assert_eq(il_image_file_load(data, size, path, &e), IL_OK, "%s", e.message);
    return il_metadata_read(*data, *size);
}

static const struct {
    const char *file;
    il_metadata wanted;
} cases[] = {
    { "images/rgb.png", { "png", 1, 0, 0, 0, 0, 0 } },
    { "images/rgba.png", { "png", 1, 0, 1, 0, 0, 0 } },
    { "images/grey-alpha.png", { "png", 1, 0, 1, 0, 0, 0 } },
    { "images/palette.png", { "png", 1, 0, 0, 0, 0, 0 } },
    { "images/palette-transparent.png", { "png", 1, 0, 1, 0, 0, 0 } },
    { "images/rgb-16.png", { "png", 1, 0, 0, 1, 0, 0 } },
    { "images/grey-16.png", { "png", 1, 0, 0, 1, 0, 0 } },
    { "images/bits-1.png", { "png", 1, 0, 0, 0, 0, 0 } },
    { "images/rgb.jpg", { "jpeg", 1, 1, 0, 0, 0, 0 } },
    { "images/progressive.jpg", { "jpeg", 1, 1, 0, 0, 0, 0 } },
    { "images/grey.jpg", { "jpeg", 1, 1, 0, 0, 0, 0 } },
    { "images/cmyk.jpg", { "jpeg", 1, 1, 0, 0, 0, 1 } },
    { "images/lossless.webp", { "webp", 1, 0, 0, 0, 0, 0 } },
    { "images/lossy.webp", { "webp", 1, 1, 0, 0, 0, 0 } },
    { "images/alpha.webp", { "webp", 1, 0, 1, 0, 0, 0 } },
    { "images/alpha-lossy.webp", { "webp", 1, 1, 1, 0, 0, 0 } },
    { "images/animated.webp", { "webp", 1, 0, 1, 0, 1, 0 } },
    { "detect/turn-1.jpg", { "jpeg", 1, 1, 0, 0, 0, 0 } },
    { "detect/turn-2.jpg", { "jpeg", 2, 1, 0, 0, 0, 0 } },
    { "detect/turn-3.jpg", { "jpeg", 3, 1, 0, 0, 0, 0 } },
    { "detect/turn-4.jpg", { "jpeg", 4, 1, 0, 0, 0, 0 } },
    { "detect/turn-5.jpg", { "jpeg", 5, 1, 0, 0, 0, 0 } },
    { "detect/turn-6.jpg", { "jpeg", 6, 1, 0, 0, 0, 0 } },
    { "detect/turn-7.jpg", { "jpeg", 7, 1, 0, 0, 0, 0 } },
    { "detect/turn-8.jpg", { "jpeg", 8, 1, 0, 0, 0, 0 } },
    { "detect/turn-6.png", { "png", 6, 0, 0, 0, 0, 0 } },
    { "detect/turn-8.webp", { "webp", 8, 0, 0, 0, 0, 0 } },
    { "detect/figures.json", { NULL, 1, 0, 0, 0, 0, 0 } },
};

Test(header, tells_what_the_file_is)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t *data = NULL;
        size_t size = 0;
        const il_metadata got = header_of(cases[i].file, &data, &size), *want = &cases[i].wanted;
        const char *format = got.format ? got.format : "none";
        cr_expect_str_eq(format, want->format ? want->format : "none", "%s: %s", cases[i].file, format);
        cr_expect_eq(got.orientation, want->orientation, "%s: orientation %d", cases[i].file, got.orientation);
        cr_expect_eq(got.lossy, want->lossy, "%s: lossy", cases[i].file);
        cr_expect_eq(got.alpha, want->alpha, "%s: alpha", cases[i].file);
        cr_expect_eq(got.deep, want->deep, "%s: deep", cases[i].file);
        cr_expect_eq(got.animated, want->animated, "%s: animated", cases[i].file);
        cr_expect_eq(got.cmyk, want->cmyk, "%s: cmyk", cases[i].file);
        free(data);
    }
}

/* Every prefix in a block of exactly its size, and every byte changed: the sanitizers see reads beyond the end. */
Test(header, survives_damage)
{
    static const char *const files[] = { "detect/turn-6.jpg", "detect/turn-6.png", "detect/turn-8.webp" };
    static const uint8_t bytes[] = { 0, 1, 0x7f, 0xff };
    for (size_t f = 0; f < 3; f++) {
        uint8_t *data = NULL;
        size_t size = 0;
        header_of(files[f], &data, &size);
        for (size_t n = 0; n <= size; n++) {
            uint8_t *cut = malloc(n ? n : 1);
            memcpy(cut, data, n);
            il_metadata h = il_metadata_read(cut, n);
            cr_assert(h.orientation >= 1 && h.orientation <= 8);
            free(cut);
        }
        for (size_t i = 0; i < size; i++)
            for (size_t k = 0; k < sizeof bytes; k++) {
                uint8_t kept = data[i];
                data[i] = bytes[k];
                il_metadata h = il_metadata_read(data, size);
                cr_assert(h.orientation >= 1 && h.orientation <= 8, "%s, byte %zu: %d", files[f], i, h.orientation);
                data[i] = kept;
            }
        free(data);
    }
}

Test(header, senseless_orientations_change_nothing)
{
    static const unsigned values[] = { 0, 9, 255, 0x600 };
    uint8_t *data = NULL;
    size_t size = 0, at = 0;
    header_of("detect/turn-6.jpg", &data, &size); /* big endian */
    while (at + 12 < size && memcmp(data + at, "\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06", 10) != 0)
        at++;
    cr_assert(at + 12 < size);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        data[at + 8] = (uint8_t)(values[i] >> 8);
        data[at + 9] = (uint8_t)values[i];
        cr_expect_eq(il_metadata_read(data, size).orientation, 1, "%u", values[i]);
    }
    free(data);
}

Test(header, formats_that_are_not_read_have_names)
{
    static const struct {
        const char *name, *bytes;
        size_t size;
    } foreign[] = {
        { "HEIC",
          "\0\0\0\x18"
          "ftypheic\0\0\0\0mif1heic",
          24 },
        { "AVIF",
          "\0\0\0\x1c"
          "ftypmif1\0\0\0\0mif1avifmiaf",
          28 },
        { "HEIF",
          "\0\0\0\x14"
          "ftypmif1\0\0\0\0mif1avif",
          24 }, /* what stands behind the box is none of it */
        { "JPEG XL", "\xff\x0a\0", 3 },
        { "GIF", "GIF89a", 6 },
        { NULL,
          "\0\0\0\x14"
          "ftypisom\0\0\0\0mp41",
          20 },
        { NULL,
          "\xff\xff\xff\xff"
          "ftyp",
          8 },
        { NULL, "", 0 },
        { NULL, "\x89PNG\r\n\x1a\n", 8 },
        { NULL, "\xff\xd8\xff\xe0", 4 },
    };
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        uint8_t *copy = malloc(foreign[i].size + 1);
        memcpy(copy, foreign[i].bytes, foreign[i].size);
        const char *name = il_metadata_foreign(copy, foreign[i].size);
        cr_expect(name && foreign[i].name ? strcmp(name, foreign[i].name) == 0 : name == foreign[i].name,
                  "case %zu: %s", i, name ? name : "none");
        free(copy);
        for (size_t n = 0; n < foreign[i].size; n++) { /* cut: the sanitizer watches */
            uint8_t *cut = malloc(n ? n : 1);
            memcpy(cut, foreign[i].bytes, n);
            (void)il_metadata_foreign(cut, n);
            free(cut);
        }
    }
}
